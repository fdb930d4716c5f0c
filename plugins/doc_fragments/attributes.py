# SPDX-License-Identifier: Apache-2.0
"""Documentation fragment: the attributes that the modules of this collection describe."""

from __future__ import annotations


class ModuleDocFragment:
    """Each module says how far it supports an attribute, and in ``details`` what that means for it."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, and says what it would change without changing anything.
  diff_mode:
    description: Says in diff mode what it changed, or in check mode would change.
  idempotent:
    description: Changes nothing when it runs again with the same options.
"""

    ACTION_GROUP = r"""
options: {}
notes:
  - Runs on the host of the task, usually C(localhost). The Python of that host needs the libraries of the requirements.
attributes:
  action_group:
    description:
      - Takes its defaults from C(group/cosmogony.stack.stack) of C(module_defaults).
      - Give only the options of the connection to Kubernetes there, such as C(kubeconfig) and C(context). Other options
        are not options of every module of the group. M(cosmogony.stack.readiness) and M(cosmogony.stack.s3_bucket) for
        example have no C(namespace).
    support: full
    membership:
      - cosmogony.stack.stack
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Changes nothing.
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: full
    details: Changes nothing.
"""
