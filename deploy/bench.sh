#!/usr/bin/env bash
# Measures a profile from outside, with the build for production: throughput and memory of ingest, cost of reports, requests per
# second from the cache and from the views. Prints one line for each figure.
#
#   deploy/bench.sh                 the embedded profile
#   deploy/bench.sh distributed     every role in one process on the servers of deploy/services.sh
#
# Needs curl; wrk for requests per second (skipped aloud without).
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${1:-embedded}
[ -n "${DATACORE_BIN:-}" ] || cargo build --profile dist --quiet
datacore=${DATACORE_BIN:-target/dist/datacore}
work=$(mktemp -d)
port=${PORT:-8123}
api="http://127.0.0.1:$port/api/v1"
server=
name=bench_$$

end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" || true
    [ "$profile" != distributed ] || leave_servers
    rm -rf "$work"
}

# Places of its own on the servers, so that nothing of another run is in the figures.
enter_servers() {
    if deploy/services.sh status | grep ': stopped$' >/dev/null; then started=1; fi
    deploy/services.sh up
    eval "$(deploy/services.sh env)"
    postgres=$DATACORE_EVENT_STORE_URL
    psql --quiet "$postgres" -c "CREATE DATABASE $name"
    curl -sSf -X PUT "$RABBITMQ_API/vhosts/$name"
    export DATACORE_EVENT_STORE_URL=${postgres%/*}/$name DATACORE_VIEWS_URL=${postgres%/*}/$name
    export DATACORE_BUS_URL=${DATACORE_BUS_URL%/*}/$name DATACORE_FRAMES_URL=${DATACORE_FRAMES_URL/\/datacore?/\/$name?}
    export DATACORE_CACHE_URL="$DATACORE_CACHE_URL?prefix=$name" DATACORE_FILES_URL="file://$work/files"
    export DATACORE_SECRET_KEY="only the figures of this run are signed with it"
}

leave_servers() {
    psql --quiet "$postgres" -c "DROP DATABASE $name WITH (FORCE)"
    curl -sSf -X DELETE "$RABBITMQ_API/vhosts/$name"
    if [ -n "${started:-}" ]; then deploy/services.sh down; fi
}

trap end EXIT
case $profile in
    embedded) ;;
    distributed) enter_servers ;;
    *) echo "there are the profiles embedded and distributed" >&2 && exit 2 ;;
esac

json() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
post() { curl -sS --fail-with-body "$api$1" -H "authorization: Bearer ${token:-}" -H 'content-type: application/json' -H 'prefer: wait=60' -d "$2"; }
now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{printf "%.2f", $2 - $1}'; }
memory() { awk -v key="$1:" '$1 == key {printf "%d", $2 / 1024}' "/proc/$server/status"; }

serve() { # folder
    "$datacore" serve --data "$work/$1" --listen "127.0.0.1:$port" 2>>"$work/$1.log" &
    server=$!
    until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do sleep 0.1; done
}

sign_up() { # name
    local user="{\"email\":\"$1@example.com\",\"name\":\"Bench\",\"password\":\"figures-and-stopwatches\"}"
    post /users "$user" >/dev/null
    token=$(post /sessions "{\"email\":\"$1@example.com\",\"password\":\"figures-and-stopwatches\"}" | json access_token)
    customer=$(post /customers '{"name":"Bench"}' | json id)
    store=$(post "/customers/$customer/stores" '{"name":"Bench"}' | json id)
}

stop() { kill "$server"; wait "$server" || true; server=; }

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
    token=
    serve "rows-$1"
    sign_up "rows-$1"
    local idle; idle=$(memory VmRSS)
    ingest "$work/purchases.csv"
    echo "ingest: $1 rows, $megabytes MB, $seconds s, $(echo "$megabytes $seconds" | awk '{printf "%.0f", $1 / $2}') MB/s, peak memory $(($(memory VmHWM) - idle)) MiB over $idle MiB idle"
    for question in '{"clusters":5}' '{}'; do
        local start; start=$(now)
        report=$(post "/customers/$customer/reports" "$question")
        grep -q '"status":"completed"' <<<"$report"
        echo "report: $1 rows, $2 shoppers, $question, $(since "$start") s"
    done
    report=$(json id <<<"$report")
}

requests() { # where the answers come from
    for path in "uploads" "datasets" "reports" "reports/$report"; do
        echo "$([ "${path#*/}" = "$path" ] && echo "list $path" || echo "get a report"), $1: $(wrk -t1 -c16 -d5s -H "authorization: Bearer $token" \
            "$api/customers/$customer/$path" | awk '/Requests\/sec/ {print $2} /Non-2xx/ {print "failed"}') requests/s"
    done
}

# deploy/bench-ingest.sh measures one file of its own, several times.
if [ -n "${INGEST_FILE:-}" ]; then
    for run in $(seq "${INGEST_RUNS:-3}"); do
        serve "run-$run"
        sign_up "run-$run"
        idle=$(memory VmRSS)
        ingest "$INGEST_FILE"
        echo "$seconds $(($(memory VmHWM) - idle))"
        stop
    done
    exit
fi

measure 500000 20000; stop
measure 5000000 20000
if command -v wrk >/dev/null; then
    requests "from the cache"
    stop
    # A cache that is away is none, so every answer comes from the views.
    DATACORE_CACHE_URL=redis://127.0.0.1:1/0 serve rows-5000000
    requests "from the views"
else
    echo "requests per second: not measured, wrk is not installed"
fi
