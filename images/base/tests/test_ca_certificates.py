# SPDX-License-Identifier: Apache-2.0
"""The CA certificates of the site are trusted beside the public ones."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cosmogony_steps import ca_certificates
from cosmogony_steps.errors import UsageError


def count_authorities(path: str) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return len(context.get_ca_certs())


def test_both_are_trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CA_BUNDLE", raising=False)
    public = count_authorities(ca_certificates.get_ca_file())
    monkeypatch.setenv("CA_BUNDLE", str(certificate / "public.crt"))
    assert count_authorities(ca_certificates.get_ca_file()) == public + 1 > 100
    assert ca_certificates.get_ca_file() == ca_certificates.get_ca_file()


def test_missing_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CA_BUNDLE", "/nowhere/ca.crt")
    with pytest.raises(UsageError, match=r"/nowhere/ca.crt cannot be read \(No such file or directory\)"):
        ca_certificates.get_ca_file()


def test_the_joined_file_goes_with_the_process(certificate: Path) -> None:
    program = "from cosmogony_steps.ca_certificates import get_ca_file; print(get_ca_file())"
    environment = {"CA_BUNDLE": str(certificate / "public.crt")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.endswith(".pem\n")
    assert not Path(done.stdout.strip()).exists()
