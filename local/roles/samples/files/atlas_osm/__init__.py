# SPDX-License-Identifier: Apache-2.0
"""Makes OpenStreetMap extracts from the TopoJSON of us-atlas and world-atlas."""
