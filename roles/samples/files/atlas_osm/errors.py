# SPDX-License-Identifier: Apache-2.0
"""What goes wrong and what to do, as one line."""


class AtlasError(Exception):
    """Ends the program with a message."""
