# SPDX-License-Identifier: Apache-2.0
"""Address and credentials of an S3 server, and its client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import urllib3
from minio import Minio
from minio.helpers import check_bucket_name

from ..ca_certificates import get_ca_file
from ..errors import UsageError
from ..http_proxies import EnvironmentProxyPool
from ..value_parsing import require_environment_variables

if TYPE_CHECKING:
    from ..settings import BackupStorageSettings, SourceStorageSettings, StorageSettings

MAX_CONNECTIONS = 8  # to one server, and so the number of threads that may ask it in parallel
SETTINGS = {
    "S3_ENDPOINT": "storage.endpoint",
    "SOURCE_S3_ENDPOINT": "source_storage.endpoint",
    "BACKUP_S3_ENDPOINT": "backup_storage.endpoint",
}


@dataclass(frozen=True, slots=True)
class S3Server:
    """Address and keys of an S3 server; without keys only public objects can be read."""

    endpoint: str  # host:port
    secure: bool
    region: str
    access_key: str | None
    secret_key: str | None = field(repr=False)
    prefix: str = "S3_"  # of the environment variables that configure the server, for messages

    @classmethod
    def from_settings(
        cls,
        settings: StorageSettings | SourceStorageSettings | BackupStorageSettings,
        environ: Mapping[str, str],
        prefix: str = "S3_",
        purpose: str = "S3 storage",
    ) -> S3Server:
        """Take the address from the settings, and PREFIX_ACCESS_KEY and PREFIX_SECRET_KEY from the environment.

        Args:
            settings: of the server.
            environ: environment variables.
            prefix: of the variables, with the underscore.
            purpose: what needs the server; begins messages.

        Raises:
            UsageError: the address is missing, or only one of the keys is set.
        """
        endpoint = f"{prefix}ENDPOINT"
        require_environment_variables({endpoint: settings.endpoint}, [endpoint], purpose, SETTINGS)
        access, secret = (environ.get(f"{prefix}{name}", "").strip() or None for name in ("ACCESS_KEY", "SECRET_KEY"))
        if (access is None) != (secret is None):
            raise UsageError(
                f"{purpose}: only one of {prefix}ACCESS_KEY and {prefix}SECRET_KEY is set; set both or none"
            )
        return cls(settings.endpoint, settings.secure, settings.region, access, secret, prefix)

    def make_client(self) -> Minio:
        """Return a client that retries for half a minute if the server does not answer or is overloaded.

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
                http_client=_make_http_pool(),
            )
        except ValueError as cause:
            raise UsageError(
                f"{self.prefix}ENDPOINT '{self.endpoint}' is not host:port ({cause}); give it without scheme and path"
            ) from cause


def validate_bucket_name(name: str, setting: str) -> str:
    """Return the name of a bucket unchanged, if S3 allows it.

    Raises:
        UsageError: no bucket can have this name; the message begins with `setting`.
    """
    try:
        check_bucket_name(name)
    except ValueError as cause:
        raise UsageError(f"{setting} '{name}' cannot be the name of a bucket ({cause})") from cause
    return name


def _make_http_pool() -> EnvironmentProxyPool:
    retries = urllib3.Retry(
        total=6,
        redirect=0,
        backoff_factor=0.5,
        backoff_max=10,
        respect_retry_after_header=False,  # the server's Retry-After may be a day
        status_forcelist=[500, 502, 503, 504],
        raise_on_status=False,
    )
    return EnvironmentProxyPool(
        timeout=urllib3.Timeout(connect=10, read=120),
        retries=retries,
        maxsize=MAX_CONNECTIONS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=get_ca_file(),
    )
