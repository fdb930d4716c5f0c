# SPDX-License-Identifier: Apache-2.0
"""Zones with their hierarchy out of OpenStreetMap data.

The interface for programs: `cosmogony.generate.generate`, `cosmogony.merge.merge`, `cosmogony.rules.load_rules`,
`cosmogony.version.build_digest` and `cosmogony.errors.CosmogonyError`. They do what the commands do; README.md shows
how to call them. Nothing is loaded here: the pipeline's steps start without the geometry libraries.
"""
