# SPDX-License-Identifier: Apache-2.0
from importer_support.fixtures import bucket, cache, db, importer, zones

__all__ = ["bucket", "cache", "db", "importer", "zones"]
