# SPDX-License-Identifier: Apache-2.0
"""The machine below: child processes and memory."""
