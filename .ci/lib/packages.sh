# shellcheck shell=bash
# What has to be installed, and how. Sourced by ./dev. Each function returns at once when what it is for is there.

# The oldest compiler that builds the workspace (rust-version in Cargo.toml).
readonly RUST_MINOR=95
readonly CARGO_DENY_VERSION=0.20.2
readonly CARGO_MACHETE_VERSION=0.9.2

# apt_install CHECKS PACKAGE…: installs the packages unless every one of CHECKS (commands or paths, split by commas) exists.
apt_install() {
    local check missing=() checks=() as_root=()
    IFS=, read -ra checks <<<"$1"
    shift
    for check in "${checks[@]}"; do
        command -v "$check" >/dev/null || [[ -e $check ]] || missing+=("$check")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || die "missing: ${missing[*]} (on Debian: apt-get install $*)"
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || die "missing: ${missing[*]}. As root: apt-get install $*"
        as_root=(sudo)
    fi
    say "installing $*"
    if [[ -z ${APT_UPDATED:-} ]]; then
        "${as_root[@]}" apt-get update -q >&2 </dev/null
        APT_UPDATED=1
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2 </dev/null ||
        die "apt-get could not install $*"
}

# The same for what makes things better and is not needed.
apt_optional() {
    (apt_install "$@") || say "going on without ${*:2}"
}

rust_is_new_enough() {
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    [[ $version =~ ^rustc\ 1\.([0-9]+)\. ]] && ((BASH_REMATCH[1] >= RUST_MINOR))
}

ensure_rust() {
    apt_install cc,ld gcc libc6-dev
    if rust_is_new_enough rustc && command -v cargo >/dev/null; then
        return 0
    fi
    # Debian's own rustc is too old for long; the one that it keeps for browsers is not.
    (apt_install /usr/bin/rustc,/usr/bin/cargo rustc-web cargo-web) || true
    if rust_is_new_enough /usr/bin/rustc; then
        export PATH=/usr/bin:$PATH
        return 0
    fi
    die "Rust 1.$RUST_MINOR or newer is needed: https://rustup.rs"
}

# ensure_cargo_tool COMMAND VERSION: builds a cargo subcommand from crates.io, once. Its folder joins PATH. Not optimised:
# it runs for seconds, and would be built for minutes.
ensure_cargo_tool() {
    local tools=$CACHE/tools
    [[ $PATH == *"$tools/bin"* ]] || export PATH=$PATH:$tools/bin
    command -v "$1" >/dev/null && return 0
    say "building $1 $2 (once)"
    CARGO_TARGET_DIR=$CACHE/tools-target CARGO_PROFILE_DEV_DEBUG=0 nice -n 10 \
        cargo install --debug --locked --root "$tools" --version "$2" "$1" >&2 || return 1
    rm -rf "$CACHE/tools-target"
}

# Sets VENV: a virtual environment with what end2end/requirements.txt pins.
ensure_python() {
    local key
    apt_install python3,/usr/bin/busybox python3 python3-venv busybox-static
    python3 -c 'import ensurepip' 2>/dev/null || apt_install "a Python with venv" python3-venv
    key=$(cat end2end/requirements.txt <(python3 --version) | sha256sum | cut -c1-12)
    VENV=$CACHE/venv-$key
    [[ -e $VENV/complete ]] && return 0
    say "installing the Python tools"
    rm -rf "$VENV"
    python3 -m venv "$VENV" >&2
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r end2end/requirements.txt >&2
    touch "$VENV/complete"
}

# Sees to it that there is a Chromium for what looks at pages.
ensure_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return 0
    done
    apt_install chromium chromium fonts-dejavu-core
}
