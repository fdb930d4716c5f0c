# SPDX-License-Identifier: Apache-2.0
"""The steps of a data update among the commands: each module with a function `register` is one."""
