# SPDX-License-Identifier: Apache-2.0
"""The catalog of releases, switching between them, and database versions."""
