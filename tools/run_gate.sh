#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The gate behind `make test`: linters, the local cluster, unit tests beside the scenarios, tests of the running stack.
# If all of them pass, its last line is pytest's summary of the last ones.
set -euo pipefail
cd "$(dirname "$0")/.."
record=test
unit_log=$(mktemp)
unit_pid=
finish() {
  if [ -n "$unit_pid" ]; then kill -- "-$unit_pid" 2> /dev/null || true; fi
  rm -f "$unit_log"
}
trap finish EXIT

tools/time_phases.sh begin $record
tools/time_phases.sh run $record lint make --no-print-directory lint
tools/time_phases.sh run $record local make --no-print-directory local REMEMBER=no ARGS=--extra-vars=@molecule/inventory/group_vars/all/local_cluster.yml
# The unit tests start after the cluster, because they use programs that it has built, and run beside the scenarios.
# Job control gives them a process group, and does not ignore SIGINT as the shell does for other background commands.
set -m
nice tools/time_phases.sh run $record unit make --no-print-directory unit ARGS=--require-services > "$unit_log" 2>&1 &
unit_pid=$!
set +m
scenarios=0
tools/time_phases.sh run $record molecule make --no-print-directory molecule || scenarios=$?
printf '\n==> waiting for the unit tests, which ran beside the scenarios\n'
status=0
wait "$unit_pid" || status=$?
unit_pid=
cat "$unit_log"
[ "$scenarios" = 0 ] || exit "$scenarios"
[ "$status" = 0 ] || exit "$status"
tools/time_phases.sh end $record
make --no-print-directory live
