# SPDX-License-Identifier: Apache-2.0
"""Turns the TopoJSON of us-atlas and world-atlas into extracts of OpenStreetMap's format."""
