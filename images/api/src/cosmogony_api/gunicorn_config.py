# SPDX-License-Identifier: Apache-2.0
"""Settings of gunicorn: plain HTTP on port 8000, three processes, no file outside of /dev/shm and /tmp."""

from __future__ import annotations

import os
from typing import Any

from cosmogony_api.context import EXTENSION

bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 3)
worker_class = "gthread"
threads = int(os.environ.get("API_THREADS") or 4)
control_socket_disable = True
worker_tmp_dir = "/dev/shm"  # noqa: S108 - memory, as gunicorn's manual asks for in containers
timeout = 30
graceful_timeout = 20
keepalive = 15
# The application logs each request itself, and what gunicorn logs gets the same form: one line of JSON.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "cosmogony_api.requestlog.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"level": os.environ.get("LOG_LEVEL") or "INFO", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"propagate": True, "handlers": []},
        "gunicorn.access": {"propagate": False, "handlers": []},
    },
}


def worker_exit(_server: Any, worker: Any) -> None:
    """Close the database pool when a worker process ends; its threads would delay the end by 20 seconds."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        app.extensions[EXTENSION].close()
