# SPDX-License-Identifier: Apache-2.0
"""The commands of the program, one module per step of a data update, in their order."""

from . import extract, fetch, merge, plan

COMMANDS = (plan, fetch, extract, merge)
