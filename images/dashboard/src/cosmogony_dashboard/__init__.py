# SPDX-License-Identifier: Apache-2.0
"""Compares the zones of a Cosmogony file with the numbers expected per country and type."""
