# SPDX-License-Identifier: Apache-2.0
"""The log level of the extractor."""

from __future__ import annotations

import logging
import os

_LEVELS = {**logging.getLevelNamesMapping(), "OFF": logging.CRITICAL + 1, "TRACE": logging.DEBUG}


def set_log_level_from_environment() -> None:
    """Set the log level to that of the environment variable RUST_LOG, as the original does; info without it."""
    wanted = os.environ.get("RUST_LOG", "info").split(",")[-1].rpartition("=")[2].strip().upper()
    logging.getLogger("cosmogony").setLevel(_LEVELS.get(wanted, logging.INFO))
