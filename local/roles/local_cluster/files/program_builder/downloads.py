# SPDX-License-Identifier: Apache-2.0
"""Downloads with a limit for each, and what can go wrong with them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import http.client
import tarfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from program_builder.recipes import BuildError

PROBE_SECONDS = 3.0
STALL_SECONDS = 30.0
DOWNLOAD_SECONDS = 900.0  # of one file; the largest has 100 MB
BLOCK_BYTES = 1 << 20

Result = TypeVar("Result")


class DownloadError(BuildError):
    """A published file that cannot be had or must not be used; names its address and the reason."""

    def __init__(self, message: str, status: int | None = None, challenge: str = "") -> None:
        super().__init__(message)
        self.status = status  # of the server's answer, if that is the reason
        self.challenge = challenge  # how the server wants to be asked, if it answered 401


def download_file(
    address: str, target: Path, stopped: threading.Event, headers: Mapping[str, str] | None = None
) -> str:
    """Download a file.

    Args:
        address: The address of the file.
        target: Where the file goes.
        stopped: Ends the download when it is set.
        headers: Headers of the request; the address that it may be sent on to does not get them.

    Returns:
        The SHA-256 of the file, in hexadecimal digits.

    Raises:
        DownloadError: the file is not there, is incomplete, or did not arrive in DOWNLOAD_SECONDS.
    """
    deadline = time.monotonic() + DOWNLOAD_SECONDS

    def copy() -> str:
        digest = hashlib.sha256()
        size = 0
        with _open_address(address, STALL_SECONDS, headers) as response, target.open("wb") as file:
            while block := response.read1(BLOCK_BYTES):
                if stopped.is_set() or time.monotonic() > deadline:
                    raise DownloadError(f"{address}: nobody waits for it any more")
                digest.update(block)
                size += file.write(block)
            expected = response.headers.get("Content-Length", str(size))
        if str(size) != expected:
            raise DownloadError(f"{address}: ended after {size} of {expected} bytes")
        return digest.hexdigest()

    return _call_limited(copy, address, deadline, stopped)


def find_silent_publishers(addresses: Mapping[str, str], stopped: threading.Event) -> dict[str, str]:
    """Ask publishers, all at the same time and PROBE_SECONDS in all.

    Args:
        addresses: An address of each publisher that is asked, by publisher.
        stopped: Ends the wait when it is set.

    Returns:
        The reason by publisher, for those that do not answer. A status below 500 is an answer.
    """
    deadline = time.monotonic() + PROBE_SECONDS

    def ask(address: str) -> None:
        try:
            with _open_address(address, PROBE_SECONDS):
                pass
        except DownloadError as error:
            if error.status is None or error.status >= 500:
                raise

    def find_reason(address: str) -> str | None:
        try:
            _call_limited(lambda: ask(address), address, deadline, stopped)
        except DownloadError as error:
            return str(error)
        return None

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        reasons = pool.map(find_reason, addresses.values())
        return {publisher: reason for publisher, reason in zip(addresses, reasons, strict=True) if reason}


def extract_members(archive: Path, members: Mapping[str, str], folder: Path) -> None:
    """Write members of an archive into a folder, each under the name that it has in `members`.

    Raises:
        DownloadError: the archive cannot be read, or a member is missing.
    """
    try:
        with tarfile.open(archive) as content:
            for name, member in members.items():
                try:
                    source = content.extractfile(member)
                except KeyError:
                    source = None
                if source is None:
                    raise DownloadError(f"{archive.name} has no file {member}")
                with source, (folder / name).open("wb") as target:
                    while block := source.read(BLOCK_BYTES):
                        target.write(block)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DownloadError(f"{archive.name} cannot be unpacked: {error}") from error


def list_members(archive: Path, address: str) -> dict[str, str]:
    """Return the names of an archive's files as they stand there, by their names without a leading `./` or `/`.

    Raises:
        DownloadError: the archive, which came from an address, cannot be read.
    """
    try:
        with tarfile.open(archive) as content:
            return {member.name.removeprefix(".").lstrip("/"): member.name for member in content if member.isfile()}
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DownloadError(f"{address} cannot be unpacked: {error}") from error


@contextlib.contextmanager
def _open_address(
    address: str, seconds: float, headers: Mapping[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """Open an address that may be silent for some seconds; what fails until the context ends is a DownloadError."""
    request = urllib.request.Request(address, headers={"User-Agent": "cosmogony-stack"})  # noqa: S310 - checked below
    for name, value in (headers or {}).items():
        request.add_unredirected_header(name, value)
    try:
        if request.type not in ("http", "https"):
            raise DownloadError(f"{address}: http or https is needed")
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            if request.type == "https" and not response.url.startswith("https:"):
                raise DownloadError(f"{address}: leads to {response.url}, which is not encrypted")
            yield response
    except urllib.error.HTTPError as error:
        error.close()
        challenge = error.headers.get("WWW-Authenticate", "")
        raise DownloadError(f"{address}: answered {error.code} {error.reason}", error.code, challenge) from error
    except TimeoutError as error:
        raise DownloadError(f"{address}: silent for {seconds:g} s") from error
    except urllib.error.URLError as error:
        raise DownloadError(f"{address}: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(f"{address}: {error or type(error).__name__}") from error


def _call_limited(function: Callable[[], Result], address: str, deadline: float, stopped: threading.Event) -> Result:
    """Call a function in a thread that is abandoned at the deadline: timeouts of a socket do not cover all hangs."""
    outcome: concurrent.futures.Future[Result] = concurrent.futures.Future()
    begun = time.monotonic()

    def work() -> None:
        try:
            outcome.set_result(function())
        except Exception as error:  # raised again where the result is asked for
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    while not outcome.done():
        remaining = deadline - time.monotonic()
        if stopped.is_set():
            raise DownloadError(f"{address}: stopped")
        if remaining <= 0:
            raise DownloadError(f"{address}: no complete answer after {deadline - begun:.0f} s")
        concurrent.futures.wait([outcome], timeout=min(0.5, remaining))
    return outcome.result()
