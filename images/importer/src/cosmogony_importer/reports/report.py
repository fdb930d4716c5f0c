# SPDX-License-Identifier: Apache-2.0
"""Tells what came of a run: stores its summary and posts it. Nothing of this makes a good run a bad one."""

from __future__ import annotations

import argparse
import os
from typing import Any

import orjson

from ..errors import ImporterError, Missing, TemporaryError
from ..progress import say
from ..settings import Storage
from ..storage import Store
from . import summary, webhook
from .run import Run, checked

URL = "WEBHOOK_URL"
NAME = "WEBHOOK_NAME"  # of the Secret the URL comes from
NO_SECRET = ("", "no-webhook")  # what the settings say when no webhook is wanted


def key(run: str) -> str:
    return f"runs/{run}.json"


def of_run(options: argparse.Namespace, store: Store | None) -> dict[str, Any]:
    """The summary of the run that has just ended, stored and posted as far as that is possible."""
    document = summary.make(Run.of(options), store, options.sources)
    problems = [] if store else ["the summary is not stored: no object store is set (S3_ENDPOINT)"]
    problems += _stored(store, document)
    url = os.environ.get(URL, "").strip()
    name = os.environ.get(NAME, "").strip()
    if not url and name not in NO_SECRET:
        problems.append(f"nothing is posted: Secret {name}, or its key url, is not in the namespace")
    if url:
        answer = webhook.post(url, document | {"warnings": document["warnings"] + problems})
        document["webhook"] = answer.as_dict()
        if answer.error:
            problems.append(f"the webhook did not take the summary ({answer.error}); the run is as it was without it")
        else:
            say(f"the webhook took the summary (HTTP {answer.status}, attempt {answer.attempts})")
    else:
        document["webhook"] = None
    document["warnings"] += problems
    problems += [problem for problem in _stored(store, document) if problem not in problems]
    for problem in problems:
        say(f"warning: {problem}")
    return document


def again(run: str, store: Store) -> None:
    """Post the stored summary of an earlier run once more."""
    try:
        document = store.read_json(key(checked(run)))
    except Missing as error:
        raise ImporterError(
            f"no summary of run {run} is stored ({key(run)}); its reports are kept for a while"
        ) from error
    say(document.get("text", ""))
    url = os.environ.get(URL, "").strip()
    if not url:
        raise ImporterError("no webhook is set: name a Secret with the key url (chart value data.report.webhookSecret)")
    answer = webhook.post(url, document)
    if answer.error:
        kind = TemporaryError if answer.again else ImporterError
        raise kind(f"the webhook did not take the summary of {run}: {answer.error}")
    say(f"the webhook took the summary of {run} (HTTP {answer.status}, attempt {answer.attempts})")


def _stored(store: Store | None, document: dict[str, Any]) -> list[str]:
    if store is None:
        return []
    keys = [key(document["run"])]
    if document["published"]:
        keys.append(f"releases/{document['release']}/summary.json")
    try:
        for one in keys:
            store.write_json(one, document)
    except ImporterError as error:
        return [f"the summary is not stored: {error}"]
    return []


def show(document: dict[str, Any]) -> None:
    """Into the log, where it is even if nothing else can be reached."""
    say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    say(document["text"])


def object_store() -> Store | None:
    return Store(Storage.from_environment()) if Storage.configured() else None
