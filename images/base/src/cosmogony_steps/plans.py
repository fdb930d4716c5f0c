# SPDX-License-Identifier: Apache-2.0
"""The plan of a run in the bucket."""

from __future__ import annotations

from . import object_keys
from .documents import Plan
from .errors import MissingObjectError, StepError
from .s3 import Store


def write_plan(store: Store, plan: Plan) -> str:
    """Store the plan of a run; return its key, which the other steps receive as --plan."""
    key = object_keys.get_run_plan_key(plan.run)
    store.write_json(key, plan.to_json())
    return key


def read_plan(store: Store, key: str) -> Plan:
    """Return the plan of a run.

    Raises:
        StepError: there is none, or it cannot be read.
    """
    try:
        document = store.read_json(key)
    except MissingObjectError as error:
        raise StepError(
            f"plan {key} is not in {store.where}; run the update again, which makes a new one (plans are removed after"
            " report.keep_days, and a run does not follow storage.bucket when that changes)"
        ) from error
    return Plan.from_json(document, key)
