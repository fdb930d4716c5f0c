#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: progress_command
short_description: Run a long command on the controller and show its lines as they come
description:
  - Runs a command on the controller, without a shell, and prints each line of its standard output as it comes.
  - Meant for commands that take minutes and report their progress in a few lines.
  - The command runs in the folder in which Ansible was started, with the environment of Ansible. C(become),
    C(environment), C(async) and C(delegate_to) of the task have no effect.
  - Fails if the command ends with an exit code other than 0, or cannot be started.
  - With C(no_log) no line is printed.
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
options:
  argv:
    description:
      - The command and its arguments.
    type: list
    elements: str
    required: true
  stdin:
    description:
      - Text that the command reads from its standard input.
    type: str
  silent_prefix:
    description:
      - Lines that begin with this text are kept in the result and not shown.
    type: str
    default: "{"
extends_documentation_fragment:
  - cosmogony.stack.attributes
attributes:
  check_mode:
    support: none
    details: The task is skipped.
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: none
    details: Runs the command every time, and always counts as changed.
"""

EXAMPLES = r"""
- name: Build the programs
  cosmogony.local.progress_command:
    argv:
      - /usr/bin/python3
      - build_programs.py
      - --jobs=2
"""

RETURN = r"""
rc:
  description: Exit code of the command. The task fails if it is not 0.
  returned: when the command ran
  type: int
  sample: 0
stdout_lines:
  description: The lines of standard output.
  returned: when the command ran
  type: list
  elements: str
  sample: ["etcd: built in 40 s"]
stdout:
  description: The lines of standard output as one text.
  returned: when the command ran
  type: str
  sample: "etcd: built in 40 s"
stderr:
  description: Standard error, at most the last 8000 characters.
  returned: when the command ran
  type: str
  sample: ""
"""
