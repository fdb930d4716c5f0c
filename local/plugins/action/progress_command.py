# SPDX-License-Identifier: Apache-2.0
"""Runs a long command on the controller and relays its lines as they come."""

from __future__ import annotations

import subprocess
import tempfile
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleActionSkip
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()
STDERR_KEPT = 8000


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """See the documentation of the module progress_command."""

    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task's command; return a result with exit code, lines of output, and the end of standard error."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={
                "argv": {"type": "list", "elements": "str", "required": True},
                "stdin": {"type": "str"},
                "silent_prefix": {"type": "str", "default": "{"},
            }
        )
        if self._task.check_mode:
            raise AnsibleActionSkip("a long command is not run in check mode")
        if not arguments["argv"]:
            raise AnsibleActionFail("argv is empty")
        code, lines, errors = run_and_relay_lines(
            arguments["argv"], arguments["stdin"] or "", arguments["silent_prefix"], no_log=self._task.no_log
        )
        result.update(changed=True, rc=code, stdout_lines=lines, stdout="\n".join(lines), stderr=errors)
        if code != 0:
            result.update(failed=True, msg=errors.strip() or f"{arguments['argv'][0]} ended with {code}")
        return result


def run_and_relay_lines(
    argv: list[str], stdin: str, silent_prefix: str, *, no_log: bool = False
) -> tuple[int, list[str], str]:
    """Run a command and print its lines as they come.

    Args:
        argv: The command and its arguments.
        stdin: What it reads.
        silent_prefix: Beginning of lines that are returned and not printed; blank for none.
        no_log: Whether no line is printed.

    Returns:
        Exit code, lines of standard output, and the end of standard error.
    """
    with tempfile.TemporaryFile("w+") as source, tempfile.TemporaryFile("w+", errors="replace") as errors:
        source.write(stdin)
        source.seek(0)
        try:
            process = subprocess.Popen(
                argv, stdin=source, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace"
            )
        except OSError as error:
            raise AnsibleActionFail(f"{argv[0]}: {error}") from error
        lines: list[str] = []
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip("\n"))
                if not (no_log or (silent_prefix and line.startswith(silent_prefix))):
                    display.display(f"    {lines[-1]}")
            code = process.wait()
        finally:
            process.terminate()
        errors.seek(0)
        return code, lines, errors.read()[-STDERR_KEPT:]
