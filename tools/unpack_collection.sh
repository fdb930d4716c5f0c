#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the collection and unpacks it as one that is installed: unpack_collection.sh FOLDER
# FOLDER then holds the archive, and ansible_collections with this collection and those that it stands on.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
venv=${VENV:-$PWD/.venv}

"$venv/bin/ansible-galaxy" collection build --output-path "$folder" > /dev/null
mkdir -p "$folder/ansible_collections/cosmogony/stack"
tar -xzf "$folder"/cosmogony-stack-*.tar.gz -C "$folder/ansible_collections/cosmogony/stack"

installed=$("$venv/bin/python" -c 'import ansible_collections; print(*ansible_collections.__path__)')
for name in kubernetes/core community/docker; do
  mkdir -p "$folder/ansible_collections/${name%/*}"
  ln -s "$installed/$name" "$folder/ansible_collections/$name"
done
