#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What to do once `make local` is through: print_next_steps.sh ADDRESS:PORT
set -euo pipefail
port=${1##*:}
cat << TEXT

The map             http://$1/
from your desk      ssh -L $port:127.0.0.1:$port root@$(hostname -f 2> /dev/null || hostname)    then http://127.0.0.1:$port/
kubectl, helm, argo export KUBECONFIG=/var/lib/cosmogony-stack/kubeconfig PATH=\$PATH:/var/lib/cosmogony-stack/bin

Next: make status, make logs, make down; a small map: make local SAMPLE=liechtenstein
Your own extract: make local SOURCE=https://… COUNTRY=xx
TEXT
