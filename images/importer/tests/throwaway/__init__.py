# SPDX-License-Identifier: Apache-2.0
"""Real servers that live as long as a test session: PostgreSQL with PostGIS."""
