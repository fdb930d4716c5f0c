# SPDX-License-Identifier: Apache-2.0
"""Playbooks as users run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from checkout import CHECKOUT
from waiting import wait_for

from .settings import Settings

NOT_OF_USERS = ("PG", "S3_", "SCENARIO_", "MOLECULE_", "ANSIBLE_")
SUBMITTED = re.compile(r"^\s+(\S+) submitted$", re.MULTILINE)


class Playbook:
    """One run of a playbook; it continues while the test does something else."""

    def __init__(
        self,
        settings: Settings,
        playbook: str,
        folder: Path,
        extra: dict[str, Any] | None = None,
        *options: str,
        checkout: Path = CHECKOUT,
    ) -> None:
        self.began = time.monotonic()
        self.file = folder / f"{Path(playbook).stem}-{time.monotonic_ns()}.log"
        # Another checkout has its own inventories, but not those of every scenario.
        places = [checkout if (checkout / name).is_dir() else CHECKOUT for name in settings.inventories]
        inventories = [f"--inventory={place / name}" for place, name in zip(places, settings.inventories, strict=True)]
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            str(checkout / playbook),
            *inventories,
            *options,
        ]
        if extra:
            command.append(f"--extra-vars={json.dumps(extra)}")
        # Nothing of the scenario: a user has none of the connection data, and molecule sets options of Ansible.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_USERS)}
        environment |= {"ANSIBLE_CONFIG": str(checkout / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        with self.file.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder, env=environment
            )

    @property
    def output(self) -> str:
        return self.file.read_text()

    @property
    def text(self) -> str:
        """The output in one line, so that wrapping does not matter."""
        return " ".join(self.output.split())

    @property
    def workflow(self) -> str:
        """Name of the workflow it follows."""

        def look() -> str:
            found = SUBMITTED.search(self.output)
            if found is None and self.process.poll() is not None:
                raise RuntimeError(f"the playbook ended with {self.process.returncode}:\n{self.output}")
            return found[1] if found else ""

        return wait_for(look, "a submitted workflow", limit=90)

    def finish(self, *, limit: float = 400) -> Playbook:
        try:
            self.process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the playbook did not end within {limit:g} s:\n{self.output[-4000:]}") from None
        return self

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)

    def succeeded(self, *, limit: float = 400) -> Playbook:
        self.finish(limit=limit)
        assert self.process.returncode == 0, self.output[-6000:]
        return self

    def failed(self) -> Playbook:
        self.finish()
        assert self.process.returncode != 0, self.output[-6000:]
        return self
