#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The importer under the name that it always had."""

import sys

from cosmogony_importer.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
