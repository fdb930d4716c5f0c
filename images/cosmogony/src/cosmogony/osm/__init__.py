# SPDX-License-Identifier: Apache-2.0
"""What is read from an OSM file: boundary relations, ways, nodes, and the text and codes of their tags."""
