#!/usr/bin/env bash
# Checks the OpenAPI document that the program prints, as those will who generate a client from it: openapi-spec-validator
# (is it valid?), and the rules of Redocly and of Spectral (is it good?), without an error or a warning. Takes seconds, the
# first time half a minute to install them below target. Needs Python 3 with venv, and Node.js 20 or newer with npm.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${DATACORE_BIN:-}" ] || cargo build --quiet
datacore=${DATACORE_BIN:-target/debug/datacore}
tools=target/openapi-lint
rules=deploy/openapi

# Installs anew only what another version was asked for.
mkdir -p "$tools"
if ! cmp -s "$rules/requirements.txt" "$tools/requirements.txt"; then
    python3 -m venv --clear "$tools/python"
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$rules/requirements.txt"
    cp "$rules/requirements.txt" "$tools"
fi
if ! cmp -s "$rules/package-lock.json" "$tools/node_modules/of-package-lock.json"; then
    cp "$rules/package.json" "$rules/package-lock.json" "$rules/.npmrc" "$tools"
    npm ci --prefix "$tools" --silent
    cp "$rules/package-lock.json" "$tools/node_modules/of-package-lock.json"
fi

document=$tools/openapi.json
"$datacore" openapi >"$document"
"$tools/python/bin/openapi-spec-validator" "$document"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "$tools/node_modules/.bin/redocly" lint --config "$rules/redocly.yaml" "$document"
"$tools/node_modules/.bin/spectral" lint --ruleset "$rules/spectral.yaml" --fail-severity hint "$document"
