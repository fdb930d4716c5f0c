# SPDX-License-Identifier: Apache-2.0
"""Loads zones into PostGIS as releases, stores their tiles, checks, publishes and rolls back."""

__version__ = "1.0.0"
