# SPDX-License-Identifier: Apache-2.0
"""Report a run: store its summary and post it to a webhook. A failure here never fails the run."""

from __future__ import annotations

import os
from typing import Any

import orjson
from cosmogony_steps.errors import StepError, TransientError

from ..errors import MissingObjectError
from ..progress import say
from ..settings import Storage
from ..storage import Store
from . import summary, webhook
from .run import Run, check_run_name

URL = "WEBHOOK_URL"
NAME = "WEBHOOK_NAME"  # of the Secret the URL comes from
NO_SECRET = ("", "no-webhook")  # what the settings say when no webhook is wanted


def report_run(run: Run, store: Store | None, configured: str) -> dict[str, Any]:
    """Store and post the summary of a run that has just ended, as far as that is possible.

    Args:
        run: the workflow.
        store: where the summary is stored; None where no object store is set.
        configured: the sources of the settings, as JSON.

    Returns:
        The summary; its warnings name what was not possible.
    """
    document = summary.summarise_run(run, store, configured)
    problems = [] if store else ["the summary is not stored: no object store is set (S3_ENDPOINT)"]
    problems += _store_summary(store, document)
    url = os.environ.get(URL, "").strip()
    name = os.environ.get(NAME, "").strip()
    if not url and name not in NO_SECRET:
        problems.append(f"nothing is posted: Secret {name}, or its key url, is not in the namespace")
    if url:
        answer = webhook.post_document(url, document | {"warnings": document["warnings"] + problems})
        document["webhook"] = answer.as_dict()
        if answer.error:
            problems.append(f"the webhook did not take the summary ({answer.error}); the run is as it was without it")
        else:
            say(f"the webhook took the summary (HTTP {answer.status}, attempt {answer.attempts})")
    else:
        document["webhook"] = None
    document["warnings"] += problems
    problems += [problem for problem in _store_summary(store, document) if problem not in problems]
    for problem in problems:
        say(f"warning: {problem}")
    return document


def post_summary_again(run: str, store: Store) -> None:
    """Post the stored summary of an earlier run once more.

    Raises:
        StepError: there is no such summary or no webhook, or the receiver refuses it.
        TransientError: the receiver cannot take it now.
    """
    key = _get_key(check_run_name(run))
    try:
        document = store.read_json(key)
    except MissingObjectError as error:
        raise StepError(f"no summary of run {run} is stored ({key}); its reports are kept for a while") from error
    say(document.get("text", ""))
    url = os.environ.get(URL, "").strip()
    if not url:
        raise StepError("no webhook is set: name a Secret with the key url (chart value data.report.webhookSecret)")
    answer = webhook.post_document(url, document)
    if answer.error:
        kind = TransientError if answer.is_transient else StepError
        raise kind(f"the webhook did not take the summary of {run}: {answer.error}")
    say(f"the webhook took the summary of {run} (HTTP {answer.status}, attempt {answer.attempts})")


def print_summary(document: dict[str, Any]) -> None:
    """Write a summary to the log, where it is even if nothing else can be reached."""
    say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    say(document["text"])


def open_configured_store() -> Store | None:
    """Return the object store of the environment; None where none is set."""
    return Store(Storage.from_environment()) if Storage.configured() else None


def _get_key(run: str) -> str:
    return f"runs/{run}.json"


def _store_summary(store: Store | None, document: dict[str, Any]) -> list[str]:
    """Store a summary; return what was not possible."""
    if store is None:
        return []
    keys = [_get_key(document["run"])]
    if document["published"]:
        keys.append(f"releases/{document['release']}/summary.json")
    try:
        for key in keys:
            store.write_json(key, document)
    except StepError as error:
        return [f"the summary is not stored: {error}"]
    return []
