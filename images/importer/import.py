#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The importer under the name that it always had; it runs under a watch that ends it when it stands still."""

import sys

from cosmogony_steps import watch

if __name__ == "__main__":
    watch.start(sys.argv[1] if len(sys.argv) > 1 else "import.py")

    from cosmogony_importer.cli import main

    sys.exit(main())
