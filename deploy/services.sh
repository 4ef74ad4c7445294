#!/usr/bin/env bash
# The servers of the distributed profile for tests and trials: PostgreSQL, RabbitMQ, Redis and a server that speaks
# MongoDB's protocol (mongod where it is installed, else SecantusDB), on private ports, with their data in target/services.
#
#   up                installs what is missing, starts what does not run, waits until each answers
#   down              stops exactly those
#   env               prints the URLs: eval "$(deploy/services.sh env)"; also where RabbitMQ's management answers
#   status            says which run
#   start | stop | restart | kill | wipe NAME
#                     one of postgres, rabbitmq, redis, mongodb; kill is kill -9, wipe stops and deletes its data
#
# A server that one of the DATACORE_…_URL variables names is used and never started or stopped.
# shellcheck disable=SC2154 # ports and password come from the settings file
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
home=$root/target/services
all=(postgres rabbitmq redis mongodb)

main() {
    local command=${1:-}
    case $command in
        up | down | env | status) [ $# = 1 ] || usage ;;
        start | stop | restart | kill | wipe) [[ $# = 2 && " ${all[*]} " == *" ${2:-} "* ]] || usage ;;
        *) usage ;;
    esac
    mkdir -p "$home"
    # One at a time: tests of several processes may call this at the same moment. Servers must not inherit the lock.
    exec 9>"$home/lock"
    flock 9
    settings
    "$command" "${@:2}"
}

usage() {
    sed -n '5,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

fail() {
    printf 'services: %s\n' "$*" >&2
    exit 1
}

# --- what to do -----------------------------------------------------------------------------------------------------

up() {
    local name
    for name in "${all[@]}"; do ours "$name" || answers "$name" || fail "$name does not answer at the address given"; done
    install_missing
    for name in "${all[@]}"; do ! ours "$name" || running "$name" || launch "$name"; done
    for name in "${all[@]}"; do ! ours "$name" || await "$name"; done
}

down() {
    local name
    for name in "${all[@]}"; do halt "$name" stop & done
    wait
    ERL_EPMD_PORT=$epmd_port epmd -kill >/dev/null 2>&1 || true
}

env() {
    say DATACORE_EVENT_STORE_URL "${given[postgres]:-$postgres_url}"
    say DATACORE_FILES_URL "${DATACORE_FILES_URL:-file://$home/files}"
    say DATACORE_BUS_URL "${given[rabbitmq]:-$rabbitmq_url}"
    say DATACORE_FRAMES_URL "${given[mongodb]:-$mongodb_url}"
    say DATACORE_VIEWS_URL "${DATACORE_VIEWS_URL:-${given[postgres]:-$postgres_url}}"
    say DATACORE_CACHE_URL "${given[redis]:-$redis_url}"
    say RABBITMQ_API "${RABBITMQ_API:-$rabbitmq_api}"
}

# Quoted only where a shell needs it.
say() {
    if [[ $2 =~ ^[A-Za-z0-9:/@._%-]+$ ]]; then echo "export $1=$2"; else echo "export $1='$2'"; fi
}

status() {
    local name
    for name in "${all[@]}"; do
        if ! ours "$name"; then
            echo "$name: given by the environment"
        elif running "$name"; then
            echo "$name: runs on port $(port "$name")"
        else
            echo "$name: stopped"
        fi
    done
}

start() {
    ours "$1" || fail "$1 is given by the environment"
    running "$1" || launch "$1"
    await "$1"
}

stop() {
    ours "$1" || fail "$1 is given by the environment"
    halt "$1" stop
}

kill() {
    ours "$1" || fail "$1 is given by the environment"
    halt "$1" kill
}

restart() {
    stop "$1"
    start "$1"
}

wipe() {
    stop "$1"
    rm -rf "$(place "$1")/data"
}

# --- settings -------------------------------------------------------------------------------------------------------

# Ports and password are chosen at first use and stay, so that a server is found again where it was.
settings() {
    [ -f "$home/settings" ] || (umask 077 && choose >"$home/settings.new" && mv "$home/settings.new" "$home/settings")
    # shellcheck source=/dev/null
    source "$home/settings"
    postgres_url=postgres://datacore:$password@127.0.0.1:$postgres_port/datacore
    rabbitmq_url=amqp://datacore:$password@127.0.0.1:$rabbitmq_port/%2f
    rabbitmq_api=http://datacore:$password@127.0.0.1:$management_port/api
    redis_url=redis://default:$password@127.0.0.1:$redis_port/0
    mongodb_url="mongodb://127.0.0.1:$mongodb_port/datacore?directConnection=true"
    declare -gA given
    name_given postgres 'postgres*' "${DATACORE_EVENT_STORE_URL:-}"
    name_given rabbitmq 'amqp*' "${DATACORE_BUS_URL:-}"
    name_given redis 'redis*' "${DATACORE_CACHE_URL:-}"
    name_given mongodb 'mongodb*' "${DATACORE_FRAMES_URL:-}"
}

# Below the ports that a system gives to outgoing connections, so that none takes the port of a stopped server.
choose() {
    local first=$((20000 + $(cksum <<<"$root" | cut -d' ' -f1) % 1000 * 10))
    until free "$first"; do first=$((first < 29990 ? first + 10 : 20000)); done
    printf '%s_port=%d\n' postgres $first rabbitmq $((first + 1)) redis $((first + 2)) mongodb $((first + 3)) \
        management $((first + 4)) distribution $((first + 5)) epmd $((first + 6))
    echo "password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
}

free() {
    local offset
    for offset in 0 1 2 3 4 5 6; do ! listening 127.0.0.1 $(($1 + offset)) || return 1; done
}

# Remembers a server of the environment, unless it is the one that runs here: then somebody sourced `env` before.
name_given() {
    # shellcheck disable=SC2053
    if [[ $3 == $2 && $3 != *"@127.0.0.1:$(port "$1")/"* && $3 != *"//127.0.0.1:$(port "$1")/"* ]]; then given[$1]=$3; fi
}

ours() { [ -z "${given[$1]:-}" ]; }

port() {
    local variable=$1_port
    echo "${!variable}"
}

# The folder of a server. PostgreSQL does not run as root, and its own user may be kept out of this one.
place() {
    if [ "$1" = postgres ] && [ "$(id -u)" = 0 ] && id postgres >/dev/null 2>&1 && ! "${as_postgres[@]}" test -x "$home"; then
        echo "/var/lib/postgresql/datacore-$(cksum <<<"$root" | cut -d' ' -f1)"
    else
        echo "$home/$1"
    fi
}

# PostgreSQL refuses to run as root.
as_postgres=()
[ "$(id -u)" != 0 ] || as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)

# --- installing -----------------------------------------------------------------------------------------------------

install_missing() {
    local packages=()
    ! ours postgres || [ -n "$(postgres_programs)" ] || packages+=(postgresql)
    ! ours rabbitmq || [ -x "$rabbitmq_programs/rabbitmq-server" ] || packages+=(rabbitmq-server)
    ! ours redis || command -v redis-server >/dev/null || packages+=(redis-server)
    if ours mongodb && ! command -v mongod >/dev/null && [ ! -x "$home/python/bin/secantusd-py" ]; then
        python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
    fi
    [ ${#packages[@]} = 0 ] || install_packages "${packages[@]}"
    if ours mongodb && ! command -v mongod >/dev/null && [ ! -x "$home/python/bin/secantusd-py" ]; then
        python3 -m venv "$home/python"
        "$home/python/bin/pip" install --quiet SecantusDB==0.7.0b3
    fi
}

install_packages() {
    [ "$(id -u)" = 0 ] || fail "please install (as root): apt-get install $*"
    local policy=/usr/sbin/policy-rc.d
    # Debian starts a server when it installs one; here each is started with settings of its own instead.
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$@" >"$home/install.log" 2>&1 ||
        fail "apt-get install $*: $(tail -3 "$home/install.log")"
}

postgres_programs() { find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1; }
rabbitmq_programs=/usr/lib/rabbitmq/bin

# --- running --------------------------------------------------------------------------------------------------------

# A server runs in its folder, so a process id that another process has by now is not mistaken for it.
running() {
    local pid; pid=$(pid "$1")
    [[ -n $pid && $(readlink "/proc/$pid/cwd") == "$(realpath -m "$(place "$1")")"* ]]
}

pid() { cat "$(place "$1")/pid" 2>/dev/null || true; }

launch() {
    local place; place=$(place "$1")
    mkdir -p "$place/data"
    "prepare_$1" "$place" || fail "$1 cannot be set up: $(tail -3 "$place/output")"
    # A session of its own: neither Ctrl-C nor the end of a terminal reaches it.
    (cd "$place" && "run_$1" "$place" </dev/null >>"$place/output" 2>&1 9>&- & echo $! >"$place/pid")
}

await() {
    local deadline=$((SECONDS + 60))
    until answers "$1"; do
        ((SECONDS < deadline)) || fail "$1 does not answer: $(tail -3 "$(place "$1")/output")"
        # After a kill the system may still hold what the dead process had; the next start finds it free.
        running "$1" || { sleep 0.5; launch "$1"; }
        sleep 0.1
    done
}

halt() {
    local name=$1 how=$2 pid; pid=$(pid "$1")
    running "$name" || return 0
    case $how-$name in
        kill-*) builtin kill -KILL "$pid" ;;
        stop-postgres) builtin kill -INT "$pid" ;;
        stop-*) builtin kill -TERM "$pid" ;;
    esac
    local deadline=$((SECONDS + 30))
    while running "$name"; do
        ((SECONDS < deadline)) || builtin kill -KILL "$pid"
        sleep 0.05
    done
    rm -f "$(place "$name")/pid"
}

listening() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

answers() {
    if ! ours "$1"; then
        local address; address=$(sed -E 's|^[^/]*//([^/@]*@)?([^/,?]*).*|\2|' <<<"${given[$1]}")
        [[ $address == *:* ]] || address+=:$(default_port "$1")
        listening "${address%:*}" "${address##*:}"
    elif [ "$1" = postgres ]; then
        "$(postgres_programs)/pg_isready" --quiet --host 127.0.0.1 --port "$postgres_port" --dbname datacore
    else
        listening 127.0.0.1 "$(port "$1")"
    fi
}

default_port() {
    case $1 in postgres) echo 5432 ;; rabbitmq) echo 5672 ;; redis) echo 6379 ;; mongodb) echo 27017 ;; esac
}

# --- each server ----------------------------------------------------------------------------------------------------

prepare_postgres() {
    [ ! -s "$1/data/PG_VERSION" ] || return 0
    [ "$(id -u)" != 0 ] || chown postgres: "$1"
    rm -rf "$1/data" "$1/new"
    create_database "$1/new" >"$1/output" 2>&1 && mv "$1/new" "$1/data"
}

create_database() {
    local programs; programs=$(postgres_programs)
    # A shell in between, because only the one who makes such a pipe may open it.
    # shellcheck disable=SC2016
    "${as_postgres[@]}" bash -c '"$0" --pgdata "$1" --username datacore --pwfile <(echo "$2") --auth scram-sha-256 \
        --encoding UTF8 --locale C.UTF-8' "$programs/initdb" "$1" "$password" &&
        "${as_postgres[@]}" "$programs/postgres" --single -D "$1" postgres <<<'CREATE DATABASE datacore'
}

# Durable, because what is measured here should be what people get.
run_postgres() {
    exec setsid "${as_postgres[@]}" "$(postgres_programs)/postgres" -D "$1/data" -p "$postgres_port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=2GB
}

prepare_rabbitmq() {
    cat >"$1/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$rabbitmq_port
management.tcp.ip = 127.0.0.1
management.tcp.port = $management_port
default_user = datacore
default_pass = $password
raft.wal_max_size_bytes = 64000000
END
    echo '[rabbitmq_management].' >"$1/enabled_plugins"
    : >"$1/rabbitmq-env.conf"
}

# Reads nothing of /etc/rabbitmq, and has its own cookie, node name and port mapper beside other brokers.
run_rabbitmq() {
    exec env -i PATH="$PATH" LANG=C.UTF-8 HOME="$1" RUNNING_UNDER_SYSTEMD=true \
        ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_NODENAME="datacore-$rabbitmq_port@localhost" RABBITMQ_DIST_PORT="$distribution_port" \
        RABBITMQ_CONF_ENV_FILE="$1/rabbitmq-env.conf" RABBITMQ_CONFIG_FILE="$1/rabbitmq.conf" \
        RABBITMQ_ADVANCED_CONFIG_FILE="$1/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$1/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$1/data" RABBITMQ_LOG_BASE="$1/log" RABBITMQ_GENERATED_CONFIG_DIR="$1/config" \
        setsid "$rabbitmq_programs/rabbitmq-server"
}

prepare_redis() {
    printf '%s\n' "bind 127.0.0.1" "port $redis_port" "requirepass $password" "dir $1/data" 'save ""' "maxmemory 256mb" \
        "maxmemory-policy allkeys-lru" >"$1/redis.conf"
}

run_redis() { exec setsid redis-server "$1/redis.conf"; }

prepare_mongodb() { :; }

run_mongodb() {
    if command -v mongod >/dev/null; then
        exec setsid mongod --dbpath "$1/data" --bind_ip 127.0.0.1 --port "$mongodb_port"
    else
        exec setsid "$home/python/bin/secantusd-py" --storage-path "$1/data" --host 127.0.0.1 --port "$mongodb_port" \
            --oplog-max-entries 1000 --log-level WARNING
    fi
}

main "$@"
