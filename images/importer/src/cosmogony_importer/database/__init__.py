# SPDX-License-Identifier: Apache-2.0
"""Connections to PostgreSQL, locks between importers, and the SQL files."""
