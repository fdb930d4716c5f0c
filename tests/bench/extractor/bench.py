#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time and memory of the extractor on 1, 10 and 40 copies of Luxembourg.

    bench.py [--sizes 1 10 40] [--threads N] [--format .jsonl] [--json FILE]

Inputs are made once and kept in a cache folder.
`--command` measures another program with the same options, for example the original.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import watch
from replicate import replicate

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "tests/data/luxembourg_filtered.osm.pbf"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "cosmogony-stack" / "bench"

# seconds and MB of the original (0.14.5) on a machine like the one the first figures were taken on
ORIGINAL = {1: (1.8, 77), 10: (37.0, 428), 40: (134.0, 1560)}

_RUNNER = """
import json, sys
from cosmogony.generate import generate
result = generate(sys.argv[1], sys.argv[2], threads=int(sys.argv[3]))
print(json.dumps({"zones": result.zones, "pairs": result.pairs, "exact": result.exact_pairs, "stages": result.stages}))
"""


def input_of(size: int) -> Path:
    if size == 1:
        return SOURCE
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / f"luxembourg-{size}.osm.pbf"
    if not target.exists():
        part = target.with_name(f"part-{target.name}")
        replicate(SOURCE, size, part)
        part.replace(target)
    return target


def measure(size: int, options: argparse.Namespace) -> dict[str, object]:
    source = input_of(size)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / f"zones{options.format}"
        if options.command:
            command = [*options.command.split(), "-i", str(source), "-o", str(output), "--no-stats"]
        else:
            command = [sys.executable, "-c", _RUNNER, str(source), str(output), str(options.threads)]
        usage = watch.run(command, {**os.environ, "RUST_LOG": "error"})
        written = output.stat().st_size
    found = {} if options.command else json.loads(usage.output)
    return {
        "size": size,
        "seconds": round(usage.seconds, 2),
        "cpu_seconds": round(usage.cpu_seconds, 2),
        "peak_pss_mb": round(usage.peak_pss_mb),
        "input_mb": round(source.stat().st_size / 1e6, 1),
        "output_mb": round(written / 1e6, 1),
        **found,
    }


def show(rows: list[dict[str, object]], options: argparse.Namespace) -> None:
    print(f"machine: {watch.machine()}; processes: {options.threads}; output {options.format}")
    head = ["copies", "zones", "time s", "CPU s", "peak PSS MB", "the original", "its memory", "pairs (full test)"]
    print(f"| {' | '.join(head)} |")
    print("|---" * len(head) + "|")
    for row in rows:
        seconds, memory = ORIGINAL.get(int(str(row["size"])), (None, None))
        against = f"{seconds} s (1/{seconds / float(str(row['seconds'])):.1f})" if seconds else "-"
        beside = f"{memory} MB ({float(str(row['peak_pss_mb'])) / memory:.0%})" if memory else "-"
        pairs = f"{row.get('pairs', '-')} ({row.get('exact', '-')})"
        own = [row["size"], row.get("zones", "-"), row["seconds"], row["cpu_seconds"], row["peak_pss_mb"]]
        print(f"| {' | '.join(map(str, [*own, against, beside, pairs]))} |")
    for row in rows:
        stages = row.get("stages")
        if isinstance(stages, dict):
            total = sum(stages.values())
            shares = ", ".join(
                f"{name} {value / total:.0%}" for name, value in stages.items() if value / total >= 0.005
            )
            print(f"stages, {row['size']} copies: {shares}")
    for small, large in pairwise(rows):
        more = float(str(large["size"])) / float(str(small["size"]))
        cost = float(str(large["cpu_seconds"])) / float(str(small["cpu_seconds"]))
        time = float(str(large["seconds"])) / float(str(small["seconds"]))
        print(f"{more:.0f} times the input: {time:.2f} times the time, {cost:.2f} times the CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 40])
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--format", default=".jsonl")
    parser.add_argument("--command", help="measure this program instead")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    rows = [measure(size, options) for size in options.sizes]
    show(rows, options)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
