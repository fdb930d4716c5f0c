# SPDX-License-Identifier: Apache-2.0
"""Jobs as AWX runs them: ansible-runner in the execution environment, with the answers of surveys as AWX sends them.

AWX sends a private data folder to a worker in a pod. The pod is a container here, with any user, a read-only root and
nothing but /runner and /tmp to write to.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkout import CHECKOUT

USER = "12345:0"
WRITABLE = ["--tmpfs", "/runner:exec,mode=1777", "--tmpfs", "/tmp:exec,mode=1777"]  # noqa: S108  # in the container
Answers = Mapping[str, Any]
ROWS: list[str] = []


@dataclass
class Job:
    """What a job has left behind."""

    template: str
    code: int
    output: str
    artifacts: dict[str, Any] = field(default_factory=dict)

    def succeeded(self) -> Job:
        """Check that it has succeeded."""
        assert self.code == 0, f"{self.template}: {self.output[-6000:]}"
        return self

    def failed(self) -> Job:
        """Check that a task has failed."""
        assert self.code == 2, f"{self.template}: {self.output[-6000:]}"
        return self


@dataclass(frozen=True)
class Jobs:
    """An AWX with one project and inventory, whose jobs run in containers of this machine's Docker."""

    folder: Path
    image: str
    docker_host: str
    kubeconfig: Path
    secrets: Mapping[str, str] = field(repr=False)  # vault_*, which a credential injects
    surveys: Mapping[str, list[dict[str, Any]]]  # questions of each template
    inventory: dict[str, Any] = field(default_factory=dict)  # variables of group all, as synced
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def docker(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = ["docker", "--host", self.docker_host, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, **options)

    def in_image(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the execution environment, without a network; `folder` is /data."""
        volumes = ["--volume", f"{folder}:/data"] if folder else []
        given = ["run", "--rm", "--read-only", "--user", USER, "--network", "none", *WRITABLE, *volumes]
        return self.docker(*given, self.image, *arguments)

    def make_project(self) -> Path:
        """Check the repository out, as a sync of the project does."""
        project = self.folder / "project"
        if not project.exists():
            project.mkdir()
            files = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
            subprocess.run(
                ["tar", "--create", "--null", "--files-from=-", f"--file={self.folder}/project.tar"],
                cwd=CHECKOUT, input=files, check=True,
            )  # fmt: skip
            subprocess.run(["tar", "--extract", f"--file={self.folder}/project.tar"], cwd=project, check=True)
        return project

    def sync(self, path: str) -> dict[str, Any]:
        """Return the variables of group all that a sync of the inventory source gives, without any secret."""
        command = ["ansible-inventory", "--inventory", f"/data/{path}", "--list", "--export", "--playbook-dir", "/data"]
        done = self.in_image(*command, folder=self.make_project())
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout)["all"]["vars"])

    def run(self, template: str, answers: Answers | None = None, *, check: bool = False) -> Job:
        """Run a job of a template to its end. Questions without an answer are left as the form shows them."""
        began = time.monotonic()
        with self.running(template, answers, check=check) as process:
            output, _ = process.communicate(timeout=1500)
        job = read_stream(template, output, process.returncode)
        given = ", ".join(f"{name}={value}" for name, value in (answers or {}).items()) or "blank"
        last = [line.strip() for line in job.output.splitlines() if line.strip() and "PLAY RECAP" not in line]
        ROWS.append(
            f"{template}{' (check)' if check else ''} | {given} | {'ok' if job.code == 0 else f'failed ({job.code})'}, "
            f"{time.monotonic() - began:.0f} s | {last[-1] if last else ''}"
        )
        return job

    @contextlib.contextmanager
    def running(
        self, template: str, answers: Answers | None = None, *, check: bool = False
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a job; when the block is left its container is killed, as AWX does with a cancelled one."""
        number = next(self.numbers)
        data = self.make_private_data(number, template, self.answer(template, answers or {}), check=check)
        playbook = f"playbooks/{template}.yml"
        sent = self.folder / f"{number}.stream"
        # As root: the folder belongs to whoever runs the tests.
        command = [
            "docker",
            "--host",
            self.docker_host,
            "run",
            "--rm",
            "--volume",
            f"{data}:/data",
            "--network",
            "none",
        ]
        with sent.open("w") as stream:
            transmit = [*command, self.image, "ansible-runner", "transmit", "/data", "--playbook", playbook]
            subprocess.run(transmit, stdout=stream, check=True, timeout=300)
        shutil.rmtree(data)
        name = f"cosmogony-job-{number}"
        worker = ["docker", "--host", self.docker_host, "run", "--rm", "--interactive", "--name", name, "--read-only"]
        worker += ["--user", USER, "--network", "host", *WRITABLE, self.image]
        worker += ["ansible-runner", "worker", "--private-data-dir=/runner"]
        with sent.open() as stream:
            process = subprocess.Popen(
                worker, stdin=stream, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                self.docker("kill", name)
                process.communicate(timeout=60)

    def answer(self, template: str, answers: Answers) -> dict[str, Any]:
        """Return the extra variables of a survey's form: blank text is text, a blank number is nothing."""
        questions = {one["variable"]: one for one in self.surveys[template]}
        unknown = set(answers) - set(questions)
        assert not unknown, f"the survey of {template} does not ask for {unknown}"
        sent: dict[str, Any] = {}
        for name, one in questions.items():
            if name in answers:
                sent[name] = answers[name]
            elif one["type"] == "multiselect":
                sent[name] = one["default"].splitlines()
            elif one["type"] not in ("integer", "float"):
                sent[name] = one["default"]
        return sent

    def make_private_data(self, number: int, template: str, variables: Answers, *, check: bool) -> Path:
        """Lay out the folder that AWX makes for a job."""
        data = self.folder / f"job-{number}"
        for name in ("env", "inventory", "cp"):
            (data / name).mkdir(parents=True)
        shutil.copytree(self.make_project(), data / "project", symlinks=True)
        shutil.copyfile(self.kubeconfig, data / "env/kubeconfig")
        about = {
            "awx_job_id": number,
            "awx_job_launch_type": "manual",
            "awx_job_template_name": f"Cosmogony {template.replace('_', ' ')}",
            "awx_inventory_name": "Cosmogony",
        }
        cluster = {"cosmogony_kubeconfig": "/runner/env/kubeconfig"}
        (data / "env/extravars").write_text(
            "".join(
                f"{name}: {dump(value)}\n" for name, value in {**about, **cluster, **self.secrets, **variables}.items()
            )
        )
        environment = {
            "ANSIBLE_FORCE_COLOR": "False",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": "/runner/cp",
            "AWX_PRIVATE_DATA_DIR": "/runner",
            "JOB_ID": str(number),
            "K8S_AUTH_KUBECONFIG": "/runner/env/kubeconfig",
        }
        (data / "env/envvars").write_text(json.dumps(environment))
        (data / "env/settings").write_text(json.dumps({"suppress_ansible_output": False}))
        if check:
            (data / "env/cmdline").write_text("--check")
        listed = {
            "all": {"hosts": ["localhost"], "vars": dict(self.inventory)},
            "_meta": {"hostvars": {"localhost": {"ansible_connection": "local"}}},
        }
        script = data / "inventory/hosts"
        script.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(listed)!r})\n")
        script.chmod(0o755)
        return data


def dump(value: Any) -> str:
    """Return YAML in which no text is a template, as AWX writes extra variables."""
    if isinstance(value, str):
        return f"!unsafe {json.dumps(value)}"
    if isinstance(value, list):
        return f"[{', '.join(map(dump, value))}]"
    return json.dumps(value)


def read_stream(template: str, stream: str, code: int) -> Job:
    """Return what a worker reports: a line of JSON for each event, status and file."""
    lines, status, artifacts = [], "", {}
    for line in stream.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            if len(line) < 2000:  # no file
                lines.append(line)
            continue
        lines += [document["stdout"]] if document.get("stdout") else []
        status = document.get("status", status)
        if document.get("event") == "playbook_on_stats":
            artifacts = document["event_data"].get("artifact_data", {})
    if code == 0:
        code = {"successful": 0, "failed": 2}.get(status, 1)
    return Job(template, code, "\n".join(lines), artifacts)
