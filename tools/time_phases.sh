#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times the phases of a long command: time_phases.sh begin NAME | run NAME PHASE COMMAND… | end NAME
set -euo pipefail
record=${TMPDIR:-/tmp}/.cosmogony-stack-$2.$(id -u)

say() { printf '  %-12s %3dm %02ds\n' "$1" $(($2 / 60)) $(($2 % 60)); }

case $1 in
  begin) date +%s > "$record" ;;
  run)
    phase=$3
    shift 3
    printf '\n==> %s\n' "$phase"
    started=$(date +%s)
    "$@"
    printf '%s %d\n' "$phase" $(($(date +%s) - started)) >> "$record"
    ;;
  end)
    printf '\nTime of each phase:\n'
    tail -n +2 "$record" | while read -r phase seconds; do say "$phase" "$seconds"; done
    say total $(($(date +%s) - $(head -n 1 "$record")))
    rm -f "$record"
    ;;
esac
