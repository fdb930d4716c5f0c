# SPDX-License-Identifier: Apache-2.0
"""Documentation fragment: the connection to a PostgreSQL database."""

from __future__ import annotations

from ._service import describe_secret_and_service


class ModuleDocFragment:
    """The option ``postgres``; ``READINESS`` adds what only module readiness takes."""

    DOCUMENTATION = r"""
options:
  postgres:
    description:
      - The PostgreSQL database.
    type: dict
    suboptions:
      host:
        description:
          - Host as the host that runs the task reaches it (usually C(localhost)).
          - Needed unless O(postgres.service) is given. If both are given, the connection goes to the Service, and
            this is the name that the server's certificate must hold.
        type: str
      port:
        description: Port of the server. With O(postgres.service), the port of the Service is used instead.
        type: int
        default: 5432
      database:
        description: Name of the database.
        type: str
        required: true
      user:
        description: The user. Needed unless O(postgres.existing_secret) is given.
        type: str
      password:
        description: The password, any characters. Needed unless O(postgres.existing_secret) is given.
        type: str
      sslmode:
        description:
          - How libpq uses TLS. V(disable) uses none, V(allow) and V(prefer) accept a connection without it.
          - V(require) refuses a connection without TLS. V(verify-ca) also checks that the CA signed the certificate,
            V(verify-full) also that it holds the name of the host.
        type: str
        choices: [disable, allow, prefer, require, verify-ca, verify-full]
        default: prefer
      ca_path:
        description:
          - File with the certificates of the CA that signed the server's certificate.
          - Without it libpq takes C(~/.postgresql/root.crt), which V(verify-ca) and V(verify-full) need then.
        type: path
""" + describe_secret_and_service("postgres", "a database", ("user", "password"), ("user", "password"), 5432)

    READINESS = (
        DOCUMENTATION
        + r"""
      minimum_version:
        description: Lowest major version of PostgreSQL that is accepted.
        type: int
        default: 14
      postgis_version:
        description: Lowest version of PostGIS in the database that is accepted. With V("") PostGIS is not asked for.
        type: str
        default: '3.4'
      geos_version:
        description:
          - Lowest version of GEOS that PostGIS must have been compiled with; coverages are simplified from 3.12 on.
          - With V(""), or where PostGIS is not asked for, GEOS is not asked for either.
        type: str
        default: '3.12'
      create_schema:
        description: Whether the user must have the rights to create schemas, and views in the schema C(public).
        type: bool
        default: true
"""
    )
