#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs ansible-test sanity on the published form of the collections: run_sanity.sh [OPTION OF ansible-test sanity]…
# VENV names another environment, whose ansible-core is used.
set -euo pipefail
cd "$(dirname "$0")/.."
export VENV=${VENV:-$PWD/.venv}
python=$("$VENV/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
core=$("$VENV/bin/python" -c 'from importlib.metadata import version; print(version("ansible-core"))')
# The folder is kept between runs: ansible-test creates an environment for each of its tests in it.
home=${XDG_CACHE_HOME:-$HOME/.cache}/cosmogony-stack/ansible-test/$core-python$python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

options=(
  --venv
  --python "$python"
  --color no
  # The collections have neither shell nor PowerShell scripts to look at.
  --skip-test shellcheck
  --skip-test pslint
)
# Programs and their images are checked by ruff, mypy and their own tests; the rules here are for plugins.
# The templates of a Helm chart are not YAML.
declare -A excluded=(
  [stack]="images/ roles/chart/files/"
  [local]="roles/local_cluster/files/ roles/samples/files/"
)

# ansible-test would download the bootstrap script of pip from a server of the Ansible project. Python includes pip, so
# a script that installs it takes the place of the download.
pip=$("$VENV/bin/python" - "$python" << 'PYTHON'
import sys
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

print(get_venv_packages(SimpleNamespace(version=sys.argv[1]))["pip"].replace(".", "_"))
PYTHON
)
mkdir -p "$home/.ansible/test/cache"
cat > "$home/.ansible/test/cache/get_pip_$pip.py" << 'PYTHON'
import ensurepip

ensurepip.bootstrap(default_pip=True)
PYTHON

tools/unpack_collections.sh "$work"
for name in stack local; do
  echo "==> cosmogony.$name"
  cd "$work/ansible_collections/cosmogony/$name"
  # shellcheck disable=SC2086
  HOME=$home XDG_CACHE_HOME=$home/.cache PATH=$VENV/bin:$PATH "$VENV/bin/ansible-test" sanity "${options[@]}" \
    $(printf -- '--exclude %s ' ${excluded[$name]}) "$@"
done
