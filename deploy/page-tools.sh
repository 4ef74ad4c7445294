# What the page is tested and photographed with; sourced by page-test.sh and screenshots.sh, from the top of the checkout.
# Node.js 20 or newer has to be there. Its packages come from the lock file; Chromium, where it is missing, from Debian.

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

command -v node >/dev/null && command -v npm >/dev/null || fail "please install Node.js 20 or newer (only the page's tests need it)"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "Node.js $(node --version) is too old, 20 is needed"

page=$PWD/api/page
if [ ! "$page/node_modules/.package-lock.json" -nt "$page/package-lock.json" ]; then
    npm ci --prefix "$page" --no-audit --no-fund --loglevel=error
fi

export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$CHROMIUM" ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "please install Chromium (on Debian: apt-get install chromium), or say in CHROMIUM where it is"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium fonts-liberation >/dev/null
fi

# The program whose page it is: the first argument, else DATACORE_BIN, else the debug build.
export DATACORE_BIN
DATACORE_BIN=$(realpath "${1:-${DATACORE_BIN:-target/debug/datacore}}")
[ -x "$DATACORE_BIN" ] || fail "there is no program at $DATACORE_BIN (cargo build)"
