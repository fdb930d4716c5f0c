# SPDX-License-Identifier: Apache-2.0
"""The file with the CA certificates of the site: what is accepted, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.cosmogony.stack.plugins.plugin_utils._ca_bundle import compute_revision, read_ca_bundle


def test_certificates_are_returned(certificate: Path) -> None:
    text = read_ca_bundle(str(certificate / "public.crt"))
    assert text == (certificate / "public.crt").read_text()
    assert compute_revision(text) != compute_revision(text + text)
    assert (read_ca_bundle(""), compute_revision("")) == ("", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "which cannot be read (No such file or directory)"),
        (b"", "which holds no certificate that can be read"),
        (b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", "which holds no certificate"),
        (b"\x30\x82\x01\xff", "which cannot be read (it is not text)"),
        (b"-----BEGIN PRIVATE KEY-----\n", "which holds a private key"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError) as refused:
        read_ca_bundle(str(path))
    assert str(refused.value).startswith(f"cosmogony_ca_bundle is {path}, {said}")
