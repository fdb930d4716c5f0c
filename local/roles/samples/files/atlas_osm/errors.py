# SPDX-License-Identifier: Apache-2.0
"""The error that all modules of atlas_osm raise."""


class AtlasError(Exception):
    """An atlas cannot be used; the message says in one line why and what to do."""
