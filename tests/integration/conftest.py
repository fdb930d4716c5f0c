# SPDX-License-Identifier: Apache-2.0
from importer_support.fixtures import bucket, cache, importer, zones
from nginx import start, web

__all__ = ["bucket", "cache", "importer", "start", "web", "zones"]
