# SPDX-License-Identifier: Apache-2.0
from importer_support.fixtures import cache, importer, zones
from nginx import start, web

__all__ = ["cache", "importer", "start", "web", "zones"]
