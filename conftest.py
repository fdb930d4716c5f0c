# SPDX-License-Identifier: Apache-2.0
"""Plugins of every test run."""

from __future__ import annotations

pytest_plugins = ["services.fixtures", "services.requirement"]
