# shellcheck shell=bash
# A Docker Engine, where none answers. Sourced by ./dev.
#
# An engine that answers is used as it is. One that we start by hand keeps its images and containers in the cache and is
# started with live restore, so that its containers outlive it, too. `./dev run` leaves it running; `./dev test` takes a
# folder of its own for it and removes everything at the end, the firewall chains included.

# Where a started engine keeps its sockets and its process id. Short, since the path of a socket may not be long.
readonly ENGINE_RUN=/run/gantry-engine
readonly ENGINE_SOCKET=/var/run/docker.sock
readonly ENGINE_DEADLINE_S=40

engine_answers() {
    command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1
}

# ensure_engine [DATA_ROOT]: returns when `docker info` answers, an engine that had to be started keeping its data there.
ensure_engine() {
    engine_answers && return 0
    [[ -z ${DOCKER_HOST:-} ]] || die "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST"
    apt_install docker,dockerd,iptables docker.io iptables
    if [[ -d /run/systemd/system ]]; then
        as_root systemctl start docker >&2 || true
        wait_for_engine && return 0
    fi
    ((EUID == 0)) || die "no Docker Engine answers, and starting one by hand takes root (or start it: systemctl start docker)"
    start_engine "${1:-$CACHE/engine}"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# After a SIGKILL the first start can fail, since the containerd left behind is still in its pid file; the second works.
start_engine() {
    local data_root=$1 attempt
    mkdir -p "$data_root" "$ENGINE_RUN"
    iptables -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p' >"$ENGINE_RUN/forward-policy" || true
    for attempt in 1 2; do
        say "starting a Docker Engine (its log: $data_root/dockerd.log)"
        setsid nohup dockerd --data-root "$data_root" --exec-root "$ENGINE_RUN/exec" --pidfile "$ENGINE_RUN/docker.pid" \
            --host "unix://$ENGINE_SOCKET" --live-restore >>"$data_root/dockerd.log" 2>&1 </dev/null &
        echo "$!" >"$ENGINE_RUN/started-pid"
        wait_for_engine "$!" && return 0
        end_process "$!"
    done
    tail -n 20 "$data_root/dockerd.log" >&2
    die "the Docker Engine did not start in $attempt attempts; the end of its log stands above"
}

# wait_for_engine [PID]: polls until the engine answers; fails at the deadline or when the process has ended.
wait_for_engine() {
    local deadline=$((SECONDS + ENGINE_DEADLINE_S))
    while ((SECONDS < deadline)); do
        engine_answers && return 0
        [[ -z ${1:-} ]] || kill -0 "$1" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

# Ends a process of ours: asked first, made to after ten seconds.
end_process() {
    local deadline=$((SECONDS + 10))
    kill "$1" 2>/dev/null || return 0
    while kill -0 "$1" 2>/dev/null; do
        ((SECONDS < deadline)) || { kill -9 "$1" 2>/dev/null || true; }
        sleep 0.1
    done
}

# Stops the engine that we started, with its containers, and takes back what it did to the network. Images are kept.
stop_engine() {
    local pid containers
    pid=$(cat "$ENGINE_RUN/docker.pid" 2>/dev/null || true)
    if [[ -z $pid ]] || ! kill -0 "$pid" 2>/dev/null; then
        say "no engine of ours is running"
        return 0
    fi
    say "stopping the Docker Engine"
    containers=$(docker ps -aq)
    if [[ -n $containers ]]; then
        # shellcheck disable=SC2086 # one word a container
        docker rm -f $containers >/dev/null || true
    fi
    docker network prune -f >/dev/null || true
    end_process "$pid"
    remove_engine_network
    rm -rf "$ENGINE_RUN" "$ENGINE_SOCKET"
}

# A stopped engine leaves its chains, its bridge and a FORWARD policy of DROP behind.
remove_engine_network() {
    local table rule chain policy
    for table in filter nat; do
        iptables-save -t "$table" | sed -n -E '/^-A .*(DOCKER|docker0)/s/^-A/-D/p' | while read -r rule; do
            # shellcheck disable=SC2086 # the words of the rule
            iptables -t "$table" $rule || true
        done
        for chain in $(iptables-save -t "$table" | sed -n 's/^:\(DOCKER[^ ]*\) .*/\1/p'); do
            iptables -t "$table" -X "$chain" || true
        done
    done
    policy=$(cat "$ENGINE_RUN/forward-policy" 2>/dev/null || true)
    [[ -z $policy ]] || iptables -P FORWARD "$policy"
    ip link delete docker0 2>/dev/null || true
}
