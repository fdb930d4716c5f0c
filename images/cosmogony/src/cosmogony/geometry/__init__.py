# SPDX-License-Identifier: Apache-2.0
"""Polygons out of ways: rings, arcs, boxes, and geometries in GeoJSON. Knows nothing of zones."""
