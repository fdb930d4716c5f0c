#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes a file of make with the variables that `make local` was given: remember_options.sh FILE NAME=VALUE…
# The file is for its owner only: the address of a source may hold a token.
set -euo pipefail
umask 077
printf '%s\n' "${@:2}" | sed -e 's/[$]/$$/g' -e 's/#/\\#/g' -e 's/=/ ?= /' > "$1.new"
mv "$1.new" "$1"
