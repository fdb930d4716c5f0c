# SPDX-License-Identifier: Apache-2.0
"""Settings of gunicorn: plain HTTP on port 8000, three processes, no file outside of /dev/shm and /tmp.

The master process serves the metrics of all of them on another port, 9464, which nginx does not know.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from cosmogony_api.context import EXTENSION

bind = "0.0.0.0:8000"
metrics_port = int(os.environ.get("METRICS_PORT") or 9464)
limit_request_line = 8190  # nginx accepts no longer one, and answers with a problem document
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


def on_starting(_server: Any) -> None:
    """Name the folder in which the processes count; the client library reads the variable when it is imported."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")


def when_ready(server: Any) -> None:
    """Serve the sums of what the processes count."""
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        start_http_server(metrics_port, registry=registry)
    except OSError as error:
        server.log.error("metrics cannot be served on port %s: %s; set METRICS_PORT to a free one", metrics_port, error)
        raise


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a process that has ended; what it counted remains."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_exit(_server: Any, worker: Any) -> None:
    """Close the database pool when a worker process ends; its threads would delay the end by 20 seconds."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        app.extensions[EXTENSION].close()
