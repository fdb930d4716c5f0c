# SPDX-License-Identifier: Apache-2.0
"""Read OSM files: boundary relations, their ways and nodes, and the text and codes of their tags."""
