# SPDX-License-Identifier: Apache-2.0
"""Certificates, installation, image recipes, DNS answers and processes of the node tool."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cluster_node import docker_answers, images, installation, network, pki, private_files, processes, waiting
from cluster_node.settings import NodeError
from cryptography import x509


def certificate(settings, name):
    return x509.load_pem_x509_certificate((settings.state / "pki" / f"{name}.crt").read_bytes())


def test_certificates_are_made_once_and_are_private(settings):
    first = pki.make_pki(settings)
    assert first["changed"]
    assert pki.make_pki(settings) == {"changed": False, "made": [], "digest": first["digest"]}
    names = certificate(settings, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"kubernetes.default.svc.cluster.local", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    assert {"10.96.0.1", "10.243.0.1"} <= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    for path in (settings.state / "pki").glob("*.key"):
        assert path.stat().st_mode & 0o077 == 0, path
    config = settings.state / "kubeconfig"
    assert config.stat().st_mode & 0o777 == 0o600
    document = json.loads(config.read_text())
    assert document["clusters"][0]["cluster"]["server"] == "https://10.243.0.1:6443"
    embedded = base64.b64decode(document["users"][0]["user"]["client-certificate-data"])
    assert embedded == (settings.state / "pki" / "admin.crt").read_bytes()


def test_certificates_are_renewed_before_they_expire(settings, monkeypatch):
    first = pki.make_pki(settings)
    later = datetime.datetime.now(datetime.UTC) + pki.LIFETIME - pki.RENEW_BEFORE + datetime.timedelta(days=1)
    monkeypatch.setattr(pki, "get_utc_time", lambda: later)
    second = pki.make_pki(settings)
    assert {"apiserver", "kubelet", "admin", "kubeconfig", "etcd"} <= set(second["made"])
    assert "ca" not in second["made"]
    assert second["digest"] != first["digest"]
    assert certificate(settings, "apiserver").not_valid_after_utc > later + datetime.timedelta(days=300)


def test_a_dry_run_changes_no_certificate(settings):
    assert "apiserver" in pki.make_pki(settings, dry_run=True)["made"]
    assert not settings.state.exists()
    first = pki.make_pki(settings)
    assert pki.make_pki(settings, dry_run=True) == {"changed": False, "made": [], "digest": first["digest"]}
    renamed = dataclasses.replace(settings, node_address="10.243.0.9")
    assert "apiserver" in pki.make_pki(renamed, dry_run=True)["made"]
    assert pki.make_pki(settings)["digest"] == first["digest"]


def test_another_name_or_another_authority_makes_new_certificates(settings):
    pki.make_pki(settings)
    renamed = dataclasses.replace(settings, node_address="10.243.0.9")
    assert "apiserver" in pki.make_pki(renamed)["made"]
    (settings.state / "pki" / "ca.key").unlink()
    made = pki.make_pki(renamed)["made"]
    assert {"ca", "apiserver", "admin"} <= set(made)
    assert "etcd" not in made
    certificate(settings, "admin").verify_directly_issued_by(certificate(settings, "ca"))


def test_programs_are_installed_and_replaced_while_they_run(settings, tmp_path):
    origin = tmp_path / "cache" / "tool-1"
    (origin / "bin").mkdir(parents=True)
    (origin / "share" / "crds").mkdir(parents=True)
    (origin / "bin" / "tool").write_text("one")
    (origin / "share" / "crds" / "a.yaml").write_text("a")
    program = {"name": "tool", "directory": str(origin), "binaries": ["tool"], "built": True}
    settings = dataclasses.replace(settings, programs=(program,))
    dry = installation.install_programs(settings, dry_run=True)
    assert not settings.state.exists()
    assert dry == {"changed": True, "installed": ["bin/tool", "share/tool/crds/a.yaml"]}
    assert installation.install_programs(settings)["installed"] == ["bin/tool", "share/tool/crds/a.yaml"]
    assert installation.install_programs(settings) == {"changed": False, "installed": []}
    target = settings.state / "bin" / "tool"
    with target.open() as running:
        (origin / "bin" / "tool").unlink()
        (origin / "bin" / "tool").write_text("two, and longer")
        assert installation.install_programs(settings)["installed"] == ["bin/tool"]
        assert running.read() == "one"
    assert target.read_text() == "two, and longer"
    (origin / "bin" / "tool").unlink()
    with pytest.raises(NodeError, match="is missing"):
        installation.install_programs(settings)


def test_private_files_are_never_readable_by_others(tmp_path):
    path = tmp_path / "a" / "secret"
    private_files.write_private_file(path, "x")
    private_files.write_private_file(path, "y")
    assert path.read_text() == "y"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("reference", "parts"),
    [("127.0.0.1:5000/cosmogony/debian:trixie-slim", ("127.0.0.1:5000", "cosmogony/debian", "trixie-slim"))],
)
def test_references_are_split(reference, parts):
    assert docker_answers.split_reference(reference) == parts


def test_a_reference_without_tag_is_refused():
    with pytest.raises(NodeError, match="no tag"):
        docker_answers.split_reference("127.0.0.1:5000/cosmogony/debian")


def test_the_base_recipe_follows_the_authorities_and_the_suite(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(images, "EXTRA_CA_DIRECTORY", tmp_path)
    plain = images.compute_base_recipe_digest(settings)
    (tmp_path / "site.crt").write_text("one")
    one = images.compute_base_recipe_digest(settings)
    (tmp_path / "site.crt").write_text("two")
    two = images.compute_base_recipe_digest(settings)
    other = images.compute_base_recipe_digest(dataclasses.replace(settings, debian_suite="forky"))
    assert len({plain, one, two, other}) == 4


def test_an_image_is_built_from_its_files(tmp_path):
    (tmp_path / "tool").write_bytes(b"program")
    (tmp_path / "tool").chmod(0o755)
    image = images.Image("r/x:1", "FROM scratch\n", {"tool": tmp_path / "tool"})
    built = {}

    class Client:
        def build(self, *, path, tag, **_options):
            files = {file.name: file.stat().st_mode & 0o777 for file in Path(path).iterdir()}
            built[tag] = sorted(files), files["tool"]
            return [{"stream": "done"}, {"error": "no space"}]

    with pytest.raises(NodeError, match="build r/x:1: no space"):
        images.build_image(Client(), image)
    assert built == {"r/x:1": (["Dockerfile", "tool"], 0o755)}


def test_dns_packets():
    query = waiting.encode_dns_query("kubernetes.default", 7)
    assert query[12:] == b"\x0akubernetes\x07default\x00\x00\x01\x00\x01"
    answer = (
        struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0)
        + query[12:]
        + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x0a\x60\x00\x01"
    )
    assert waiting.parse_dns_answer(answer, 7) == "10.96.0.1"
    assert waiting.parse_dns_answer(answer, 8) == ""
    refused = struct.pack(">HHHHHH", 7, 0x8183, 1, 0, 0, 0) + query[12:]
    assert waiting.parse_dns_answer(refused, 7) == ""
    assert waiting.parse_dns_answer(b"", 7) == ""


def test_waiting_reports_the_last_observation():
    with pytest.raises(NodeError, match=r"(?s)not there after 0 s; last seen: nothing yet.*Next: look"):
        waiting.wait_until_ready("there", lambda: "nothing yet", 0, "look")


def test_lease_age():
    renewed = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    assert 29 < waiting.compute_lease_age({"spec": {"renewTime": renewed}}) < 35
    assert waiting.compute_lease_age({}) == float("inf")


def test_own_processes_are_found_by_their_marker_and_ended(settings):
    environment = {**os.environ, processes.MARKER: str(settings.state)}
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    with (
        subprocess.Popen([sys.executable, "-c", stubborn], env=environment, stdout=subprocess.PIPE) as ours,
        subprocess.Popen(["sleep", "60"]) as foreign,
    ):
        ours.stdout.readline()
        assert [process.pid for process in processes.find_own_processes(settings)] == [ours.pid]
        assert ours.pid in processes.find_descendants({os.getpid()})
        processes.end_processes([ours.pid], 0.3)
        assert ours.wait(timeout=5) == -9
        assert foreign.poll() is None
        foreign.kill()


def test_the_firewall_names_every_range(settings):
    text = network.render_firewall(settings)
    assert "10.243.0.0/16, 10.244.0.0/16, 10.96.0.0/16" in text
    assert text.count("{") == text.count("}")


def test_sysctls_are_read_and_put_back(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "PROC_SYS", tmp_path)
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / "overcommit_memory").write_text("1\n")
    (tmp_path / "vm" / "panic_on_oom").write_text("0\n")
    record = {"sysctls": {"vm/overcommit_memory": "0", "vm/panic_on_oom": "0", "vm/gone": "1"}}
    assert network.restore_sysctls(record) == ["vm/overcommit_memory"]
    assert (tmp_path / "vm" / "overcommit_memory").read_text() == "0\n"
