# SPDX-License-Identifier: Apache-2.0
"""Build zones, and give them names and labels."""
