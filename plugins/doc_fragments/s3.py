# SPDX-License-Identifier: Apache-2.0
"""Documentation fragment: the connection to an S3 store."""

from __future__ import annotations

from ._service import describe_secret_and_service


class ModuleDocFragment:
    """The option ``minio``; ``READINESS`` adds what only module readiness takes."""

    DOCUMENTATION = r"""
options:
  minio:
    description:
      - The S3 store (MinIO or another one) and the bucket.
    type: dict
    suboptions:
      endpoint:
        description:
          - Host and port without a scheme, as the host that runs the task reaches them (usually C(localhost)).
          - Needed unless O(minio.service) is given. If both are given, the connection goes to the Service, and this is
            the name that the store's certificate must hold.
        type: str
      access_key:
        description: The access key. Needed unless O(minio.existing_secret) is given.
        type: str
      secret_key:
        description: The secret key. Needed unless O(minio.existing_secret) is given.
        type: str
      session_token:
        description: Token of temporary credentials.
        type: str
      bucket:
        description: Name of the bucket.
        type: str
        required: true
      region:
        description: Region of the bucket.
        type: str
        default: us-east-1
      secure:
        description: Whether the store speaks TLS.
        type: bool
        default: true
      validate_certs:
        description: Whether the certificate of the store must be trusted.
        type: bool
        default: true
      ca_path:
        description:
          - File with the certificates of the CA that signed the store's certificate.
          - Without it the CAs of the system are trusted.
        type: path
""" + describe_secret_and_service("minio", "a store", ("accesskey", "secretkey"), ("access_key", "secret_key"), 9000)

    READINESS = (
        DOCUMENTATION
        + r"""
      bucket_required:
        description:
          - Whether a missing bucket means "not ready".
          - If V(false), RV(minio.bucket_exists) says whether it is there.
        type: bool
        default: true
      probe_object:
        description: Whether to write an object, read it back and delete it. Check mode leaves that out.
        type: bool
        default: false
      create_bucket:
        description: No longer supported, any value fails. Create the bucket with M(cosmogony.stack.s3_bucket).
        type: bool
"""
    )
