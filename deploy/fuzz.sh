#!/usr/bin/env bash
# Looks for inputs that break the CSV reader or the request parsers, guided by coverage: `deploy/fuzz.sh [seconds for each
# target] [target…]`. Targets are those in deploy/fuzz/src. Needs a C++ compiler; the first build takes about 20 minutes on
# two cores. What is found lies in target/fuzz; begin again where the last run ended, or from the kept corpus alone.
set -euo pipefail
cd "$(dirname "$0")/fuzz"

seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(table upload requests)

export CARGO_TARGET_DIR=$PWD/../../target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
# Stable Rust counts the edges that an input takes when LLVM's pass for it is named.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module"
for argument in level=4 inline-8bit-counters pc-table trace-compares; do
    RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-$argument"
done
# With a target named, the flags are for it alone and not for build scripts and macros.
RUSTFLAGS=$RUSTFLAGS cargo build --release --target "$host"

# Frames are synced to disk as in earnest; in memory that costs nothing.
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm
export DATACORE_LOG=${DATACORE_LOG:-error}
for target in "${targets[@]}"; do
    case $target in
        requests) corpus=requests ;;
        *) corpus=csv ;;
    esac
    mkdir -p "$CARGO_TARGET_DIR/corpus/$corpus" "$CARGO_TARGET_DIR/found"
    printf '\n==> %s for %s s\n' "$target" "$seconds"
    # An input that panics, takes more than 30 s or lets memory grow beyond 4 GB ends the run and is kept.
    "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$seconds" -max_len=4096 -timeout=30 -rss_limit_mb=4096 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="$CARGO_TARGET_DIR/found/$target-" \
        "$CARGO_TARGET_DIR/corpus/$corpus" "corpus/$corpus"
done
