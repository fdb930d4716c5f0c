# SPDX-License-Identifier: Apache-2.0
"""Read OSM extracts from http(s), s3 and file URLs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from cosmogony_steps.settings import Settings

from .base import Source
from .file import FileSource
from .http import HttpSource
from .s3 import S3Source
from .source_config import SourceConfig

__all__ = ["Source", "make_source"]


def make_source(item: SourceConfig, settings: Settings, environ: Mapping[str, str] = os.environ) -> Source:
    """Return the `Source` for the scheme of a URL (http, https, s3 or file); no server is asked yet.

    Args:
        item: the source.
        settings: the servers of S3 sources.
        environ: holds the keys of these servers.
    """
    scheme = urlsplit(item.url).scheme
    if scheme == "s3":
        return S3Source.from_settings(item.name, item.url, settings, environ)
    if scheme == "file":
        return FileSource(item.name, item.url)
    return HttpSource(item.name, item.url)
