#!/usr/bin/env bash
# Brings up the local cluster and its services: bring_up_cluster.sh STATE_DIR [OPTION OF ansible-playbook]…
# The first time the images of the stack are built beside the services, since each of the two keeps one processor busy.
set -euo pipefail
state=$1
shift
play() { ansible-playbook "$1" -i inventories/local "${@:2}"; }

case " $* " in
  *' --check '* | *' -C '* | *'tags'* | *' -t '*) alone=yes ;;
  *) alone=no ;;
esac
if [ "$alone" = yes ] || [ -e "$state/local_cluster.json" ]; then
  play local/playbooks/local.yml "$@"
  exit
fi

play local/playbooks/local.yml --tags local_cluster "$@"
log=$(mktemp)
images=
finish() {
  if [ -n "$images" ]; then kill -- "-$images" 2> /dev/null || true; fi
  rm -f "$log"
}
trap finish EXIT
printf '\nThe images of the stack are built meanwhile.\n'
set -m
play site.yml --tags images "$@" > "$log" 2>&1 < /dev/null &
images=$!
set +m
play local/playbooks/local.yml --skip-tags local_cluster "$@"
printf '\nwaiting for the images of the stack\n'
wait "$images" || printf 'not all could be built; the next phase tries again, and says why if it fails\n'
images=
