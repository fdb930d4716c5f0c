# SPDX-License-Identifier: Apache-2.0
"""Zones with their hierarchy out of OpenStreetMap data.

The interface for programs: `cosmogony.generate.generate`, `cosmogony.merge.merge`, `cosmogony.rules.load_rules`,
`cosmogony.version.compute_program_digest` and `cosmogony.errors.CosmogonyError`. They do the same as the
commands; README.md shows how to call them. Nothing is imported here, so that the steps of the pipeline start without
geometry libraries.
"""
