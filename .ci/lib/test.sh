# shellcheck shell=bash
# The stages of ./dev test and their count. Sourced by ./dev.
#
# A stage is a function. It fails when it exits non-zero, and later stages still run, so that one run tells everything.
# A stage whose output has counts (cargo test, nextest, or `N passed, N failed` of our own) adds those; any other counts
# as one test. The sum is the last line of the run.

readonly TEST_STAGES=(format lint docs supply wasm unit flows)
PASSED=0
FAILED=0
SKIPPED=0
FAILURES=()

cmd_test() {
    local name
    for name in "$@"; do
        [[ " ${TEST_STAGES[*]} " == *" $name "* ]] || die "no such stage: $name (stages: ${TEST_STAGES[*]})"
    done
    WANTED=("$@")
    export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never} RUST_BACKTRACE=${RUST_BACKTRACE:-0}
    PROFILE=debug
    BIN=$TARGET/debug/gantry
    SITE=$TARGET/debug/site
    LOGS=$(mktemp -d)
    TEST_ENGINE=
    trap end_of_tests EXIT
    trap 'exit 130' INT TERM

    ensure_rust
    run_stages
    totals
}

run_stages() {
    local flow
    wanted format && stage "format" cargo fmt --all --check
    wanted lint && stage "lint: clippy" cargo clippy --locked --workspace --all-targets -- -D warnings
    wanted docs && stage "docs: no broken link" check_docs
    wanted supply && stage "supply: licences, sources, bans" check_supply
    wanted supply && stage "supply: no unused dependency" check_unused
    wanted wasm && stage "wasm: the model compiles for the browser" check_model_for_wasm
    if wanted unit || wanted flows; then
        engine_answers || TEST_ENGINE=1
        stage "a Docker Engine answers" test_engine
    fi
    if wanted unit; then
        stage "unit tests" unit_tests
        stage "documentation tests" cargo test --locked --workspace --doc --no-fail-fast
    fi
    if wanted wasm || wanted flows; then
        stage "wasm: the server and the dashboard build" build
        if [[ $STAGE_STATUS != 0 ]]; then
            skip "flows: there is nothing to run"
            return
        fi
    fi
    if wanted flows; then
        for flow in end2end/flows/*; do
            [[ -x $flow && -f $flow ]] || continue
            stage "flow: $(basename "${flow%.*}")" run_flow "$flow"
        done
    fi
    return 0
}

# Whether a stage was asked for: all are when none was named.
wanted() {
    ((${#WANTED[@]} == 0)) || [[ " ${WANTED[*]} " == *" $1 "* ]]
}

# stage TITLE COMMAND…: runs the command in a shell of its own, shows its output and adds what it counted.
# Sets STAGE_STATUS. Never fails itself.
stage() {
    local title=$1 log started=$SECONDS passed failed skipped
    shift
    log=$LOGS/stage
    printf '\n== %s\n' "$title"
    set +e
    (
        set -e
        "$@"
    ) </dev/null 2>&1 | tee "$log"
    STAGE_STATUS=${PIPESTATUS[0]}
    set -e
    read -r passed failed skipped < <(counts "$log")
    if ((passed + failed + skipped == 0)); then
        passed=$((STAGE_STATUS == 0 ? 1 : 0))
    fi
    if ((STAGE_STATUS != 0 && failed == 0)); then
        failed=1
    fi
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
    ((failed == 0)) || FAILURES+=("$title")
    printf -- '-- %s: %d passed, %d failed, %d skipped (%d s)\n' "$title" "$passed" "$failed" "$skipped" $((SECONDS - started))
}

# Adds up the closing lines of the runners in a log: "passed failed skipped".
counts() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        function number_before(word,    at) {
            at = match($0, "[0-9]+ " word)
            return at ? substr($0, at) + 0 : 0
        }
        /^ *Summary \[/ || /^test result:/ || /^[0-9]+ passed, [0-9]+ failed/ {
            passed += number_before("passed")
            failed += number_before("failed") + number_before("timed out") + number_before("exec failed")
            skipped += number_before("skipped") + number_before("ignored")
        }
        END { print passed + 0, failed + 0, skipped + 0 }'
}

skip() {
    printf '\n== %s\n-- skipped\n' "$1"
    SKIPPED=$((SKIPPED + 1))
}

totals() {
    local title
    echo
    for title in "${FAILURES[@]}"; do
        echo "FAILED  $title"
    done
    printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
    ((FAILED == 0))
}

# Removes what the run made, and the engine if the run started one. Says nothing: the totals are the last line.
end_of_tests() {
    local status=$?
    rm -rf "$LOGS"
    if [[ -n $TEST_ENGINE ]]; then
        stop_engine >/dev/null 2>&1 || true
        rm -rf "$CACHE/engine-test"
    fi
    exit "$status"
}

test_engine() {
    ensure_engine "$CACHE/engine-test"
    docker version --format 'Docker Engine {{.Server.Version}}'
}

check_docs() {
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" \
        cargo doc --locked --workspace --no-deps --document-private-items
}

check_supply() {
    ensure_cargo_tool cargo-deny "$CARGO_DENY_VERSION"
    cargo deny --locked check --hide-inclusion-graph bans licenses sources
}

check_unused() {
    ensure_cargo_tool cargo-machete "$CARGO_MACHETE_VERSION"
    cargo machete
}

check_model_for_wasm() {
    wasm_toolchain
    wasm_cargo check --locked -p gantry-model --target "$WASM_TARGET"
}

unit_tests() {
    apt_install /bin/busybox busybox-static
    export GANTRY_TEST_DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --workspace --no-fail-fast --no-tests=pass --status-level=fail --final-status-level=fail
    else
        cargo test --locked --workspace --no-fail-fast --lib --bins --tests
    fi
}

# run_flow PROGRAM: runs a program that starts its own server, with what it needs in its environment.
run_flow() {
    apt_install ip,nsenter,strip,skopeo,podman,buildah,openssl,wrk \
        iproute2 util-linux binutils skopeo podman buildah openssl wrk
    ensure_python
    ensure_browser
    PATH=$VENV/bin:$PATH PYTHONPATH=$ROOT/end2end PYTHONDONTWRITEBYTECODE=1 GANTRY_BIN=$BIN GANTRY_SITE_DIR=$SITE \
        timeout --kill-after=20 1200 "$1"
}
