# SPDX-License-Identifier: Apache-2.0
"""Data for the tests."""
