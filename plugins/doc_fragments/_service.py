# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""What the options minio and postgres have in common: a Secret with the credentials, and a Service to reach."""

from __future__ import annotations

PLACE = """
          namespace:
            description: Its namespace.
            type: str
            required: true
          name:
            description: Its name.
            type: str
            required: true"""


def describe_secret_and_service(
    option: str, what: str, keys: tuple[str, str], names: tuple[str, str], port: int
) -> str:
    """Return the documentation of the suboptions existing_secret and service.

    Args:
        option: minio or postgres.
        what: the kind of server that the Service leads to.
        keys: keys of the Secret.
        names: suboptions that the keys are used in place of.
        port: the Service's port by default.
    """
    return f"""\
      existing_secret:
        description:
          - Kubernetes Secret with the keys C({keys[0]}) and C({keys[1]}), used in place of O({option}.{names[0]}) and
            O({option}.{names[1]}). Needs the right to get it.
        type: dict
        suboptions:{PLACE}
      service:
        description:
          - Service to reach through the port-forward of the Kubernetes API server, for {what} that only the cluster's
            network reaches.
          - Needs the rights to get C(services), list C(endpointslices), create and get C(pods/portforward).
        type: dict
        suboptions:{PLACE}
          port:
            description: Its port.
            type: int
            default: {port}
"""
