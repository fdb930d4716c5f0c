#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Renders nginx's configuration into RUN_DIR, with values from the environment, then runs nginx.
set -eu

: "${API_UPSTREAM:=cosmogony-api:8000}"
: "${TILES_ENGINE:=martin}"
: "${TILES_UPSTREAM:=cosmogony-tiles:3000}"
: "${TILES_FALLBACK_UPSTREAM:=}"
: "${TILE_CACHE_SIZE:=1g}"
: "${BASE_PATH:=}"
: "${REQUESTS_PER_SECOND:=0}"
: "${TRUSTED_PROXIES:=}"
: "${WORKER_PROCESSES:=2}"
: "${RUN_DIR:=/tmp/nginx}"
: "${CACHE_DIR:=/var/cache/nginx}"
: "${SITE_DIR:=/usr/share/cosmogony-web/site}"
: "${TEMPLATE_DIR:=/usr/share/cosmogony-web/nginx}"
: "${ACCESS_LOG:=/dev/stdout json}"
: "${RESOLV_CONF:=/etc/resolv.conf}"
CONF_DIR=$RUN_DIR/conf

fail() {
    echo "web: $1" >&2
    exit 1
}

# nginx does not read resolv.conf, so its name servers are written into nginx's directive `resolver`, and its search domain
# completes short host names.
print_name_servers() {
    sed -n 's/^nameserver[[:space:]]\{1,\}\([^[:space:]%]*\).*$/\1/p' "$RESOLV_CONF" 2>/dev/null |
        sed 's/^\(.*:.*\)$/[\1]/' | tr '\n' ' '
}

print_search_domain() {
    sed -n 's/^search[[:space:]]\{1,\}\([^[:space:]]*\).*$/\1/p' "$RESOLV_CONF" 2>/dev/null | tail -n 1
}

# ADDRESS VARIABLE: prints HOST:PORT with the search domain; VARIABLE is named in errors.
complete_address() {
    host=${1%:*}
    port=${1##*:}
    case $1 in *:[0-9]*) ;; *) fail "$2 must be HOST:PORT, not '$1'" ;; esac
    case $host in
        *[!A-Za-z0-9._:\[\]-]*) fail "$2 holds characters that no host name has: '$1'" ;;
        localhost | *.* | \[*) echo "$host:$port" ;;
        *)
            domain=$(print_search_domain)
            echo "$host${domain:+.$domain}:$port"
            ;;
    esac
}

print_listen_directives() {
    if [ -n "${LISTEN:-}" ]; then
        echo "listen $LISTEN;"
    elif [ -s /proc/net/if_inet6 ]; then
        echo "listen 8080; listen [::]:8080;"
    else
        echo "listen 8080;"
    fi
}

: "${RESOLVER:=$(print_name_servers)}"
[ -n "$RESOLVER" ] || RESOLVER=127.0.0.1
API_UPSTREAM=$(complete_address "$API_UPSTREAM" API_UPSTREAM)
TILES_UPSTREAM=$(complete_address "$TILES_UPSTREAM" TILES_UPSTREAM)
[ -z "$TILES_FALLBACK_UPSTREAM" ] ||
    TILES_FALLBACK_UPSTREAM=$(complete_address "$TILES_FALLBACK_UPSTREAM" TILES_FALLBACK_UPSTREAM)
LISTEN=$(print_listen_directives)
case $TILES_ENGINE in
    martin) other_engine=trex ;;
    trex) other_engine=martin ;;
    *) fail "TILES_ENGINE is '$TILES_ENGINE', wanted martin or trex" ;;
esac

BASE_PATH=${BASE_PATH%/}
case $BASE_PATH in
    '') ;;
    *[!A-Za-z0-9._~/-]* | *//* | */.*) fail "BASE_PATH is '$BASE_PATH', wanted a path such as /maps" ;;
    /*) ;;
    *) fail "BASE_PATH is '$BASE_PATH', wanted a path that begins with a slash, such as /maps" ;;
esac

mkdir -p "$CONF_DIR" "$CACHE_DIR" || fail "$RUN_DIR and $CACHE_DIR must be writable for user $(id -u)"
[ -w "$CACHE_DIR" ] || fail "$CACHE_DIR is not writable for user $(id -u): mount a volume there"

# TEMPLATE FILE: writes a file of nginx's configuration, with the values of the variables.
render() {
    sed \
        -e "s|@API_UPSTREAM@|$API_UPSTREAM|g" -e "s|@TILES_UPSTREAM@|$TILES_UPSTREAM|g" \
        -e "s|@TILES_FALLBACK_UPSTREAM@|$TILES_FALLBACK_UPSTREAM|g" \
        -e "s|@RESOLVER@|$RESOLVER|g" -e "s|@LISTEN@|$LISTEN|g" -e "s|@ACCESS_LOG@|$ACCESS_LOG|g" \
        -e "s|@BASE_PATH@|$BASE_PATH|g" \
        -e "s|@TILE_CACHE_SIZE@|$TILE_CACHE_SIZE|g" -e "s|@WORKER_PROCESSES@|$WORKER_PROCESSES|g" \
        -e "s|@RUN_DIR@|$RUN_DIR|g" -e "s|@CACHE_DIR@|$CACHE_DIR|g" \
        -e "s|@SITE_DIR@|$SITE_DIR|g" -e "s|@CONF_DIR@|$CONF_DIR|g" "$1" >"$2"
}

render "$TEMPLATE_DIR/nginx.conf.in" "$RUN_DIR/nginx.conf"
for file in "$TEMPLATE_DIR"/conf/*.conf; do
    case $file in */tile-server-*) continue ;; esac
    render "$file" "$CONF_DIR/${file##*/}"
done

# A site below a path works whether the proxy in front removes BASE_PATH from the requests or not.
if [ -n "$BASE_PATH" ]; then
    render "$TEMPLATE_DIR/base-path.conf.in" "$CONF_DIR/base-path.conf"
else
    : >"$CONF_DIR/base-path.conf"
fi

# The limit of requests of one client to the API: bursts of two seconds are not delayed.
case $REQUESTS_PER_SECOND in
    *[!0-9]* | '') fail "REQUESTS_PER_SECOND is '$REQUESTS_PER_SECOND', wanted a whole number, 0 for no limit" ;;
esac
: >"$CONF_DIR/client-address.conf"
: >"$CONF_DIR/rate-limit.conf"
if [ "$REQUESTS_PER_SECOND" -gt 0 ]; then
    echo "limit_req_zone \$binary_remote_addr zone=clients:10m rate=${REQUESTS_PER_SECOND}r/s;" >>"$CONF_DIR/client-address.conf"
    echo "limit_req zone=clients burst=$((REQUESTS_PER_SECOND * 2)) nodelay; limit_req_status 429;" >"$CONF_DIR/rate-limit.conf"
fi
# Behind a proxy the client's address is the last one in X-Forwarded-For that is not a trusted proxy.
if [ -n "$TRUSTED_PROXIES" ]; then
    for proxy in $TRUSTED_PROXIES; do
        case $proxy in *[!0-9A-Fa-f.:/]*) fail "TRUSTED_PROXIES has '$proxy', wanted addresses or networks such as 10.0.0.0/8" ;; esac
        echo "set_real_ip_from $proxy;" >>"$CONF_DIR/client-address.conf"
    done
    echo "real_ip_header X-Forwarded-For; real_ip_recursive on;" >>"$CONF_DIR/client-address.conf"
fi

# ENGINE PLACE NAMED_LOCATION: writes the locations of tile server ENGINE (martin, trex), which is asked as PLACE (first,
# second); NAMED_LOCATION gets the requests that none of its pods answers.
render_tile_server() {
    render "$TEMPLATE_DIR/conf/tile-server-$1.conf" "$RUN_DIR/tile-server"
    sed -e "s|@PLACE@|$2|g" -e "s|@AWAY@|$3|g" "$RUN_DIR/tile-server" >"$CONF_DIR/tile-server-$2.conf"
}

: >"$CONF_DIR/tile-server-second.conf"
if [ -n "$TILES_FALLBACK_UPSTREAM" ]; then
    render_tile_server "$TILES_ENGINE" first @second_tile_server
    render_tile_server "$other_engine" second @tiles_unavailable
else
    render_tile_server "$TILES_ENGINE" first @tiles_unavailable
fi

exec nginx -e stderr -c "$RUN_DIR/nginx.conf" -g 'daemon off;' "$@"
