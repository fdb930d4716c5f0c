# SPDX-License-Identifier: Apache-2.0
"""The bucket of these tests."""

from __future__ import annotations

from throwaway.objectstore import MinIO

BUCKET = "cosmogony"


def make_empty(server: MinIO) -> None:
    """Make the bucket, or remove what an earlier test left in it."""
    client = server.client()
    if not client.bucket_exists(BUCKET):
        client.make_bucket(BUCKET)
    for found in list(client.list_objects(BUCKET, recursive=True)):
        client.remove_object(BUCKET, found.object_name)
