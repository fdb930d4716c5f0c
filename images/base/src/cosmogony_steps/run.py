# SPDX-License-Identifier: Apache-2.0
"""Run a command of a program and turn its errors into messages and an exit code."""

from __future__ import annotations

from collections.abc import Callable

from . import log
from .errors import EXIT_INTERRUPTED, EXIT_PERMANENT, StepError, TransientError
from .pod_message import report_failure, write_pod_message
from .signals import raise_on_sigterm

#: Text at the end of the --help of each program.
EXIT_CODES = "Exit codes: 0 done, 1 permanent error, 2 wrong arguments or settings, 75 transient error (retry)."


def run_command(name: str, function: Callable[[], int | None]) -> int:
    """Run a command of a program; log an error as one line, and store it as the message of the pod.

    Messages of libraries are logged in the format of our own log. SIGTERM is raised in `function` as `TerminatedError`.
    An error of another kind is a bug: it becomes the message of the pod, and is raised again for its traceback.

    Args:
        name: begins the message, such as the name of the step.
        function: the work; returns the exit code, or None for 0.

    Returns:
        The exit code: of `function`, of the error (see `errors`), 1 without enough memory, 130 when interrupted.
    """
    log.set_up_logging()
    with raise_on_sigterm():
        try:
            return function() or 0
        except StepError as error:
            hint = "; a retry can help" if isinstance(error, TransientError) else ""
            return report_failure(f"{name}: {error}{hint}", error.exit_code)
        except MemoryError:
            return report_failure(
                f"{name}: not enough memory; give the program, or the pod that it runs in, more of it", EXIT_PERMANENT
            )
        except KeyboardInterrupt:
            return report_failure(f"{name}: interrupted", EXIT_INTERRUPTED)
        except Exception as error:
            write_pod_message(f"{name}: unexpected {type(error).__name__}: {error}; see the log of the pod")
            raise
