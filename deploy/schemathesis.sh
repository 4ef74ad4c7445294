#!/usr/bin/env bash
# Sends what schemathesis makes up from the OpenAPI document to a running service: no answer may be a 5xx, have an
# undocumented status or content type, or be none at all. Takes about two minutes. Needs Python 3 with venv.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${DATACORE_BIN:-}" ] || cargo build --quiet
datacore=${DATACORE_BIN:-target/debug/datacore}
tools=target/schemathesis
[ -x "$tools/bin/schemathesis" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet 'schemathesis==4.*'; }
work=$(mktemp -d)
port=${PORT:-8127}
api="http://127.0.0.1:$port/api/v1"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

"$datacore" serve --data "$work" --listen "127.0.0.1:$port" 2>"$work/log" &
server=$!
until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do
    kill -0 "$server" 2>/dev/null || { echo "the service does not start:" && cat "$work/log" && exit 1; }
    sleep 0.1
done

json() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
post() { curl -sS --fail-with-body "$api$1" -H "authorization: Bearer ${token:-}" -H 'content-type: application/json' -H 'prefer: wait=60' -d "$2" "${@:3}"; }
user='"email":"schemathesis@example.com","password":"made-up-by-schemathesis"'
post /users "{$user,\"name\":\"Schemathesis\"}" >/dev/null
token=$(post /sessions "{$user}" | json access_token)
customer=$(post /customers '{"name":"Made up"}' | json id)
store=$(post "/customers/$customer/stores" '{"name":"Made up"}' | json id)
"$datacore" generate --rows 2000 >"$work/purchases.csv"
upload=$(curl -sS "$api/customers/$customer/stores/$store/uploads" -H "authorization: Bearer $token" -H 'prefer: wait=60' -F "file=@$work/purchases.csv")
# The dialect of the document's example, so that sending the example changes nothing: another one makes another dataset.
dialect=$("$datacore" openapi | "$tools/bin/python" -c 'import json, sys
print(json.dumps(json.load(sys.stdin)["components"]["examples"]["DialectChoice"]["value"]))')
upload=$(post "/customers/$customer/uploads/$(json id <<<"$upload")/dialect" "$dialect" -X PUT)
report=$(post "/customers/$customer/reports" '{"clusters":3}' | json id)

# Real ids, so that requests get past the door; what would end the customer or the session is left alone.
cat >"$work/schemathesis.toml" <<TOML
[parameters]
"path.customer_id" = "$customer"
"path.store_id" = "$store"
"path.upload_id" = "$(json id <<<"$upload")"
"path.dataset_id" = "$(json dataset_id <<<"$upload")"
"path.report_id" = "$report"
TOML
"$tools/bin/schemathesis" --config-file "$work/schemathesis.toml" run "http://127.0.0.1:$port/openapi.json" \
    --header "Authorization: Bearer $token" --seed "${SEED:-1}" --max-examples "${EXAMPLES:-20}" --phases examples,fuzzing \
    --checks not_a_server_error,status_code_conformance,content_type_conformance \
    --exclude-path-regex '/(stream|sessions|users/me)$|/users/me/password|/sessions/' --request-timeout 70 \
    --exclude-operation-id close_customer --exclude-operation-id delete_upload --exclude-operation-id close_store \
    --no-color
! grep -q '"level":"ERROR"' "$work/log" || { grep '"level":"ERROR"' "$work/log" | head; exit 1; }
