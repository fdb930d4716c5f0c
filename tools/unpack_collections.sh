#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the collections and unpacks them as those that are installed: unpack_collections.sh FOLDER
# FOLDER then holds the archives, and ansible_collections with these collections and those that they stand on.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
venv=${VENV:-$PWD/.venv}

"$venv/bin/ansible-galaxy" collection build --output-path "$folder" . local > /dev/null
for name in stack local; do
  mkdir -p "$folder/ansible_collections/cosmogony/$name"
  tar -xzf "$folder"/cosmogony-$name-*.tar.gz -C "$folder/ansible_collections/cosmogony/$name"
done

installed=$("$venv/bin/python" -c 'import ansible_collections; print(*ansible_collections.__path__)')
for name in kubernetes/core community/docker community/postgresql; do
  mkdir -p "$folder/ansible_collections/${name%/*}"
  ln -s "$installed/$name" "$folder/ansible_collections/$name"
done
