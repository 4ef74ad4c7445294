#!/usr/bin/env bash
# Measures how much sooner two ingest processes finish a batch of files than one: as they are, and each held to a core of
# its own, which is what a second machine would add. Release build, on the servers of deploy/services.sh.
#
#   deploy/bench-scale.sh [files] [rows]
#
# Needs curl, psql and taskset.
set -euo pipefail
cd "$(dirname "$0")/.."

files=${1:-16} rows=${2:-200000}
[ -n "${DATACORE_BIN:-}" ] || cargo build --profile dist --quiet
datacore=${DATACORE_BIN:-target/dist/datacore}
work=$(mktemp -d)
port=${PORT:-8124}
api="http://127.0.0.1:$port/api/v1"
name=bench_scale_$$
servers=()

end() {
    [ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
    wait
    psql --quiet "$postgres" -c "DROP DATABASE $name WITH (FORCE)"
    curl -sSf -X DELETE "$RABBITMQ_API/vhosts/$name"
    if [ -n "${started:-}" ]; then deploy/services.sh down; fi
    rm -rf "$work"
}

if deploy/services.sh status | grep -q ': stopped$'; then started=1; fi
deploy/services.sh up
eval "$(deploy/services.sh env)"
postgres=$DATACORE_EVENT_STORE_URL
psql --quiet "$postgres" -c "CREATE DATABASE $name"
trap end EXIT
curl -sSf -X PUT "$RABBITMQ_API/vhosts/$name"
export DATACORE_EVENT_STORE_URL=${postgres%/*}/$name DATACORE_VIEWS_URL=${postgres%/*}/$name
export DATACORE_BUS_URL=${DATACORE_BUS_URL%/*}/$name DATACORE_FRAMES_URL=${DATACORE_FRAMES_URL/\/datacore?/\/$name?}
export DATACORE_CACHE_URL="$DATACORE_CACHE_URL?prefix=$name" DATACORE_FILES_URL="file://$work/files"
export DATACORE_SECRET_KEY="only the figures of this run are signed with it" DATACORE_DATA="$work/data"

json() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
post() { curl -sS --fail-with-body "$api$1" -H "authorization: Bearer ${token:-}" -H 'content-type: application/json' -d "$2"; }
open() { curl -s "http://127.0.0.1:$port/readyz" | grep -o '"open_deliveries":[0-9]*' | cut -d: -f2; }

serve() { # port roles [command in front]
    "${@:3}" "$datacore" serve --role "$2" --listen "127.0.0.1:$1" 2>>"$work/log" &
    servers+=($!)
}

batch() { # what, cores of the ingest processes
    for ((i = 0; i < files; i++)); do
        seed=$((seed + 1))
        "$datacore" generate --rows "$rows" --seed "$seed" |
            curl -sS --fail-with-body "$api/customers/$customer/stores/$store/uploads?filename=$seed.csv" \
                -H "authorization: Bearer $token" -H 'content-type: text/csv' --data-binary @- >/dev/null
    done
    until [ "$(open)" = "$files" ]; do sleep 0.1; done
    local start; start=$(date +%s.%N)
    local first=${#servers[@]} number=0
    for cores in "${@:2}"; do serve $((port + 10 + (number += 1))) ingest taskset -c "$cores"; done
    until [ "$(open)" = 0 ]; do sleep 0.1; done
    echo "| $1 | $(echo "$start $(date +%s.%N)" | awk '{printf "%.1f s", $2 - $1}') |"
    kill "${servers[@]:first}"
    wait "${servers[@]:first}" || true
    servers=("${servers[@]:0:first}")
}

"$datacore" migrate 2>>"$work/log"
serve "$port" api
serve $((port + 1)) relay,project,notify
until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do sleep 0.1; done
post /users '{"email":"bench@example.com","name":"Bench","password":"figures-and-stopwatches"}' >/dev/null
token=$(post /sessions '{"email":"bench@example.com","password":"figures-and-stopwatches"}' | json access_token)
customer=$(post /customers '{"name":"Bench"}' | json id)
store=$(post "/customers/$customer/stores" '{"name":"Bench"}' | json id)
seed=0

echo "| $files files of $rows rows, from the start of the ingest processes until the last dataset | figure |"
echo "|---|---|"
batch "one ingest process" 0,1
batch "two ingest processes" 0,1 0,1
batch "one ingest process on one core" 0
batch "two ingest processes on a core each" 0 1
