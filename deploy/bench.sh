#!/usr/bin/env bash
# Measures the embedded profile from outside, with the release build: throughput and memory of ingest, cost of reports,
# requests per second. Prints one line for each figure. Needs curl; wrk for requests per second (skipped aloud without).
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${DATACORE_BIN:-}" ] || cargo build --release --quiet
datacore=${DATACORE_BIN:-target/release/datacore}
work=$(mktemp -d)
port=${PORT:-8123}
api="http://127.0.0.1:$port/api/v1"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

json() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
number() { grep -o "\"$1\":[0-9.]*" | head -1 | cut -d: -f2; }
post() { curl -sS --fail-with-body "$api$1" -H "authorization: Bearer ${token:-}" -H 'content-type: application/json' -H 'prefer: wait=60' -d "$2"; }
now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{printf "%.2f", $2 - $1}'; }
memory() { awk -v key="$1:" '$1 == key {printf "%d", $2 / 1024}' "/proc/$server/status"; }

serve() {
    "$datacore" serve --data "$work/$1" --listen "127.0.0.1:$port" 2>"$work/$1.log" &
    server=$!
    until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do sleep 0.1; done
    post /users '{"email":"bench@example.com","name":"Bench","password":"bench-password"}' >/dev/null
    token=$(post /sessions '{"email":"bench@example.com","password":"bench-password"}' | json access_token)
    customer=$(post /customers '{"name":"Bench"}' | json id)
    store=$(post "/customers/$customer/stores" '{"name":"Bench"}' | json id)
}

stop() { kill "$server"; wait "$server" || true; server=; token=; }

# From the first byte sent until the dataset is ready.
ingest() {
    local start; start=$(now)
    id=$(curl -sS --fail-with-body "$api/customers/$customer/stores/$store/uploads?filename=$(basename "$1")" -H "authorization: Bearer $token" \
        -H 'content-type: text/csv' -H 'prefer: wait=60' -T "$1" -X POST | json id)
    until curl -sS "$api/customers/$customer/uploads/$id" -H "authorization: Bearer $token" -H 'prefer: wait=60' | grep -q '"status":"ready"'; do :; done
    seconds=$(since "$start")
}

measure() { # rows shoppers
    "$datacore" generate --rows "$1" --shoppers "$2" --seed 1 >"$work/purchases.csv"
    local megabytes; megabytes=$(du -m --apparent-size "$work/purchases.csv" | cut -f1)
    serve "rows-$1"
    local idle; idle=$(memory VmRSS)
    ingest "$work/purchases.csv"
    echo "ingest: $1 rows, $megabytes MB, $seconds s, $(echo "$megabytes $seconds" | awk '{printf "%.0f", $1 / $2}') MB/s, peak memory $(($(memory VmHWM) - idle)) MiB over $idle MiB idle"
    for question in '{"clusters":5}' '{}'; do
        local start; start=$(now)
        post "/customers/$customer/reports" "$question" | grep -q '"status":"completed"'
        echo "report: $1 rows, $2 shoppers, $question, $(since "$start") s"
    done
}

measure 500000 20000; stop
measure 5000000 20000
if command -v wrk >/dev/null; then
    for path in uploads reports "datasets"; do
        echo "list $path: $(wrk -t1 -c16 -d5s -H "authorization: Bearer $token" "$api/customers/$customer/$path" | awk '/Requests\/sec/ {print $2}') requests/s"
    done
else
    echo "requests per second: not measured, wrk is not installed"
fi
stop
