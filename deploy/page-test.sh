#!/usr/bin/env bash
# Tests the page: its types against the interface's document, its words, requests and drawing in Node.js, and a person's
# way through it in a browser over the demo.
#     deploy/page-test.sh [program]
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/page-tools.sh

"$DATACORE_BIN" openapi | node "$page/test/contract.js" | diff -u "$page/service.d.ts" - ||
    fail "the interface has changed: datacore openapi | node api/page/test/contract.js >api/page/service.d.ts"
npm --prefix "$page" run --silent types
npm --prefix "$page" run --silent test
npm --prefix "$page" run --silent browser
