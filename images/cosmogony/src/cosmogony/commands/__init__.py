# SPDX-License-Identifier: Apache-2.0
"""The commands of `cosmogony`, one module each: `add_arguments` fills its parser, `run` executes it."""
