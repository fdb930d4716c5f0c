# SPDX-License-Identifier: Apache-2.0
"""The commands of `cosmogony`, one module each: `register` adds the command to a parser, `run` executes it."""
