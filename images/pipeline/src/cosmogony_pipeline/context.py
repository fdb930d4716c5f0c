# SPDX-License-Identifier: Apache-2.0
"""What a command works with: settings, bucket, and the sources of a plan or of the settings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmogony_steps.documents import Plan, PlanItem
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from cosmogony_steps.step_settings import choose_settings, find_plan
from cosmogony_steps.text import parse_integer

from . import engine
from .release.inputs import BuildSettings
from .sources.source_config import SourceConfig, enabled_sources, with_whole_url


@dataclass(frozen=True, slots=True)
class Context:
    """Settings and bucket of a command: those of the plan of its run, if it is given one."""

    settings: Settings
    store: Store
    plan: Plan | None
    file: Path | None  # of the settings

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> Context:
        """Read settings and plan.

        Raises:
            UsageError: a setting is wrong.
            StepError: the plan cannot be read, or is of another extractor.
        """
        plan = find_plan(options)
        made_for = (plan.programs.rules, plan.programs.extractor) if plan else None
        if made_for not in (None, (engine.rules_digest(), engine.extractor_digest())):
            raise StepError(f"plan {options.plan} is of another version of the extractor; run the update again")
        settings = choose_settings(options, plan)
        return cls(settings, Store.from_settings(settings.storage, os.environ), plan, options.settings)

    def sources(self) -> list[SourceConfig]:
        """Return all sources of a release."""
        if self.plan is None:
            return enabled_sources(self.settings.sources.extracts)
        return [SourceConfig.from_plan_item(item) for item in self.plan.items]

    def batch(self, options: argparse.Namespace) -> list[PlanItem]:
        """Return the sources that --batch or --source names.

        Raises:
            UsageError: neither is given, or there is no such batch or source.
        """
        extracts = self.settings.sources.extracts
        items = self.plan.items if self.plan else [item.as_plan_item() for item in enabled_sources(extracts)]
        name, text = options.source.strip(), options.batch.strip()
        if name:
            return _named(items, (name,))
        number = parse_integer(text, "--batch")
        if self.plan is None or number is None:
            raise UsageError("nothing to work on: give --plan KEY and --batch N, or --source NAME")
        if number >= len(self.plan.batches):
            raise UsageError(f"--batch {number} is not in the plan, which has {len(self.plan.batches)} (from 0)")
        return _named(items, self.plan.batches[number].sources)

    def whole_url(self, item: PlanItem) -> SourceConfig:
        """Return a source with the whole of its URL, for which the settings of now are read; see `with_whole_url`."""
        now = Settings.load(self.file, only="sources").sources.extracts if item.has_query else ()
        return with_whole_url(item, now)

    def build_settings(self, reason: str = "") -> BuildSettings:
        """Return what goes into a release besides its sources; a plan has the reason already."""
        return BuildSettings.from_settings(
            self.settings,
            self.plan.reason if self.plan else reason,
            rules=engine.rules_digest(),
            extractor=engine.extractor_digest(),
        )


def _named(items: Sequence[PlanItem], names: Sequence[str]) -> list[PlanItem]:
    by_name = {item.name: item for item in items}
    if missing := [name for name in names if name not in by_name]:
        raise UsageError(f"source {', '.join(missing)} is none of the {len(items)} enabled sources")
    return [by_name[name] for name in names]
