# SPDX-License-Identifier: Apache-2.0
"""Report a run: store its summary and post it to a webhook. A failure here never fails the run."""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg
from cosmogony_steps import log, object_keys
from cosmogony_steps.documents import RunSummary
from cosmogony_steps.errors import MissingObjectError, StepError, TransientError
from cosmogony_steps.postgres import DatabaseAddress, translate_database_error
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from cosmogony_steps.shortening import keep_first_within_bytes
from msgspec.structs import replace

from ..database import sessions
from ..releases import migrations, runs
from . import webhook
from .ended_run import EndedRun
from .summary import summarise_run

URL = "WEBHOOK_URL"
NAME = "WEBHOOK_NAME"  # environment variable with the name of the Secret that has the URL
MAX_LIST_BYTES = 16 * 1024  # of each list in the body for the webhook that grows with the number of sources
NO_SECRET = ("", "no-webhook")  # names of a Secret that mean that there is no webhook


def report_run(run: EndedRun, store: Store | None, settings: Settings) -> RunSummary:
    """Store and post the summary of a run that has just ended, as far as that is possible.

    Args:
        run: the workflow.
        store: where the summary is stored; None if no S3 store is configured.
        settings: address of the database, and the sources of a run that has neither release nor plan.

    Returns:
        The summary; its warnings name what failed.
    """
    summary = summarise_run(run, store, settings)
    problems = [] if store else ["the summary is not stored: no S3 store is configured (storage.endpoint)"]
    problems += _store_summary(store, summary)
    url = os.environ.get(URL, "").strip()
    name = os.environ.get(NAME, "").strip()
    if not url and name not in NO_SECRET:
        problems.append(f"nothing is posted: Secret {name}, or its key url, is not in the namespace")
    answer = None
    if url:
        answer = webhook.post_document(url, _make_post_body(replace(summary, warnings=(*summary.warnings, *problems))))
        if answer.error:
            problems.append(
                f"the webhook did not accept the summary ({answer.error}); this does not change the result of the run"
            )
        else:
            log.info(f"the webhook accepted the summary (HTTP {answer.status}, attempt {answer.attempts})")
    summary = replace(
        summary,
        webhook=answer.to_webhook_answer() if answer else None,
        warnings=(*summary.warnings, *problems),
    )
    problems += [problem for problem in _store_summary(store, summary) if problem not in problems]
    problems += _record_run(settings, summary)
    for problem in problems:
        log.warn(problem)
    return summary


def post_summary_again(run: str, store: Store) -> None:
    """Post the stored summary of an earlier run again.

    Raises:
        StepError: the summary or the webhook does not exist, or the receiver refuses the summary.
        TransientError: the receiver cannot accept it now.
    """
    summary = _read_summary(object_keys.validate_run_name(run), store)
    log.info(summary.text)
    url = os.environ.get(URL, "").strip()
    if not url:
        raise StepError("no webhook is set: name a Secret with the key url (cosmogony_report_webhook_secret)")
    answer = webhook.post_document(url, _make_post_body(summary))
    if answer.error:
        kind = TransientError if answer.is_transient else StepError
        raise kind(f"the webhook did not accept the summary of {run}: {answer.error}")
    log.info(f"the webhook accepted the summary of {run} (HTTP {answer.status}, attempt {answer.attempts})")


def _make_post_body(summary: RunSummary) -> dict[str, Any]:
    """Return the summary as body for the webhook; very long lists are cut, and a warning in it says so."""
    document = summary.to_json()
    for owner, name in ((document["inputs"], "sources"), (document, "skipped")):
        complete = owner[name]
        owner[name] = keep_first_within_bytes(complete, MAX_LIST_BYTES)
        if more := len(complete) - len(owner[name]):
            place = object_keys.get_run_summary_key(summary.run)
            document["warnings"].append(
                f"{more} of {len(complete)} {name} are left out here; the complete summary is {place}"
            )
    return document


def _read_summary(run: str, store: Store) -> RunSummary:
    key, former = object_keys.get_run_summary_key(run), object_keys.get_former_run_summary_key(run)
    for place in (key, former):
        try:
            return RunSummary.from_json(store.read_json(place), place)
        except MissingObjectError:
            continue
    raise StepError(f"no summary of run {run} is stored ({key} or {former}); they are kept for report.keep_days")


def print_summary(summary: RunSummary) -> None:
    """Print a summary as JSON, so that the log has it even if no server can be reached."""
    print(json.dumps(summary.to_json(), indent=2, ensure_ascii=False))
    log.info(summary.text)


def _record_run(settings: Settings, summary: RunSummary) -> list[str]:
    """Store a summary in the database, where the API finds it; return messages about what failed."""
    try:
        with sessions.connect(DatabaseAddress.from_settings(settings.database, os.environ)) as connection:
            migrations.migrate_database(connection)
            runs.record_run(connection, summary)
    except StepError as error:
        return [f"the API does not show this run: {error}"]
    except psycopg.Error as error:
        return [f"the API does not show this run: {translate_database_error(error)}"]
    return []


def _store_summary(store: Store | None, summary: RunSummary) -> list[str]:
    """Store a summary in the bucket; return messages about what failed."""
    if store is None:
        return []
    targets = [object_keys.get_run_summary_key(summary.run)]
    if summary.published and summary.release:
        targets.append(object_keys.get_release_summary_key(summary.release))
    try:
        for key in targets:
            store.write_json(key, summary.to_json())
    except StepError as error:
        return [f"the summary is not stored: {error}"]
    return []
