#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the connection URL for Martin from POSTGRES_*. The password is never in an argument list: printf is a builtin of
# the shell, and the other programs read it from a pipe.
set -eu

fail() {
    echo "tiles: $1" >&2
    exit 1
}

encode() {
    printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

for name in POSTGRES_HOST POSTGRES_DB POSTGRES_USER POSTGRES_PASSWORD; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || fail "$name is not set; set it in the environment"
done
port=${POSTGRES_PORT:-5432}
case $port in
    *[!0-9]*) fail "POSTGRES_PORT is '$port', not a number" ;;
esac
case ${POSTGRES_SSLMODE:-prefer} in
    disable) sslmode=disable ;;
    allow | prefer) sslmode=prefer ;;
    require | verify-ca | verify-full) sslmode=$POSTGRES_SSLMODE ;;
    *) fail "POSTGRES_SSLMODE is '$POSTGRES_SSLMODE', not one of disable, allow, prefer, require, verify-ca, verify-full" ;;
esac

DATABASE_URL="postgresql://$(encode "$POSTGRES_USER"):$(encode "$POSTGRES_PASSWORD")@$(encode "$POSTGRES_HOST"):$port"
DATABASE_URL="$DATABASE_URL/$(encode "$POSTGRES_DB")?sslmode=$sslmode&application_name=cosmogony-tiles"
export DATABASE_URL
unset POSTGRES_PASSWORD value

# Martin with a configuration file ignores PGSSLROOTCERT, so its value is given as an option.
exec martin --config "${TILES_CONFIG:-/etc/martin/martin.yaml}" ${PGSSLROOTCERT:+--ca-root-file "$PGSSLROOTCERT"}
