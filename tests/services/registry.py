# SPDX-License-Identifier: Apache-2.0
"""A throw-away container registry on a loopback port: Debian's program docker-registry."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from . import UnavailableError, free_port

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER, PASSWORD = "reader", "pass word:x"
HTPASSWD = f"{USER}:$2b$04$sjN96mqh2oKaERsqxsl4zefRGQr8QEWtbFs2xf3xUBdDkONmKwoy.\n"
ISSUER = SERVICE = "throwaway"


class Registry:
    """A registry with its data in a folder."""

    def __init__(self, folder: Path, auth: Mapping[str, Any] | None = None) -> None:
        """Start it.

        Args:
            folder: Where its data are.
            auth: Section `auth` of its configuration; without it everybody may read and write.

        Raises:
            UnavailableError: There is no such program here.
        """
        program = shutil.which("docker-registry")
        if not program:
            raise UnavailableError("no program docker-registry (Debian's package of this name)")
        self.address = f"127.0.0.1:{free_port()}"
        config: dict[str, Any] = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": self.address},
        }
        if auth:
            config["auth"] = dict(auth)
        (folder / "registry.yml").write_text(yaml.safe_dump(config))
        self.process = subprocess.Popen(
            [program, "serve", str(folder / "registry.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                self.ask("GET", "/v2/")
                return
            except urllib.error.HTTPError:
                return  # it wants credentials
            except urllib.error.URLError:
                assert self.process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def ask(self, method: str, path: str, data: bytes | None = None, **headers: str) -> str:
        """Send a request; return where the answer says to continue."""
        url = path if path.startswith("http") else f"http://{self.address}{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers.get("Location", "")

    def push(self, reference: str, **headers: str) -> str:
        """Store an image without a layer; return its digest."""
        name, tag = reference.removeprefix(f"{self.address}/").split(":")
        config = b"{}"
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        place = self.ask("POST", f"/v2/{name}/blobs/uploads/", b"", **headers)
        binary = {"Content-Type": "application/octet-stream", **headers}
        self.ask("PUT", f"{place}&digest={digest}", config, **binary)
        media_type = "application/vnd.oci.image.config.v1+json"
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": media_type, "size": len(config), "digest": digest},
                "layers": [],
            }
        ).encode()
        self.ask("PUT", f"/v2/{name}/manifests/{tag}", manifest, **{"Content-Type": MANIFEST, **headers})
        return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def basic_credentials() -> str:
    """Return the header Authorization of the user."""
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def password_auth(folder: Path) -> dict[str, Any]:
    """Return the section `auth` of a registry that wants the password of the user."""
    (folder / "htpasswd").write_text(HTPASSWD)
    return {"htpasswd": {"realm": "throwaway", "path": str(folder / "htpasswd")}}


class TokenServer:
    """Gives tokens to the user: the section `auth` of its registry is `auth`, `header` allows to push."""

    def __init__(self, certificate: Path) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization

        self._key = serialization.load_pem_private_key((certificate / "private.key").read_bytes(), None)
        der = x509.load_pem_x509_certificate((certificate / "public.crt").read_bytes()).public_bytes(
            serialization.Encoding.DER
        )
        self._chain = [base64.b64encode(der).decode()]
        self.port = free_port()
        self.auth = {
            "token": {
                "realm": f"http://127.0.0.1:{self.port}/token",
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(certificate / "public.crt"),
            }
        }

    def make_token(self, scope: str) -> str:
        """Return a token for a scope such as `repository:geo/api:pull`."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        kind, name, actions = scope.split(":")
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": USER, "aud": SERVICE, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": str(now),
            "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
        }  # fmt: skip
        head = {"typ": "JWT", "alg": "ES256", "x5c": self._chain}
        text = ".".join(_encode(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    @contextmanager
    def serve(self) -> Iterator[None]:
        """Answer while the block runs."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                allowed = self.headers.get("Authorization") == basic_credentials()
                scope = parse_qs(urlsplit(self.path).query)["scope"][0]
                body = json.dumps({"token": outer.make_token(scope)} if allowed else {}).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        with ThreadingHTTPServer(("127.0.0.1", self.port), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            yield
            server.shutdown()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
