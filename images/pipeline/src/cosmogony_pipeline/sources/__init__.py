# SPDX-License-Identifier: Apache-2.0
"""Where extracts come from: http(s), s3 and file URLs behind one small interface."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from .base import Source
from .file import FileSource
from .http import HttpSource
from .s3 import S3Source
from .source_config import SourceConfig

__all__ = ["Source", "open_source"]


def open_source(item: SourceConfig, environ: Mapping[str, str]) -> Source:
    """Return the reader of a source, by the scheme of its URL; nothing is asked yet."""
    scheme = urlsplit(item.url).scheme
    if scheme == "s3":
        return S3Source.from_environment(item.name, item.url, environ)
    if scheme == "file":
        return FileSource(item.name, item.url)
    return HttpSource(item.name, item.url)
