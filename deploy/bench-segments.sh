#!/usr/bin/env bash
# Measures the segmentation: its kernels beside scikit-learn on the same data, starts and iterations, then whole reports
# through the service. Prints tables. Installs scikit-learn into a folder of its own outside the repository (BENCH_VENV).
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${BENCH_VENV:-${TMPDIR:-/tmp}/datacore-bench-venv}
work=$(mktemp -d)
port=${PORT:-8124}
api="http://127.0.0.1:$port/api/v1"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

kernels() {
    if ! "$venv/bin/python" -c 'import sklearn' 2>/dev/null; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet scikit-learn
    fi
    "$venv/bin/python" - "$work" <<'PYTHON'
import sys, time, warnings
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
folder, cases = sys.argv[1], []
random = np.random.default_rng(7)

def blobs(rows, dims, clusters):
    centres = random.normal(0, 3, (clusters, dims))
    return centres[random.integers(0, clusters, rows)] + random.normal(0, 1, (rows, dims))

def best(work, times=5):
    least, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - start)
    return least, result

def case(name, data, start, clusters, iterations, seconds, result):
    rows, dims = data.shape
    data.astype("<f8").tofile(f"{folder}/{name}-{rows}.data")
    np.asarray(start, dtype="<f8").tofile(f"{folder}/{name}-{rows}.start")
    cases.append(f"{name} {rows} {dims} {clusters} {iterations} {seconds} {result}")

for rows in (10_000, 100_000, 1_000_000):
    data = blobs(rows, 8, 12)
    start = data[random.choice(rows, 8, replace=False)]
    fit = lambda: KMeans(8, init=start, n_init=1, max_iter=20, tol=0, algorithm="lloyd").fit(data)
    seconds, model = best(fit)
    case("kmeans", data, start, 8, model.n_iter_, seconds, model.inertia_)

data = blobs(10_000, 8, 5)
labels = KMeans(5, n_init=1, random_state=1).fit_predict(data)
seconds, score = best(lambda: silhouette_score(data, labels))
case("silhouette", data, labels, 5, 0, seconds, score)

data = blobs(10_000, 3, 4)
fit = lambda: GaussianMixture(4, random_state=1).fit(data)
seconds, model = best(fit)
case("mixture", data, [], 4, model.n_iter_, seconds, model.score(data))
open(f"{folder}/cases.txt", "w").write("\n".join(cases))
PYTHON
    cargo bench --quiet --workspace --bench segments -- "$work"
}

json() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
post() { curl -sS --fail-with-body "$api$1" -H "authorization: Bearer ${token:-}" -H 'content-type: application/json' -H 'prefer: wait=60' -d "$2"; }
get() { curl -sS --fail-with-body "$api$1" -H "authorization: Bearer $token" -H 'prefer: wait=60'; }
memory() { awk -v key="$1:" '$1 == key {printf "%d", $2 / 1024}' "/proc/$server/status"; }

reports() { # rows shoppers
    local file="$work/purchases.csv"
    "$datacore" generate --rows "$1" --shoppers "$2" --seed 1 >"$file"
    "$datacore" serve --data "$work/data-$1" --listen "127.0.0.1:$port" 2>"$work/$1.log" &
    server=$!
    until curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; do sleep 0.1; done
    token=
    post /users '{"email":"bench@example.com","name":"Bench","password":"shoppers-of-the-bench"}' >/dev/null
    token=$(post /sessions '{"email":"bench@example.com","password":"shoppers-of-the-bench"}' | json access_token)
    customer=$(post /customers '{"name":"Bench"}' | json id)
    store=$(post "/customers/$customer/stores" '{"name":"Bench"}' | json id)
    upload=$(curl -sS --fail-with-body "$api/customers/$customer/stores/$store/uploads?filename=purchases.csv" -H "authorization: Bearer $token" \
        -H 'content-type: text/csv' -T "$file" -X POST | json id)
    until get "/customers/$customer/uploads/$upload" | grep -q '"status":"ready"'; do :; done
    until get "/customers/$customer/datasets" | grep -q '"overlaps":\['; do sleep 0.1; done
    for question in '{"clusters":5}' '{}' '{"algorithm":"gaussian_mixture"}'; do
        # The greatest resident set so far is forgotten, so that it is the report's own.
        echo 5 >"/proc/$server/clear_refs"
        local idle start seconds report; idle=$(memory VmRSS); start=$(date +%s.%N)
        report=$(post "/customers/$customer/reports" "$question")
        id=$(echo "$report" | json id)
        until echo "$report" | grep -q '"status":"\(completed\|failed\)"'; do report=$(get "/customers/$customer/reports/$id"); done
        seconds=$(echo "$start $(date +%s.%N)" | awk '{printf "%.2f", $2 - $1}')
        echo "| $1 rows, $2 shoppers, \`$question\` | $seconds s | $(($(memory VmHWM) - idle)) MiB over $idle MiB |"
    done
    kill "$server"; wait "$server" || true; server=
    rm -rf "$file" "$work/data-$1"
}

kernels
[ -n "${DATACORE_BIN:-}" ] || cargo build --profile dist --quiet --workspace
datacore=${DATACORE_BIN:-target/dist/datacore}
printf '\n| a whole report | time | peak memory |\n|---|---|---|\n'
reports 5000000 50000
reports 10000000 1000000
