# SPDX-License-Identifier: Apache-2.0
"""Zones: how they are built, named and labelled."""
