#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the collections as Galaxy does when they are published there.
set -euo pipefail
cd "$(dirname "$0")/.."
config=$PWD/.config/galaxy-importer
requirements=$config/requirements.txt
# A separate environment, because it needs versions of attrs and flake8 that conflict with the tools of the checkout.
venv=${XDG_CACHE_HOME:-$HOME/.cache}/cosmogony-stack/galaxy-importer/$(sha256sum "$requirements" | cut -c 1-8)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -e "$venv/.complete" ]; then
  .venv/bin/uv venv -q --clear --python .venv/bin/python "$venv"
  .venv/bin/uv pip install -q --python "$venv" --require-hashes -r "$requirements"
  touch "$venv/.complete"
fi

tools/unpack_collections.sh "$work"
# Galaxy requires the address of a public repository, which does not exist yet, so the check gets an example.
.venv/bin/python - "$work"/cosmogony-*.tar.gz << 'PYTHON'
import io
import json
import sys
import tarfile

for archive in sys.argv[1:]:
    with tarfile.open(archive) as built:
        members = [(member, built.extractfile(member).read() if member.isfile() else b"") for member in built]
    with tarfile.open(archive, "w:gz") as checked:
        for member, content in members:
            if member.name == "MANIFEST.json":
                manifest = json.loads(content)
                information = manifest["collection_info"]
                information["repository"] = information["repository"] or "https://example.org/cosmogony/stack"
                content = json.dumps(manifest).encode()
                member.size = len(content)
            checked.addfile(member, io.BytesIO(content))
PYTHON

# Our documentation refers to that of these collections, which Galaxy knows.
known=$("$venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')/ansible_collections
mkdir -p "$known/cosmogony"
ln -sfn "$work/ansible_collections/kubernetes" "$known/kubernetes"
ln -sfn "$work/ansible_collections/cosmogony/stack" "$known/cosmogony/stack"

cd "$work" # it writes its report to the current folder
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH
export PATH=$venv/bin:/usr/bin:/bin GALAXY_IMPORTER_CONFIG=$config/galaxy-importer.cfg
for artifact in cosmogony-*.tar.gz; do
  python -m galaxy_importer.main "$artifact" | tee -a log
done
# galaxy-importer always warns of the files tests/sanity/ignore-*.txt, whose lines all have reasons.
if grep -E '^(WARNING|ERROR)' log | grep -qv 'Ignore files skip ansible-test sanity tests'; then
  echo "galaxy-importer has warned, see above" >&2
  exit 1
fi
