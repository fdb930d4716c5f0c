# SPDX-License-Identifier: Apache-2.0
"""An S3 server as the settings name it, and the client that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import urllib3
from minio import Minio
from minio.helpers import check_bucket_name

from ..errors import UsageError
from ..text import require_variables
from ..tls import find_ca_file

if TYPE_CHECKING:
    from ..settings import SourceStorageSettings, StorageSettings

MAX_CONNECTIONS = 8  # and so the number of threads that may ask a server at the same time
SETTINGS = {"S3_ENDPOINT": "storage.endpoint", "SOURCE_S3_ENDPOINT": "source_storage.endpoint"}


@dataclass(frozen=True, slots=True)
class Server:
    """Address and keys of an S3 server; without keys only what is public can be read."""

    endpoint: str  # host:port
    secure: bool
    region: str
    access_key: str | None
    secret_key: str | None = field(repr=False)
    prefix: str = "S3_"  # of the variables, for messages

    @classmethod
    def from_settings(
        cls,
        settings: StorageSettings | SourceStorageSettings,
        environ: Mapping[str, str],
        prefix: str = "S3_",
        purpose: str = "S3 storage",
    ) -> Server:
        """Take the address from the settings, and ACCESS_KEY and SECRET_KEY, each behind the prefix, from variables.

        Raises:
            UsageError: there is no address, or only one of the keys; it begins with the purpose.
        """
        endpoint = f"{prefix}ENDPOINT"
        require_variables({endpoint: settings.endpoint}, [endpoint], purpose, SETTINGS)
        access, secret = (environ.get(f"{prefix}{name}", "").strip() or None for name in ("ACCESS_KEY", "SECRET_KEY"))
        if (access is None) != (secret is None):
            raise UsageError(
                f"{purpose}: only one of {prefix}ACCESS_KEY and {prefix}SECRET_KEY is set; set both or none"
            )
        return cls(settings.endpoint, settings.secure, settings.region, access, secret, prefix)

    def client(self) -> Minio:
        """Return a client that tries again for half a minute where a server is away or overloaded.

        Raises:
            UsageError: the endpoint is not host:port.
        """
        try:
            if self.endpoint.startswith(":"):
                raise ValueError("the host is missing")
            return Minio(
                self.endpoint,
                access_key=self.access_key,
                secret_key=self.secret_key,
                region=self.region,
                secure=self.secure,
                http_client=_http(),
            )
        except ValueError as cause:
            raise UsageError(
                f"{self.prefix}ENDPOINT '{self.endpoint}' is not host:port ({cause}); give it without scheme and path"
            ) from cause


def validate_bucket_name(name: str, setting: str) -> str:
    """Return the name of a bucket.

    Raises:
        UsageError: no bucket can have this name.
    """
    try:
        check_bucket_name(name)
    except ValueError as cause:
        raise UsageError(f"{setting} '{name}' cannot be the name of a bucket ({cause})") from cause
    return name


def _http() -> urllib3.PoolManager:
    retries = urllib3.Retry(
        total=6,
        redirect=0,
        backoff_factor=0.5,
        backoff_max=10,
        respect_retry_after_header=False,  # a server may name a day
        status_forcelist=[500, 502, 503, 504],
        raise_on_status=False,
    )
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=10, read=120),
        retries=retries,
        maxsize=MAX_CONNECTIONS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=find_ca_file(),
    )
