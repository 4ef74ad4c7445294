#!/usr/bin/env bash
# Checks everything that must hold before a change lands. Needs Rust (with rustfmt and clippy), a C compiler and Node.js, and
# starts the servers of the distributed profile itself; on a fresh Debian it installs them and Chromium, which takes root.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
    printf '\n==> %s\n' "$*"
    "$@"
}

run cargo fmt --all --check

# What ran before goes on running; what is started here ends here, also when a test fails.
if deploy/services.sh status | grep ': stopped$' >/dev/null; then
    trap 'deploy/services.sh down' EXIT
fi
run deploy/services.sh up

run cargo clippy --workspace --all-targets --locked -- -D warnings
run cargo test --workspace --locked
# The page, in a browser; the build of the tests has left the program in target/debug.
run deploy/page-test.sh
# The whole-app suite again, on the servers.
run env DATACORE_TEST_PROFILE=distributed cargo test --workspace --locked --test it

# The OpenAPI document, as those read it who generate clients: seconds, and half a minute to install that the first time.
run deploy/openapi-lint.sh

# What schemathesis makes up from the OpenAPI document: two minutes.
run deploy/schemathesis.sh

# cargo-deny is used where it is installed. Building it would take a third of the time that a run on a small machine has,
# and what must not slip through unseen (a second sqlx, a source beside crates.io) api/tests/architecture checks too.
# Advisories are not part of this: they change without us, and a change that was good yesterday must not fail today.
if command -v cargo-deny >/dev/null; then
    run cargo deny --locked check bans licenses sources
else
    printf '\n==> cargo-deny is not installed: licences are not checked (cargo install cargo-deny --locked)\n'
fi

printf '\nAll is well.\n'
