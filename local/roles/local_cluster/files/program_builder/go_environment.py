# SPDX-License-Identifier: Apache-2.0
"""Options and variables of Go's compiler: equal for all programs, so that what several of them use is compiled once."""

from __future__ import annotations

import os
from pathlib import Path

# Debug information is left out of the programs anyway (-s -w), and makes a quarter of a compiler's work.
BUILD_FLAGS = ("-v", "-trimpath", "-gcflags=all=-dwarf=false")
# A compiler with less memory than this collects its garbage as usual: what it needs itself is seldom half of it.
LEAST_BYTES = 2 << 30


def make_go_environment(build: Path, jobs: int) -> dict[str, str]:
    """Return the variables of a go command.

    Args:
        build: The folder of the intermediate caches.
        jobs: Programs that are built at the same time.
    """
    return {
        "HOME": str(build),
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOWORK": "off",
        "GOMODCACHE": str(build / "go/mod"),
        "GOCACHE": str(build / "go/cache"),
        "GOTMPDIR": str(build / "tmp"),
        **share_memory_among_compilers(
            os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), os.cpu_count() or 1, jobs
        ),
    }


def share_memory_among_compilers(memory: int, cpus: int, jobs: int) -> dict[str, str]:
    """Let compilers collect their garbage only near a limit, which saves a quarter of their work.

    Args:
        memory: Bytes of memory of this machine; compilers share half of it.
        cpus: Compilers that a job runs at the same time.
        jobs: Programs that are built at the same time.

    Returns:
        Their variables; none where the share of a compiler would be smaller than LEAST_BYTES.
    """
    share = memory // 2 // (cpus * jobs)
    return {"GOGC": "off", "GOMEMLIMIT": str(share)} if share >= LEAST_BYTES else {}
