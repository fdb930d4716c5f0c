# SPDX-License-Identifier: Apache-2.0
from importer_support.fixtures import cache, importer, zones

__all__ = ["cache", "importer", "zones"]
