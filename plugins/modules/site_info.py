#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: asks a site what its users ask it, at its address or through its Service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_info
short_description: Ask a site of the stack what its users ask it
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Asks for the page, the live release, its TileJSON, a tile with zones in it, one of these zones with its parents, and
    the statistics. Each question is repeated until its answer is correct or the time is over.
  - Asks at O(url) if a connection is possible there within O(reach_timeout), otherwise through the port-forward of the
    Kubernetes API server to O(service). A certificate that is not trusted, or another site at that address, is a wrong
    answer and no reason to ask the Service.
  - A site that answers wrongly does not make the module fail; see RV(problem).
options:
  url:
    description: Address of the site, as its users see it; without one O(service) is asked immediately.
    type: str
  service:
    description: Service of the site; without one only O(url) is asked.
    type: dict
    suboptions:
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        default: cosmogony-web
      port:
        description: Its port.
        type: int
        default: 80
  timeout:
    description: Seconds for all questions together.
    type: int
    default: 120
  ca_path:
    description: File with CA certificates (PEM) that are trusted at O(url) beside those of the system.
    type: path
  reach_timeout:
    description: Seconds in which a connection to O(url) must be possible.
    type: int
    default: 10
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.info_module
  - cosmogony.stack.attributes.action_group
notes:
  - The port-forward needs the rights to get C(services), to list C(endpointslices), and to create and get
    C(pods/portforward) in the namespace of the Service.
requirements:
  - kubernetes >= 24.2.0 (Python; only where the Service is asked)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.release_info
"""

EXAMPLES = r"""
- name: Ask the site
  cosmogony.stack.site_info:
    kubeconfig: /etc/cosmogony/kubeconfig
    url: https://cosmogony.example.org
    ca_path: /etc/cosmogony/ca.crt
    service:
      namespace: cosmogony
  register: site

- name: Check that it answers correctly
  ansible.builtin.assert:
    that: not site.problem
    fail_msg: "{{ site.problem }}"
"""

RETURN = r"""
way:
  description: Where the site was asked, C(url) or C(service).
  returned: success
  type: str
  sample: service
asked:
  description: The same in words, with the reason where it is not the address.
  returned: success
  type: str
  sample: >-
    Service cosmogony/cosmogony-web, through the Kubernetes API, because https://cosmogony.example.org is not reachable
    from here (Name or service not known)
answers:
  description: A line for each question that was answered correctly.
  returned: success
  type: list
  elements: str
  sample: ["ok page: 1024 bytes", "ok release: 20261122t221000-3f9ab2c1"]
has_release:
  description: Whether a release is live; null if that is not known.
  returned: success
  type: bool
  sample: true
problem:
  description: What was wrong; empty if every answer was correct.
  returned: success
  type: str
  sample: "GET /api/release: HTTP 503 (41 attempts)"
"""

import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_api import connect, make_argument_spec
from ..module_utils._services.errors import ServiceError
from ..module_utils._services.portforward import forward_to_service
from ..module_utils._verify_site import (
    NoReleaseError,
    Site,
    UnreachableError,
    WrongAnswerError,
    verify_site,
)

INTERVAL = 2  # seconds between two attempts

ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(
    url={"type": "str"},
    service={
        "type": "dict",
        "options": {
            "namespace": {"type": "str", "required": True},
            "name": {"type": "str", "default": "cosmogony-web"},
            "port": {"type": "int", "default": 80},
        },
    },
    timeout={"type": "int", "default": 120},
    ca_path={"type": "path"},
    reach_timeout={"type": "int", "default": 10},
)


def make_context(ca_path: str | None) -> ssl.SSLContext:
    """Return a context that trusts the certificates of the system, and those in a file.

    Raises:
        ValueError: the file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_path:
        try:
            context.load_verify_locations(ca_path)
        except OSError as error:
            reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise ValueError(f"ca_path is {ca_path}, which cannot be read ({reason}): name a PEM file") from error
    return context


def _find_connection_problem(url: str, timeout: float, context: ssl.SSLContext) -> str:
    """Return why no connection to an address is possible; "" if one is, whatever the site answers there."""
    site, deadline = Site(url, request_timeout=timeout, context=context), time.monotonic() + timeout
    while True:
        try:
            site.get("/")
        except UnreachableError as error:
            if time.monotonic() + INTERVAL > deadline:
                return str(error).partition(": ")[2]
        except WrongAnswerError:
            return ""
        else:
            return ""
        time.sleep(INTERVAL)


def _ask_site(site: Site, timeout: float) -> dict[str, Any]:
    """Ask all questions; return the answers, whether a release is live, and what is wrong."""
    found: dict[str, Any] = {"answers": [], "has_release": None, "problem": ""}
    try:
        for line in verify_site(site, timeout, INTERVAL):
            found["answers"].append(line)
        found["has_release"] = True
    except NoReleaseError as error:
        found.update(has_release=False, problem=str(error))
    except WrongAnswerError as error:
        found["problem"] = str(error)
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, required_one_of=[("url", "service")], supports_check_mode=True)
    params = module.params
    url, service = params["url"], params["service"]
    try:
        context = make_context(params["ca_path"])
    except ValueError as error:
        module.fail_json(msg=str(error))
    obstacle = _find_connection_problem(url, params["reach_timeout"], context) if url and service else ""
    if url and not obstacle:
        module.exit_json(way="url", asked=url, **_ask_site(Site(url, context=context), params["timeout"]))
    asked = f"Service {service['namespace']}/{service['name']}, through the Kubernetes API"
    if obstacle:
        asked += f", because {url} is not reachable from here ({obstacle})"
    try:
        with forward_to_service(service, connect(module)) as local:
            host, port = local or ("", 0)
            way_in = f"http://{host}:{port}{urlsplit(url or '').path}"
            try:
                Site(way_in, request_timeout=params["reach_timeout"]).get("/")
            except WrongAnswerError as error:
                # If the port-forward failed, forward_to_service raises its own error in place of this one.
                raise ServiceError("no_answer", f"{asked}: {error}", "look at the logs of its pods") from error
            found = _ask_site(Site(way_in), params["timeout"])
    except ServiceError as error:
        found = {"answers": [], "has_release": None, "problem": str(error)}
    module.exit_json(way="service", asked=asked, **found)


if __name__ == "__main__":
    main()
