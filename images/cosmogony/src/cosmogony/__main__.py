# SPDX-License-Identifier: Apache-2.0
"""The program `cosmogony`, also `python -m cosmogony`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
