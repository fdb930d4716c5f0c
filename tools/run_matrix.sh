#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unit tests of the plugins, ansible-test sanity and a syntax check of every playbook with the oldest ansible-core
# that meta/runtime.yml promises and with the newest one: run_matrix.sh [oldest|newest]…
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cosmogony-stack/matrix
OLDEST=$(sed -n 's/^requires_ansible: ">=\(.*\)\.0"$/\1/p' meta/runtime.yml) # runs on the Python of the checkout
NEWEST=2.21 # needs Python 3.12

# Creates an environment with this ansible-core; everything else is pinned by uv.lock, and the collections are those of
# the checkout.
make_environment() { # CORE INTERPRETER
  local venv site
  venv=$cache/core$1-python$("$2" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if [ ! -e "$venv/.complete" ] || [ uv.lock -nt "$venv/.complete" ] || ! "$venv/bin/python" -c ''; then
    local export=(.venv/bin/uv export -q --locked --no-hashes --no-header --no-annotate --no-emit-workspace)
    .venv/bin/uv venv -q --clear --python "$2" "$venv"
    "${export[@]}" --prune ansible --no-default-groups > "$venv/requirements.txt"
    "${export[@]}" --prune ansible --prune ansible-core > "$venv/constraints.txt"
    .venv/bin/uv pip install -q --python "$venv/bin/python" --requirements "$venv/requirements.txt" \
      --constraints "$venv/constraints.txt" "ansible-core==$1.*" hypothesis pytest
    touch "$venv/.complete"
  fi
  site=$("$venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')
  ln -sfn "$checkout"/.venv/lib/python3.*/site-packages/ansible_collections "$site/ansible_collections"
  echo "$venv"
}

check() { # CORE INTERPRETER
  local venv
  venv=$(make_environment "$1" "$2")
  printf '\n==> ansible-core %s, %s\n' \
    "$("$venv/bin/python" -c 'from ansible import __version__; print(__version__)')" "$("$venv/bin/python" --version)"
  "$venv/bin/python" -m pytest -q --require-services tests/unit/plugins tests/unit/local/plugins
  "$venv/bin/ansible-playbook" --syntax-check -i inventories/prod playbooks/*.yml local/playbooks/*.yml > /dev/null
  VENV=$venv tools/run_sanity.sh
}

# Runs with the Python of Debian trixie, whose /usr replaces that of the machine for this command.
check_on_trixie() { # CORE
  local root=$cache/trixie
  if [ "$(id -u)" != 0 ]; then
    echo "ansible-core $1 needs Python 3.12 or 3.13: install one, or run this as root, which takes Debian's" >&2
    return 1
  fi
  if [ ! -d "$root" ]; then
    mkdir -p "$cache"
    rm -rf "$root.part"
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3-venv \
      trixie "$root.part" "${TEST_DEBIAN_MIRROR:-http://deb.debian.org/debian}"
    mv "$root.part" "$root"
  fi
  # shellcheck disable=SC2016
  unshare --mount --propagation private bash -c 'mount --bind "$1/usr" /usr && shift && exec "$@"' - "$root" \
    env PATH=/usr/bin:/usr/sbin:/bin "$checkout/tools/run_matrix.sh" --with "$1" /usr/bin/python3
}

check_newest() {
  local interpreter
  for interpreter in .venv/bin/python python3.13 python3.12; do
    if "$interpreter" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 12))' 2> /dev/null; then
      check "$NEWEST" "$interpreter"
      return
    fi
  done
  check_on_trixie "$NEWEST"
}

if [ "${1:-}" = --with ]; then
  check "$2" "$3"
  exit
fi
[ $# -gt 0 ] || set -- oldest newest
for which; do
  case $which in
    oldest) check "$OLDEST" .venv/bin/python ;;
    newest) check_newest ;;
    *) echo "$which is unknown: give oldest or newest" >&2 && exit 2 ;;
  esac
done
