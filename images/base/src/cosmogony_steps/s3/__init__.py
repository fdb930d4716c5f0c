# SPDX-License-Identifier: Apache-2.0
"""The bucket of the stack, and other S3 servers. Needs the extra `s3`; the rest of the package does not import it."""

from .errors import translate_errors
from .server import S3Server
from .store import ObjectInfo, Readable, Store, UnfinishedUpload
from .stream import ResumingObjectStream

__all__ = [
    "ObjectInfo",
    "Readable",
    "ResumingObjectStream",
    "S3Server",
    "Store",
    "UnfinishedUpload",
    "translate_errors",
]
