# SPDX-License-Identifier: Apache-2.0
"""JSON API of Cosmogony: zones, their parents and children, the live release and its TileJSON."""
