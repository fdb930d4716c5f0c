# SPDX-License-Identifier: Apache-2.0
"""Bucket and database as the programs find them in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cosmogony_steps.postgres import DatabaseAddress
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings, apply_environment


def find_store(environ: Mapping[str, str]) -> Store:
    """Return the bucket that S3_… name."""
    return Store.from_settings(apply_environment(Settings(), environ).storage, environ)


def find_database(environ: Mapping[str, str] = os.environ) -> DatabaseAddress:
    """Return the database that POSTGRES_… name."""
    return DatabaseAddress.from_settings(apply_environment(Settings(), environ).database, environ)
