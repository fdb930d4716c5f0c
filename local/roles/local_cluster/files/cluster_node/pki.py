# SPDX-License-Identifier: Apache-2.0
"""Certificates and kubeconfigs: made once, renewed before they expire, made again when a name changes."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import ipaddress
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster_node.private_files import write_private_file
from cluster_node.settings import Settings

CA_LIFETIME = datetime.timedelta(days=3650)
LIFETIME = datetime.timedelta(days=365)
RENEW_BEFORE = datetime.timedelta(days=60)
KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
BOTH_SIDES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
SERVER_ONLY = BOTH_SIDES[:1]


def get_utc_time() -> datetime.datetime:
    """Return the current time in UTC, with its time zone."""
    return datetime.datetime.now(datetime.UTC)


def _make_subject(common_name: str, organization: str = "") -> x509.Name:
    """Return the subject of a certificate; Kubernetes takes the user from its CN and the group from its O."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _to_alternative_name(name: str) -> x509.GeneralName:
    """Return a host name or IP address as a subject alternative name of a certificate."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _encode_private_key(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """Return a private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclasses.dataclass(frozen=True)
class _KeyPair:
    """A certificate and its private key, in two PEM files."""

    directory: Path
    name: str

    @property
    def certificate_file(self) -> Path:
        """Path of the certificate's PEM file."""
        return self.directory / f"{self.name}.crt"

    @property
    def key_file(self) -> Path:
        """Path of the private key's PEM file."""
        return self.directory / f"{self.name}.key"

    def load_certificate(self) -> x509.Certificate | None:
        """Return the certificate; None when the certificate or its key is missing."""
        if not (self.certificate_file.is_file() and self.key_file.is_file()):
            return None
        return x509.load_pem_x509_certificate(self.certificate_file.read_bytes())

    def write(
        self,
        subject: x509.Name,
        lifetime: datetime.timedelta,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
        issuer: _CertificateAuthority | None = None,
    ) -> None:
        """Write a new private key and a new certificate for it.

        Args:
            subject: The name of the certificate.
            lifetime: How long it is valid.
            extensions: Extensions with whether each is critical.
            issuer: The authority that signs; without one the certificate signs itself.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(get_utc_time() - datetime.timedelta(hours=1))
            .not_valid_after(get_utc_time() + lifetime)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        if not issuer:
            identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
        write_private_file(self.key_file, _encode_private_key(key))
        write_private_file(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


class _CertificateAuthority:
    """A certificate authority; its key and certificate are made when they are missing or about to expire."""

    def __init__(self, directory: Path, name: str) -> None:
        self.pair = _KeyPair(directory, name)
        known = self.pair.load_certificate()
        self.changed = known is None or known.not_valid_after_utc <= get_utc_time() + LIFETIME
        if self.changed:
            usage = dict.fromkeys(KEY_USAGES, False) | {
                "digital_signature": True,
                "key_cert_sign": True,
                "crl_sign": True,
            }
            self.pair.write(
                _make_subject(f"cosmogony-stack {name}"),
                CA_LIFETIME,
                [(x509.BasicConstraints(ca=True, path_length=None), True), (x509.KeyUsage(**usage), True)],
            )
        self.certificate = x509.load_pem_x509_certificate(self.pair.certificate_file.read_bytes())
        self.key: Any = serialization.load_pem_private_key(self.pair.key_file.read_bytes(), None)

    def renew(
        self,
        directory: Path,
        name: str,
        common_name: str,
        *,
        organization: str = "",
        names: Sequence[str] = (),
        usages: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    ) -> bool:
        """Make or renew a certificate if it is missing, wrong or about to expire; return whether it was."""
        pair = _KeyPair(directory, name)
        subject = _make_subject(common_name, organization)
        alternatives = [_to_alternative_name(name) for name in names]
        known = pair.load_certificate()
        if known and self._is_usable(known) and known.subject == subject and _get_alternatives(known) == alternatives:
            return False
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage(usages), False),
            (issuer_key, False),
        ]
        if alternatives:
            extensions.append((x509.SubjectAlternativeName(alternatives), False))
        pair.write(subject, LIFETIME, extensions, self)
        return True

    def _is_usable(self, certificate: x509.Certificate) -> bool:
        """Return whether a certificate was issued by this authority as wanted and need not be renewed yet."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return certificate.not_valid_after_utc > get_utc_time() + RENEW_BEFORE


def _get_alternatives(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def make_kubeconfig(server: str, user: str, authority: Path, pair: _KeyPair) -> str:
    """Return a kubeconfig as JSON, which is YAML too, with certificates and key in it."""
    ca, certificate, key = (
        base64.b64encode(path.read_bytes()).decode() for path in (authority, pair.certificate_file, pair.key_file)
    )

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cosmogony", "cluster": {"server": server, "certificate-authority-data": ca}}],
        "users": [{"name": user, "user": {"client-certificate-data": certificate, "client-key-data": key}}],
        "contexts": [{"name": "cosmogony", "context": {"cluster": "cosmogony", "user": user}}],
        "current-context": "cosmogony",
    }
    return json.dumps(document, indent=2) + "\n"


def make_pki(settings: Settings, dry_run: bool = False) -> dict[str, Any]:
    """Make missing or expiring certificates and kubeconfigs; return which, and a digest of all.

    A dry run works on a copy.
    """
    if dry_run:
        with tempfile.TemporaryDirectory() as folder:
            copy = dataclasses.replace(settings, state=Path(folder))
            if (settings.state / "pki").is_dir():
                shutil.copytree(settings.state / "pki", copy.state / "pki")
            if (settings.state / "kubeconfig").is_file():
                shutil.copy(settings.state / "kubeconfig", copy.state / "kubeconfig")
            return make_pki(copy)
    directory = settings.state / "pki"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    first_service = str(next(ipaddress.ip_network(settings.service_cidr).hosts()))
    service_names = [f"kubernetes{suffix}" for suffix in ("", ".default", ".default.svc", ".default.svc.cluster.local")]
    api_names = [*service_names, "localhost", settings.node_name, "127.0.0.1", first_service, settings.node_address]
    changed: list[str] = []
    ca = _CertificateAuthority(directory, "ca")
    etcd_ca = _CertificateAuthority(directory, "etcd-ca")
    changed += [name for name, authority in (("ca", ca), ("etcd-ca", etcd_ca)) if authority.changed]
    node_names = [settings.node_name, settings.node_address]
    issued = {
        "apiserver": ca.renew(directory, "apiserver", "kube-apiserver", names=api_names, usages=SERVER_ONLY),
        "apiserver-kubelet-client": ca.renew(
            directory, "apiserver-kubelet-client", "kube-apiserver-kubelet-client", organization="system:masters"
        ),
        "kubelet-server": ca.renew(
            directory, "kubelet-server", settings.node_name, names=node_names, usages=SERVER_ONLY
        ),
        "etcd": etcd_ca.renew(directory, "etcd", "etcd", names=["localhost", "127.0.0.1"], usages=BOTH_SIDES),
        "apiserver-etcd-client": etcd_ca.renew(directory, "apiserver-etcd-client", "kube-apiserver"),
    }
    users = {
        "admin": ("kubernetes-admin", "system:masters"),
        "kubelet": (f"system:node:{settings.node_name}", "system:nodes"),
        "kube-proxy": ("system:kube-proxy", ""),
        "kube-controller-manager": ("system:kube-controller-manager", ""),
        "kube-scheduler": ("system:kube-scheduler", ""),
    }
    for name, (common_name, organization) in users.items():
        issued[name] = ca.renew(directory, name, common_name, organization=organization)
        target = settings.state / "kubeconfig" if name == "admin" else directory / f"{name}.kubeconfig"
        server = f"https://{settings.node_address}:6443"
        content = make_kubeconfig(server, common_name, ca.pair.certificate_file, _KeyPair(directory, name))
        if not target.is_file() or target.read_text(encoding="utf-8") != content:
            write_private_file(target, content)
            changed.append(target.name)
    changed += [name for name, made in issued.items() if made]
    account_key = directory / "service-account.key"
    if not account_key.is_file():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        write_private_file(account_key, _encode_private_key(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private_file(directory / "service-account.pub", public, 0o644)
        changed.append("service-account")
    digest = hashlib.sha256()
    for path in [*sorted(directory.glob("*.crt")), directory / "service-account.pub"]:
        digest.update(path.read_bytes())
    return {"changed": bool(changed), "made": changed, "digest": digest.hexdigest()[:12]}
