# SPDX-License-Identifier: Apache-2.0
"""The error of this package; its message is one line."""


class AtlasError(Exception):
    """An atlas cannot be used; the message says why and what to do."""
