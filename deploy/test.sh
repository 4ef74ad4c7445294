#!/usr/bin/env bash
# Checks everything that must hold before a change lands. Needs Rust (with rustfmt and clippy) and a C compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
    printf '\n==> %s\n' "$*"
    "$@"
}

run cargo fmt --all --check
run cargo clippy --workspace --all-targets --locked -- -D warnings
run cargo test --workspace --locked

# cargo-deny is used where it is installed. Building it would take a third of the time that a run on a small machine has,
# and what must not slip through unseen (a second sqlx, a source beside crates.io) api/tests/architecture.rs checks too.
# Advisories are not part of this: they change without us, and a change that was good yesterday must not fail today.
if command -v cargo-deny >/dev/null; then
    run cargo deny --locked check bans licenses sources
else
    printf '\n==> cargo-deny is not installed: licences are not checked (cargo install cargo-deny --locked)\n'
fi

printf '\nAll is well.\n'
