# SPDX-License-Identifier: Apache-2.0
"""Child processes and memory."""
