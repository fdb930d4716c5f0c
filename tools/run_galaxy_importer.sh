#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the collection as Galaxy does when it is published there.
set -euo pipefail
cd "$(dirname "$0")/.."
config=$PWD/.config/galaxy-importer
requirements=$config/requirements.txt
# A separate environment: it needs versions of attrs and flake8 that the tools of the checkout do not go with.
venv=${XDG_CACHE_HOME:-$HOME/.cache}/cosmogony-stack/galaxy-importer/$(sha256sum "$requirements" | cut -c 1-8)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -e "$venv/.complete" ]; then
  .venv/bin/uv venv -q --clear --python .venv/bin/python "$venv"
  .venv/bin/uv pip install -q --python "$venv" --require-hashes -r "$requirements"
  touch "$venv/.complete"
fi

tools/unpack_collection.sh "$work"
artifact=$(ls "$work"/cosmogony-stack-*.tar.gz)
# Galaxy wants the address of a public repository, which there is not yet: the check is given one.
.venv/bin/python - "$artifact" << 'PYTHON'
import io
import json
import sys
import tarfile

with tarfile.open(sys.argv[1]) as built:
    members = [(member, built.extractfile(member).read() if member.isfile() else b"") for member in built]
with tarfile.open(sys.argv[1], "w:gz") as checked:
    for member, content in members:
        if member.name == "MANIFEST.json":
            manifest = json.loads(content)
            information = manifest["collection_info"]
            information["repository"] = information["repository"] or "https://example.org/cosmogony/stack"
            content = json.dumps(manifest).encode()
            member.size = len(content)
        checked.addfile(member, io.BytesIO(content))
PYTHON

# Our documentation refers to that of kubernetes.core, which Galaxy has.
known=$("$venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')/ansible_collections
mkdir -p "$known"
ln -sfn "$work/ansible_collections/kubernetes" "$known/kubernetes"

cd "$work" # it leaves its report in the folder that it runs in
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH
export PATH=$venv/bin:/usr/bin:/bin GALAXY_IMPORTER_CONFIG=$config/galaxy-importer.cfg
python -m galaxy_importer.main "$artifact" | tee log
# That there are files tests/sanity/ignore-*.txt is always said; each of their lines has its reason.
if grep -E '^(WARNING|ERROR)' log | grep -qv 'Ignore files skip ansible-test sanity tests'; then
  echo "galaxy-importer has warned, see above" >&2
  exit 1
fi
