#!/usr/bin/env bash
# Measures what sign-ins cost others: whether their time tells known addresses from unknown ones, and what 2,000 attempts
# a minute from one address do to the requests of somebody else. Release build; needs Python 3, nothing more.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${DATACORE_BIN:-}" ] || cargo build --profile dist --quiet
datacore=${DATACORE_BIN:-target/dist/datacore}
work=$(mktemp -d)
port=${PORT:-8128}
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

serve() {
    "$datacore" serve --data "$work/$1" --listen "127.0.0.1:$port" "${@:2}" 2>"$work/$1.log" &
    server=$!
    until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do sleep 0.1; done
}
stop() { kill "$server"; wait "$server" || true; server=; }

serve timing --limit-sign-ins 0
python3 deploy/sign_ins.py timing "http://127.0.0.1:$port" "${ATTEMPTS:-1500}"
stop
serve flood
python3 deploy/sign_ins.py flood "http://127.0.0.1:$port" "${SECONDS_EACH:-20}"
stop
