# SPDX-License-Identifier: Apache-2.0
"""Remove the bucket of the scenarios with all that is in it: S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY, S3_SECRET_KEY."""

from __future__ import annotations

import os

import minio

name = os.environ["S3_BUCKET"]
if not name.endswith("-molecule"):
    raise SystemExit(f"{name} is not a bucket of the scenarios: left alone")
client = minio.Minio(
    os.environ["S3_ENDPOINT"],
    access_key=os.environ["S3_ACCESS_KEY"],
    secret_key=os.environ["S3_SECRET_KEY"],
    secure=False,
)
if client.bucket_exists(bucket_name=name):
    for entry in client.list_objects(bucket_name=name, recursive=True):
        client.remove_object(bucket_name=name, object_name=entry.object_name)
    client.remove_bucket(bucket_name=name)
    print("removed")
