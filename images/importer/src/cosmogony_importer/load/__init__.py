# SPDX-License-Identifier: Apache-2.0
"""Zones of a file as a new release."""
