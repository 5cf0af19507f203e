# shellcheck shell=bash
# The compiler that builds the browser bundle. Sourced by ./dev.
#
# Three ways, the first that works: the default toolchain has the wasm32 target; rustup can add it; or Debian's own
# compiler, whose packages carry the library's source, with the standard library built once into a folder of ours.
# The third is kept under the cache by the compiler's exact version, so that an update of the compiler rebuilds it and
# a clean clone does not.

readonly WASM_TARGET=wasm32-unknown-unknown
readonly WASM_PACKAGES=(rustc-web cargo-web rust-web-src rust-web-llvm lld-22)

# Sets WASM_PATH: what to put in front of PATH so that `cargo build --target wasm32-unknown-unknown` works. May be empty.
wasm_toolchain() {
    WASM_PATH=
    if has_wasm_std rustc; then
        return 0
    fi
    if [[ ! -e $CACHE/wasm-toolchain/no-rustup-target ]] && command -v rustup >/dev/null; then
        say "adding the wasm32 target with rustup"
        if timeout 60 rustup target add "$WASM_TARGET" >&2 && has_wasm_std rustc; then
            return 0
        fi
        mkdir -p "$CACHE/wasm-toolchain"
        touch "$CACHE/wasm-toolchain/no-rustup-target"
    fi
    debian_wasm_toolchain
}

# rustc prints the folder of a target that it does not have, too: only a standard library inside proves it.
has_wasm_std() {
    local dir
    dir=$("$1" --print target-libdir --target "$WASM_TARGET" 2>/dev/null) || return 1
    compgen -G "$dir/libstd-*.rlib" >/dev/null
}

debian_wasm_toolchain() {
    local key dir
    apt_install /usr/bin/rustc,/usr/bin/cargo,/usr/lib/rustlib/src/rust,/usr/bin/rust-lld "${WASM_PACKAGES[@]}"
    key=$(/usr/bin/rustc -vV | sha256sum | cut -c1-16)
    dir=$CACHE/wasm-toolchain/$key
    if [[ ! -x $dir/bin/rustc ]]; then
        say "building the wasm32 standard library (once for this compiler)"
        build_wasm_std "$dir" || die "the wasm32 standard library did not build; its output stands above"
    fi
    WASM_PATH=$dir/bin
}

# A sysroot laid over Debian's: its host parts by link, the wasm32 library built here. The rlibs must come from the very
# compiler that uses them. They keep their bitcode, which cargo leaves out otherwise and whole-program optimisation needs.
build_wasm_std() {
    local dir=$1 work lib part
    work=$(mktemp -d "$CACHE/wasm-std.XXXXXX")
    mkdir -p "$work/seed/src"
    printf '[package]\nname = "seed"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$work/seed/Cargo.toml"
    printf '#![no_std]\n' >"$work/seed/src/lib.rs"
    (
        cd "$work/seed"
        unset RUSTUP_TOOLCHAIN CARGO RUSTC_WRAPPER CARGO_ENCODED_RUSTFLAGS
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work/target \
            CARGO_PROFILE_RELEASE_OPT_LEVEL=s RUSTFLAGS=-Cembed-bitcode=yes \
            /usr/bin/cargo build --release --target "$WASM_TARGET" -Zbuild-std=std,panic_abort
    ) >&2 || return 1

    lib=$work/tc/lib/rustlib/$WASM_TARGET/lib
    mkdir -p "$lib" "$work/tc/bin"
    cp "$work/target/$WASM_TARGET"/release/deps/lib*.rlib "$lib/"
    rm -f "$lib"/libseed-*.rlib
    for part in x86_64-unknown-linux-gnu etc src; do
        if [[ -e /usr/lib/rustlib/$part ]]; then
            ln -s "/usr/lib/rustlib/$part" "$work/tc/lib/rustlib/$part"
        fi
    done
    ln -s /usr/bin/cargo "$work/tc/bin/cargo"
    printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$dir" >"$work/tc/bin/rustc"
    chmod +x "$work/tc/bin/rustc"
    rm -rf "$dir"
    mkdir -p "$(dirname "$dir")"
    mv "$work/tc" "$dir"
    rm -rf "$work"
}

# Runs cargo with the wasm compiler, in a target folder of its own so that it never evicts the native build.
wasm_cargo() {
    (
        unset RUSTC RUSTUP_TOOLCHAIN
        export PATH=${WASM_PATH:+$WASM_PATH:}$PATH CARGO_TARGET_DIR=$TARGET/wasm
        exec cargo "$@"
    )
}
