# SPDX-License-Identifier: Apache-2.0
"""Certificates and kubeconfigs: made once, renewed before they expire, made anew when a name changes."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster_node.common import Settings, write_private

CA_LIFETIME = datetime.timedelta(days=3650)
LIFETIME = datetime.timedelta(days=365)
RENEW_BEFORE = datetime.timedelta(days=60)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def subject(common_name: str, organization: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def alternative_names(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def key_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Authority:
    """A certificate authority in two files."""

    def __init__(self, directory: Path, name: str) -> None:
        self.certificate_file = directory / f"{name}.crt"
        self.key_file = directory / f"{name}.key"
        self.changed = False
        if not self._usable():
            self._make(name)
            self.changed = True
        self.certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        self.key: Any = serialization.load_pem_private_key(self.key_file.read_bytes(), None)

    def _usable(self) -> bool:
        if not (self.certificate_file.is_file() and self.key_file.is_file()):
            return False
        certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        return certificate.not_valid_after_utc > now() + LIFETIME

    def _issued(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True

    def _make(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject_name = subject(f"cosmogony-stack {name}")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject_name)
            .issuer_name(subject_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - datetime.timedelta(hours=1))
            .not_valid_after(now() + CA_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        write_private(self.key_file, key_pem(key))
        write_private(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def issue(
        self,
        directory: Path,
        name: str,
        common_name: str,
        *,
        organization: str = "",
        names: Sequence[str] = (),
        server: bool = False,
        client: bool = True,
    ) -> bool:
        """Make or renew one certificate; True when it was made."""
        certificate_file, key_file = directory / f"{name}.crt", directory / f"{name}.key"
        wanted_subject = subject(common_name, organization)
        wanted_names = alternative_names(names)
        if certificate_file.is_file() and key_file.is_file():
            old = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            try:
                found = list(old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
            except x509.ExtensionNotFound:
                found = []
            issued_by_us = self._issued(old)
            fresh = old.not_valid_after_utc > now() + RENEW_BEFORE
            if issued_by_us and fresh and old.subject == wanted_subject and found == wanted_names:
                return False
        usages = []
        if server:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        if client:
            usages.append(ExtendedKeyUsageOID.CLIENT_AUTH)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(wanted_subject)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - datetime.timedelta(hours=1))
            .not_valid_after(now() + LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key()), critical=False
            )
        )
        if wanted_names:
            builder = builder.add_extension(x509.SubjectAlternativeName(wanted_names), critical=False)
        write_private(key_file, key_pem(key))
        certificate = builder.sign(self.key, hashes.SHA256())
        write_private(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return True


def kubeconfig(server: str, user: str, ca: Path, certificate: Path, key: Path) -> str:
    """A kubeconfig with everything inside. JSON is YAML."""

    def embedded(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cosmogony", "cluster": {"server": server, "certificate-authority-data": embedded(ca)}}],
        "users": [
            {
                "name": user,
                "user": {"client-certificate-data": embedded(certificate), "client-key-data": embedded(key)},
            }
        ],
        "contexts": [{"name": "cosmogony", "context": {"cluster": "cosmogony", "user": user}}],
        "current-context": "cosmogony",
    }
    return json.dumps(document, indent=2) + "\n"


def make_pki(settings: Settings) -> dict[str, Any]:
    """All certificates, the service account key, all kubeconfigs; a digest that changes with any of them."""
    directory = settings.state / "pki"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    first_service = str(next(ipaddress.ip_network(settings.service_cidr).hosts()))
    api_names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        settings.node_name,
        "127.0.0.1",
        first_service,
        settings.node_address,
    ]
    changed: list[str] = []
    ca = Authority(directory, "ca")
    etcd_ca = Authority(directory, "etcd-ca")
    changed += [name for name, authority in (("ca", ca), ("etcd-ca", etcd_ca)) if authority.changed]
    node_names = [settings.node_name, settings.node_address]
    issued = {
        "apiserver": ca.issue(directory, "apiserver", "kube-apiserver", names=api_names, server=True, client=False),
        "apiserver-kubelet-client": ca.issue(
            directory, "apiserver-kubelet-client", "kube-apiserver-kubelet-client", organization="system:masters"
        ),
        "kubelet-server": ca.issue(
            directory, "kubelet-server", settings.node_name, names=node_names, server=True, client=False
        ),
        "etcd": etcd_ca.issue(directory, "etcd", "etcd", names=["localhost", "127.0.0.1"], server=True),
        "apiserver-etcd-client": etcd_ca.issue(directory, "apiserver-etcd-client", "kube-apiserver"),
    }
    users = {
        "admin": ("kubernetes-admin", "system:masters"),
        "kubelet": (f"system:node:{settings.node_name}", "system:nodes"),
        "kube-proxy": ("system:kube-proxy", ""),
        "kube-controller-manager": ("system:kube-controller-manager", ""),
        "kube-scheduler": ("system:kube-scheduler", ""),
    }
    for name, (common_name, organization) in users.items():
        issued[name] = ca.issue(directory, name, common_name, organization=organization)
        target = settings.state / "kubeconfig" if name == "admin" else directory / f"{name}.kubeconfig"
        content = kubeconfig(
            f"https://{settings.node_address}:6443",
            common_name,
            ca.certificate_file,
            directory / f"{name}.crt",
            directory / f"{name}.key",
        )
        if not target.is_file() or target.read_text(encoding="utf-8") != content:
            write_private(target, content)
            changed.append(target.name)
    changed += [name for name, made in issued.items() if made]
    account_key = directory / "service-account.key"
    if not account_key.is_file():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        write_private(account_key, key_pem(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private(directory / "service-account.pub", public, 0o644)
        changed.append("service-account")
    digest = hashlib.sha256()
    for path in [*sorted(directory.glob("*.crt")), directory / "service-account.pub"]:
        digest.update(path.read_bytes())
    return {"changed": bool(changed), "made": changed, "digest": digest.hexdigest()[:12]}
