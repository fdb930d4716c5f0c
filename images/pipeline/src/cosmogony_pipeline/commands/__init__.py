# SPDX-License-Identifier: Apache-2.0
"""The commands of the program, one per step of a data update: each module with a function `register` is one."""
