# SPDX-License-Identifier: Apache-2.0
"""Traefik on the native cluster leads to the site by an Ingress and by an HTTPRoute, over TLS, also below a path."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils import _verify_site as verify
from ansible_plays import run_play
from checkout import CHECKOUT, ROLES
from e2e.chromium import FLAGS, PATIENCE, find_chromium
from e2e.site_client import Site
from e2e.watched_page import WatchedPage
from playwright.sync_api import expect, sync_playwright
from services import CACHE
from services.certificates import make_certificate
from services.native_cluster import ADMIN, kubectl
from services.programs import STATE
from waiting import wait_for

pytestmark = pytest.mark.long

SITE = "way-in"  # namespace of a second installation of what serves, with the data of the first
TRAEFIK = "way-in-traefik"  # namespace and class of Traefik
HOSTS = {"Ingress": "ingress.cosmogony.test", "HTTPRoute": "gateway.cosmogony.test"}
PODS = "10.244.0.0/16"
PATHS = ["", "/maps"]
BUILDER = ROLES["cosmogony.local.local_cluster"] / "files/build_programs.py"
INVENTORY = str(CHECKOUT / "inventories/local")
DEFINITION = "httproutes.gateway.networking.k8s.io"


@dataclass(frozen=True)
class WayIn:
    """Address of Traefik's Service, and the file with the certificate of both hosts."""

    address: str
    certificate: Path


def run_roles(folder: Path, *roles: dict[str, Any]) -> str:
    """Run roles with the inventory of the local cluster; return what Ansible printed."""
    variables = folder / "variables.json"
    variables.write_text(json.dumps({name: value for role in roles for name, value in role.pop("variables").items()}))
    tasks = [{"ansible.builtin.include_role": role} for role in roles]
    return run_play(folder, {"tasks": tasks}, "-e", f"@{variables}", inventory=INVENTORY, limit=900).stdout


def build_traefik() -> Path:
    """Build Traefik unless the cache has it; return its folder."""
    command = [sys.executable, str(BUILDER), f"--cache={CACHE}"]
    built = subprocess.run([*command, "--only=traefik"], capture_output=True, text=True, check=False, timeout=7200)
    assert built.returncode == 0, built.stderr
    found = subprocess.run([*command, "--print-bin=traefik"], capture_output=True, text=True, check=True, timeout=60)
    return Path(found.stdout.strip()).parent


def store_certificate(namespace: str, certificate: Path) -> None:
    key = f"--key={certificate.with_name('private.key')}"
    kubectl("create", "secret", "tls", "way-in-tls", f"--namespace={namespace}", f"--cert={certificate}", key)


@pytest.fixture(scope="module")
def way_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WayIn]:
    """Traefik, as role traefik runs it; it is removed with all that it left in the cluster."""
    folder = tmp_path_factory.mktemp("traefik")
    program = build_traefik()
    defined_before = kubectl("get", "customresourcedefinition", DEFINITION, "--ignore-not-found")
    make_certificate(folder, list(HOSTS.values()))
    variables = {
        "traefik_enabled": True,
        "traefik_namespace": TRAEFIK,
        "traefik_class_name": TRAEFIK,
        "traefik_cluster_ip": "",
        "traefik_tls_secret": "way-in-tls",
        "traefik_state_dir": str(folder),
        "traefik_programs_dir": str(program / "bin"),
        "traefik_crds_dir": str(program / "share/gateway-api"),
    }
    role = {"name": "cosmogony.local.traefik"}
    try:
        run_roles(folder, {**role, "variables": variables})
        again = run_roles(folder, {**role, "variables": variables})
        assert re.search(r"changed=0\b", again), f"a second run changes nothing\n{again[-3000:]}"
        store_certificate(TRAEFIK, folder / "public.crt")
        address = kubectl("get", "service", "traefik", f"--namespace={TRAEFIK}", "--output=jsonpath={.spec.clusterIP}")
        yield WayIn(address, folder / "public.crt")
    finally:
        run_roles(folder, {**role, "tasks_from": "remove", "variables": variables})
        left = kubectl("get", "ingressclass,gatewayclass,clusterrole,clusterrolebinding,namespace", "--output=name")
        if not defined_before:
            kubectl("delete", f"--filename={program / 'share/gateway-api'}", "--ignore-not-found")
        assert TRAEFIK not in left, left


def list_images() -> dict[str, str]:
    """The images of the running site."""
    command = [str(STATE / "bin/helm"), f"--kubeconfig={ADMIN}", "--namespace=cosmogony", "get", "values", "cosmogony"]
    done = subprocess.run([*command, "--output=json"], capture_output=True, text=True, check=True, timeout=60)
    return {
        name: image["repository"]
        + (f":{image['tag']}" if image.get("tag") else "")
        + (f"@{image['digest']}" if image.get("digest") else "")
        for name, image in json.loads(done.stdout)["images"].items()
    }


@pytest.fixture(scope="module")
def namespace(way_in: WayIn) -> Iterator[str]:
    """The namespace of the site, with the certificate of the Ingress."""
    kubectl("create", "namespace", SITE)
    try:
        store_certificate(SITE, way_in.certificate)
        yield SITE
    finally:
        kubectl("delete", "namespace", SITE, "--timeout=170s")


@pytest.fixture(scope="module", params=PATHS, ids=["whole host", "below a path"])
def path(request: pytest.FixtureRequest, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path below which role chart has installed the site, with an Ingress and an HTTPRoute."""
    path: str = request.param
    variables = {
        "cosmogony_namespace": namespace,
        "cosmogony_site_url": f"https://{HOSTS['Ingress']}{path}",
        "cosmogony_web_cluster_ip": "",
        "cosmogony_images": list_images(),
        "cosmogony_ingress": {"enabled": True, "class_name": TRAEFIK, "tls_secret": "way-in-tls"},
        "cosmogony_gateway": {
            "enabled": True,
            "parents": [{"name": "traefik", "namespace": TRAEFIK, "sectionName": "https"}],
            "hosts": [HOSTS["HTTPRoute"]],
        },
        "cosmogony_serving": {"trusted_proxies": [PODS]},
        "chart_values": {"databaseSetup": {"enabled": False}},
    }
    run_roles(tmp_path_factory.mktemp("site"), {"name": "cosmogony.stack.chart", "variables": variables})
    return path


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest) -> str:
    return HOSTS[request.param]


@pytest.fixture(autouse=True)
def resolved(way_in: WayIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosts have the address of Traefik, and this process trusts their certificate only."""
    look_up = socket.getaddrinfo

    def look_up_here(name: str, *arguments: Any, **options: Any) -> Any:
        return look_up(way_in.address if name in HOSTS.values() else name, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    monkeypatch.setenv("SSL_CERT_FILE", str(way_in.certificate))


def verify_site(url: str, way_in: WayIn) -> None:
    """Ask what role verify asks, until Traefik knows the route; every address leads to this site."""
    context = ssl.create_default_context(cafile=str(way_in.certificate))
    lines = list(verify.verify_site(verify.Site(url, context=context), timeout=120, interval=1))
    assert [line.partition(":")[0].removeprefix("ok ") for line in lines] == [
        "page", "release", "tilejson", "tile", "zone", "statistics"
    ]  # fmt: skip
    assert lines[2].startswith(f"ok tilejson: {url}/tiles/cosmogony/{{z}}/"), lines[2]


@pytest.fixture
def site(path: str, host: str, way_in: WayIn) -> Site:
    """The site as a user reaches it; it answers correctly."""
    url = f"https://{host}{path}"
    verify_site(url, way_in)
    return Site(url)


def test_addresses_lead_back_to_the_site(site: Site, path: str) -> None:
    release = site.get_release()
    found = site.get("/api/v1/search?q=Liechtenstein&limit=1").json()["zones"][0]
    redirected = site.get(f"/api/v1/zones/{found['id']}?release={release}")
    assert (redirected.status, redirected.json()["osm_id"]) == (200, found["osm_id"])
    missing = site.get("/nothing/here")
    assert missing.status == 404
    assert f'href="{path}/"' in missing.body.decode()
    preflight = site.get("/api/release", method="OPTIONS", Origin="https://other.example")
    assert (preflight.status, preflight.headers["Access-Control-Max-Age"]) == (204, "86400")


def test_only_the_path_leads_to_the_site(site: Site, path: str) -> None:
    origin = Site(site.url.removesuffix(path))
    assert origin.get(path or "/").status == 200, "without a slash at the end there is a redirect to the page"
    if path:
        assert origin.get("/").status == 404
        assert origin.get(f"{path}-of-others/").status == 404
        assert "Cosmogony" not in origin.get("/nothing").body.decode(), "Traefik answers, not the site"


def test_the_scheme_is_that_of_the_user(site: Site, path: str) -> None:
    assert site.get("/").headers["Cross-Origin-Opener-Policy"] == "same-origin"
    plain = Site(f"http://{HOSTS['Ingress']}{path}")
    assert plain.get_tilejson()["tiles"][0].startswith(f"{plain.url}/tiles/")


def test_the_client_is_named_behind_a_trusted_proxy(site: Site) -> None:
    request = uuid.uuid4().hex
    assert site.get("/api/release", X_Request_ID=request).status == 200

    def find_line() -> dict[str, Any]:
        log = kubectl("logs", "deployment/cosmogony-web", f"--namespace={SITE}", "--tail=100")
        return json.loads(next((line for line in log.splitlines() if request in line), "{}"))

    line = wait_for(find_line, "a line in the log of nginx", limit=10)
    assert line["client"] == line["forwarded_for"]


def test_a_browser_draws_the_map(site: Site, host: str, way_in: WayIn) -> None:
    rules = f"--host-resolver-rules=MAP {host} {way_in.address}"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, rules])
        # Chromium trusts what its user has stored; the certificate of a test is not stored there.
        context = chromium.new_context(ignore_https_errors=True, reduced_motion="reduce", locale="en-GB")
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        watched = WatchedPage(context.new_page(), site)
        watched.open("#/3/9.55/47.15")
        assert watched.list_drawn("country")
        tiles = [url for url in watched.requests if "/tiles/cosmogony/" in url]
        assert tiles and all(url.startswith(f"{site.url}/tiles/") for url in tiles)
        watched.page.get_by_role("link", name="Data dashboard").click()
        expect(watched.page.get_by_test_id("dashboard").locator("tbody tr").first).to_be_visible()
        context.close()
        chromium.close()
    watched.check_requests_and_errors()


def test_a_route_of_others_takes_the_path_off_and_names_it(path: str, way_in: WayIn) -> None:
    """By the header X-Forwarded-Prefix, whatever path the site itself knows."""
    replace = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
    headers = [{"name": "X-Forwarded-Prefix", "value": "/elsewhere"}]
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "elsewhere", "namespace": SITE},
        "spec": {
            "parentRefs": [{"name": "traefik", "namespace": TRAEFIK, "sectionName": "https"}],
            "hostnames": [HOSTS["HTTPRoute"]],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/elsewhere"}}],
                    "filters": [
                        {"type": "URLRewrite", "urlRewrite": {"path": replace}},
                        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": headers}},
                    ],
                    "backendRefs": [{"name": "cosmogony-web", "port": 80}],
                }
            ],
        },
    }
    kubectl("apply", "--filename=-", stdin=json.dumps(route))
    url = f"https://{HOSTS['HTTPRoute']}/elsewhere"
    verify_site(url, way_in)
    assert 'href="/elsewhere/"' in Site(url).get("/nothing").body.decode()
