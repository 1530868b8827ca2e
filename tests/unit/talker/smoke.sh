#!/bin/sh
# Runs a whole order through ca.c, signet-talker and a real pebble: smoke.sh SMOKE TALKER [NAMES [REPEATS [trace]]].
# Everything on loopback, on ports that are free; nothing is left behind. 77 (skipped) without pebble.
set -eu
smoke=$1 talker=$2 names=${3-1} repeats=${4-1} trace=${5-}
pebble=${PEBBLE-$(command -v pebble || true)}
[ -n "$pebble" ] || exit 77
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/key.pem" -out "$dir/cert.pem" -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
free_ports() { python3 -c 'import socket
s = [socket.socket() for _ in range(2)]
[x.bind(("127.0.0.1", 0)) for x in s]
print(*[x.getsockname()[1] for x in s])'; }
for try in 1 2 3; do
    set -- $(free_ports)
    cat >"$dir/config.json" <<CONF
{"pebble": {"listenAddress": "127.0.0.1:$1", "managementListenAddress": "127.0.0.1:$2",
 "certificate": "$dir/cert.pem", "privateKey": "$dir/key.pem", "httpPort": 5002, "tlsPort": 5001, "ocspResponderURL": ""}}
CONF
    PEBBLE_VA_ALWAYS_VALID=1 PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=${NONCEREJECT-0} PEBBLE_AUTHZREUSE=0 \
        "$pebble" -config "$dir/config.json" >"$dir/log" 2>&1 &
    pid=$!
    n=0
    until grep -q "ACME directory available" "$dir/log" || [ $n -ge 100 ]; do
        kill -0 "$pid" 2>/dev/null || break
        n=$((n + 1))
        sleep 0.05
    done
    kill -0 "$pid" 2>/dev/null && break
done
rc=0
"$smoke" "$talker" "https://127.0.0.1:$1/dir" "$dir/cert.pem" "$names" "$repeats" $trace || rc=$?
echo "requests: $(grep -c -E '(GET|HEAD|POST) /' "$dir/log")"
[ -z "${KEEP_LOG-}" ] || cp "$dir/log" "$KEEP_LOG"
exit $rc
