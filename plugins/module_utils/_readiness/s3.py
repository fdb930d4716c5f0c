# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Asks an S3 store for what the stack needs: a signed call on the bucket, and on request a bucket and an object."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ansible_collections.cosmogony.stack.plugins.module_utils._words import plain

from .backend import NotReadyError, refused

EXISTING = "of the Secret that cosmogony_storage_existing_secret names"
PROBE_PREFIX = ".cosmogony-readiness/"
SETTINGS = "cosmogony_storage_endpoint_from_controller or cosmogony_storage_endpoint"

# What the store says no to: reason, cause, next step. {bucket} is filled in.
REFUSALS = {
    "InvalidAccessKeyId": (
        "access_key_refused",
        "access key refused",
        f"check cosmogony_storage_access_key, or key accesskey {EXISTING}",
    ),
    "SignatureDoesNotMatch": (
        "secret_key_refused",
        "secret key refused",
        f"check cosmogony_storage_secret_key, or key secretkey {EXISTING}",
    ),
    "AccessDenied": (
        "access_denied",
        "access to bucket {bucket} denied",
        "give the user of the access key the rights to list the bucket and to read, write and delete objects in it",
    ),
    "NoSuchBucket": (
        "bucket_missing",
        "bucket {bucket} does not exist",
        "create it, let create_bucket do so, or correct cosmogony_storage_bucket",
    ),
    "AuthorizationHeaderMalformed": (
        "region_refused",
        "region refused",
        "correct cosmogony_storage_region",
    ),
    "RequestTimeTooSkewed": (
        "clock_differs",
        "the clock of this machine and of the store differ by too much",
        "set the clocks",
    ),
    "InvalidBucketName": (
        "bucket_name_refused",
        "{bucket} is no name of a bucket",
        "correct cosmogony_storage_bucket (3 to 63 lower-case letters, digits, dots and hyphens)",
    ),
    "BucketAlreadyExists": (
        "bucket_of_others",
        "bucket {bucket} belongs to somebody else",
        "choose another cosmogony_storage_bucket",
    ),
}
TEMPORARY = {"SlowDown", "ServiceUnavailable", "InternalError", "XMinioServerNotInitialized", "RequestTimeout"}

Tunnel = Callable[[], AbstractContextManager[tuple[str, int]]]


class S3Probe:
    """Asks one store; call it with the seconds that an attempt may take."""

    def __init__(self, options: dict[str, Any], *, check_mode: bool = False, tunnel: Tunnel | None = None) -> None:
        self.options = options
        self.check_mode = check_mode
        self.tunnel = tunnel
        self.bucket: str = options["bucket"]
        self.scheme = "https" if options["secure"] else "http"
        self.created = False

    @property
    def address(self) -> str:
        """Host and port as the user gave them, or the Service's."""
        service = self.options["service"]
        if self.options["endpoint"] or not service:
            return str(self.options["endpoint"])
        return f"{service['name']}.{service['namespace']}.svc:{service['port']}"

    @property
    def subject(self) -> str:
        """What error messages begin with."""
        return f"S3 endpoint {self.scheme}://{self.address}"

    def __call__(self, budget: float) -> dict[str, Any]:
        """Ask once; return facts or raise NotReadyError."""
        if self.tunnel is None:
            return self._ask(self.address, budget)
        with self.tunnel() as (host, port):
            return self._ask(f"{host}:{port}", budget)

    def _ask(self, endpoint: str, budget: float) -> dict[str, Any]:
        import urllib3
        from minio import Minio
        from minio.error import InvalidResponseError, S3Error, ServerError

        http = self._http(budget)
        try:
            client = Minio(
                endpoint,
                access_key=self.options["access_key"],
                secret_key=self.options["secret_key"],
                session_token=self.options["session_token"],
                secure=self.options["secure"],
                region=self.options["region"],
                http_client=http,
            )
            exists = self._bucket(client)
            if exists and self.options["probe_object"] and not self.check_mode:
                self._object(client)
        except S3Error as error:
            raise self._judge(error) from error
        except InvalidResponseError as error:
            raise self._no_s3(error) from error
        except ServerError as error:
            raise NotReadyError("server_error", f"answers {error}", "look at the store's own log") from error
        except ValueError as error:
            # The text may hold a whole header; only what speaks of the two settings is passed on.
            cause = str(error) if "bucket" in str(error) or "endpoint" in str(error) else "a setting is refused"
            raise refused("setting_refused", cause, f"correct {SETTINGS} or cosmogony_storage_bucket") from error
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            http.clear()
        return {
            "bucket": self.bucket,
            "bucket_exists": exists or self.created,
            "bucket_created": self.created,
            "endpoint": f"{self.scheme}://{self.address}",
            "versions": {"server": http.server},
        }

    def _http(self, budget: float) -> Any:
        import urllib3

        class Pool(urllib3.PoolManager):
            """Remembers how the server calls itself."""

            server = ""

            def urlopen(self, *args: Any, **kwargs: Any) -> Any:
                response = super().urlopen(*args, **kwargs)
                self.server = response.headers.get("Server", self.server)
                return response

        tls: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED" if self.options["validate_certs"] else "CERT_NONE"}
        if not self.options["validate_certs"]:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if self.options["ca_path"]:
            tls["ca_certs"] = self.options["ca_path"]
        if self.tunnel is not None and self.options["secure"]:
            name = self.address.rsplit(":", 1)[0]
            tls.update(server_hostname=name, assert_hostname=name if self.options["validate_certs"] else False)
        return Pool(timeout=urllib3.Timeout(connect=budget, read=budget), retries=False, **tls)

    def _bucket(self, client: Any) -> bool:
        """Make a signed call on the bucket; tell whether it is there."""
        from minio.error import S3Error

        try:
            next(iter(client.list_objects(self.bucket, prefix=PROBE_PREFIX)), None)
        except S3Error as error:
            if error.code != "NoSuchBucket":
                raise
        else:
            return True
        if self.options["create_bucket"]:
            return self._create(client)
        if self.options["bucket_required"]:
            reason, cause, advice = REFUSALS["NoSuchBucket"]
            raise refused(reason, f"{cause.format(bucket=self.bucket)} (NoSuchBucket)", advice)
        return False

    def _create(self, client: Any) -> bool:
        from minio.error import S3Error

        if self.check_mode:
            self.created = True
            return False
        try:
            client.make_bucket(self.bucket, location=self.options["region"])
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":
                raise
        else:
            self.created = True
        return True

    def _object(self, client: Any) -> None:
        """Write an object, read it back, delete it."""
        name, content = PROBE_PREFIX + secrets.token_hex(8), secrets.token_bytes(32)
        client.put_object(self.bucket, name, io.BytesIO(content), len(content))
        try:
            response = client.get_object(self.bucket, name)
            try:
                found = response.read()
            finally:
                response.close()
                response.release_conn()
            if found != content:
                raise NotReadyError("object_differs", f"object {name} came back changed", "look at the store's own log")
        finally:
            client.remove_object(self.bucket, name)

    def _judge(self, error: Any) -> NotReadyError:
        status = getattr(error.response, "status", 0)
        if error.code in TEMPORARY or (status >= 500 and error.code != "NotImplemented"):
            return NotReadyError(
                "server_error", f"not ready yet ({error.code}: {error.message})", "look at the store's own log"
            )
        if error.code in REFUSALS:
            reason, cause, advice = REFUSALS[error.code]
            return refused(reason, f"{cause.format(bucket=self.bucket)} ({error.code})", advice)
        return refused("refused", f"refused ({error.code}: {error.message})", "check the settings cosmogony_storage_*")

    def _no_s3(self, error: Any) -> NotReadyError:
        text = " ".join(str(error).split())[:200]
        if "HTTP request to an HTTPS server" in text:
            return refused("scheme_refused", "expects TLS", "set cosmogony_storage_secure to true")
        return NotReadyError("no_s3", f"does not answer as an S3 store ({text})", f"check {SETTINGS}")

    def _unreachable(self, error: Exception) -> NotReadyError:
        import ssl

        import urllib3

        if isinstance(error, urllib3.exceptions.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            return self._tls(error)
        if isinstance(error, (urllib3.exceptions.LocationParseError, urllib3.exceptions.LocationValueError)):
            return refused("setting_refused", f"{error}", f"correct {SETTINGS}")
        return NotReadyError(
            "unreachable",
            f"cannot be reached from the controller ({plain(error)})",
            f"check that it runs, and {SETTINGS}",
        )

    def _tls(self, error: Exception) -> NotReadyError:
        text = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
            return refused(
                "certificate_refused",
                f"its certificate is not trusted ({plain(error)})",
                "give the CA that signed it (ca_path), or the name that the certificate holds",
            )
        if any(word in text for word in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER", "HTTP_REQUEST")):
            return refused("scheme_refused", "does not speak TLS", "set cosmogony_storage_secure to false")
        return NotReadyError("tls_failed", f"TLS failed ({plain(error)})", "check the store's TLS settings")
