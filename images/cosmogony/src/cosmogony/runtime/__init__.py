# SPDX-License-Identifier: Apache-2.0
"""Run functions in child processes, and manage the memory of this one."""
