# SPDX-License-Identifier: Apache-2.0
"""Read the settings, bucket and sources that a command works with, from its options."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmogony.rules import load_rules
from cosmogony.version import compute_program_digest
from cosmogony_steps.documents import Inputs, Plan, PlanItem
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from cosmogony_steps.step_settings import load_settings_with_plan, read_plan_of_options
from cosmogony_steps.value_parsing import parse_integer

from .release.inputs import make_inputs
from .sources.source_config import SourceConfig, list_enabled_sources, restore_url_query


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The settings, bucket and plan that a command works with; with a plan, its settings are used."""

    settings: Settings
    store: Store
    plan: Plan | None
    settings_file: Path | None  # file of --settings, None for the default

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> CommandContext:
        """Return the context that the options --plan, --settings and --set describe.

        Raises:
            UsageError: a setting is wrong.
            StepError: the plan cannot be read, or is of another extractor.
        """
        plan = read_plan_of_options(options)
        if plan and (plan.programs.rules, plan.programs.extractor) != (load_rules().digest, compute_program_digest()):
            raise StepError(f"plan {options.plan} is of another version of the extractor; run the update again")
        settings = load_settings_with_plan(options, plan)
        return cls(settings, Store.from_settings(settings.storage, os.environ), plan, options.settings)

    def list_sources(self) -> list[SourceConfig]:
        """Return all sources of the plan, or without a plan the enabled ones of the settings."""
        if self.plan is None:
            return list_enabled_sources(self.settings.sources.extracts)
        return [SourceConfig.from_plan_item(item) for item in self.plan.items]

    def find_batch_items(self, options: argparse.Namespace) -> list[PlanItem]:
        """Return the sources that --batch or --source names.

        Raises:
            UsageError: neither is given, or there is no such batch or source.
        """
        items = self.plan.items if self.plan else [item.to_plan_item() for item in self.list_sources()]
        name, text = options.source.strip(), options.batch.strip()
        if name:
            return _select_items(items, (name,))
        number = parse_integer(text, "--batch")
        if self.plan is None or number is None:
            raise UsageError("nothing to work on: give --plan KEY and --batch N, or --source NAME")
        if number >= len(self.plan.batches):
            raise UsageError(f"--batch {number} is not in the plan, which has {len(self.plan.batches)} (from 0)")
        return _select_items(items, self.plan.batches[number].sources)

    def restore_url_query(self, item: PlanItem) -> SourceConfig:
        """Return a source of the plan with the query of its URL, which only the current settings have."""
        current = Settings.load(self.settings_file, only="sources").sources.extracts if item.has_query else ()
        return restore_url_query(item, current)

    def make_inputs(self, reason: str = "") -> Inputs:
        """Return the inputs of a release without its sources; `reason` counts only without a plan."""
        return make_inputs(self.settings, self.plan.reason if self.plan else reason)


def _select_items(items: Sequence[PlanItem], names: Sequence[str]) -> list[PlanItem]:
    by_name = {item.name: item for item in items}
    if missing := [name for name in names if name not in by_name]:
        raise UsageError(f"source {', '.join(missing)} is none of the {len(items)} enabled sources")
    return [by_name[name] for name in names]
