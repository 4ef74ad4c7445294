#!/usr/bin/env bash
# Measures how fast a file of purchases becomes a dataset, beside what other tools take to read the same file in the same
# run: DuckDB into a file of its own, pyarrow, polars and pandas into memory. DataCore's time is from the first byte sent
# over HTTP until the dataset is ready, with SHA-256, statistics, sums per shopper and durable storage. Prints a table of
# medians.
#
#   deploy/bench-ingest.sh [embedded|distributed] [rows]
#
# Needs curl and python3 with venv; the tools are installed from PyPI into target/bench-venv.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${1:-embedded}
rows=${2:-5000000}
runs=${RUNS:-3}
venv=target/bench-venv
[ -n "${DATACORE_BIN:-}" ] || cargo build --profile dist --quiet
export DATACORE_BIN=${DATACORE_BIN:-target/dist/datacore}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet duckdb pyarrow polars pandas
file=$work/purchases.csv
"$DATACORE_BIN" generate --rows "$rows" --shoppers 20000 --seed 1 >"$file"
megabytes=$(du -m --apparent-size "$file" | cut -f1)
# All tools find the file in the page cache.
cat "$file" >/dev/null

median() { sort -n | awk '{all[NR] = $1} END {print all[int((NR + 1) / 2)]}'; }

# Each run is a process of its own; what is timed is the reading, not the start of Python.
python() { # code
    for _ in $(seq "$runs"); do
        rm -f "$work/db"
        "$venv/bin/python" -c "
import sys, time
file, db = '$file', '$work/db'
$1
start = time.perf_counter()
read()
print(f'{time.perf_counter() - start:.3f}')"
    done | median
}

INGEST_FILE=$file INGEST_RUNS=$runs deploy/bench.sh "$profile" >"$work/datacore"
datacore=$(grep -E '^[0-9.]+ [0-9]+$' "$work/datacore" | cut -d' ' -f1 | median)
memory=$(grep -E '^[0-9.]+ [0-9]+$' "$work/datacore" | cut -d' ' -f2 | sort -n | tail -1)
duckdb=$(python "import duckdb
connection = duckdb.connect(db)
connection.execute('SET enable_progress_bar = false')
def read(): connection.execute(f\"CREATE TABLE purchases AS SELECT * FROM read_csv('{file}')\"); connection.close()")
pyarrow=$(python "import pyarrow.csv
def read(): pyarrow.csv.read_csv(file)")
polars=$(python "import polars
def read(): polars.read_csv(file, infer_schema_length=10_000)")
pandas=$(python "import pandas
def read(): pandas.read_csv(file)")

printf '%s rows, %s MB, %s cores, median of %s runs\n\n' "$rows" "$megabytes" "$(nproc)" "$runs"
printf '| what | seconds | MB/s | DataCore is so many times as fast |\n|---|---|---|---|\n'
line() { echo "$2 $datacore $megabytes" | awk -v what="$1" '{printf "| %s | %.2f | %.0f | %.2f |\n", what, $1, $3 / $1, $1 / $2}'; }
line "DataCore ($profile): HTTP to a durable dataset" "$datacore"
line "DuckDB: into a file" "$duckdb"
line "pyarrow: into memory" "$pyarrow"
line "polars: into memory" "$polars"
line "pandas: into memory" "$pandas"
[ "$profile" != embedded ] || printf '\nGreatest peak memory of DataCore over idle: %s MiB\n' "$memory"
