#!/usr/bin/env bash
# Runs cargo for WebAssembly components, with the first toolchain that works.
#
#   cargo-wasm.sh build --release ...    what is built lands in target/wasm32-wasip2
#
# WASM_TOOLCHAIN forces one of:
#   installed  the wasm32-wasip2 target of the toolchain at hand
#   rustup     the same, after `rustup target add`
#   debian     Debian's rustc-web, which compiles the standard library along the way
#
# CARGO_TARGET_DIR and WASM_TOOLS say where things are built, and where tools are kept.
set -euo pipefail

target=wasm32-wasip2
tools=${WASM_TOOLS:-${CARGO_TARGET_DIR:-target}/tools}
log=${CARGO_TARGET_DIR:-target}/wasm-toolchain.log
# The same source gives the same digest wherever it is built.
remap="--remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"

say() { printf '%s\n' "$*" >&2; }

die() {
    say "cargo-wasm.sh: $1"
    say "  $2"
    exit 1
}

# ---- the three toolchains: `have_X` tells (or brings about) that it works, `cargo_X` builds ----
have_installed() {
    local sysroot
    sysroot=$(rustc --print sysroot 2>/dev/null) && [ -d "$sysroot/lib/rustlib/$target/lib" ]
}

cargo_installed() { RUSTFLAGS=$remap cargo "$@"; }

have_rustup() {
    command -v rustup >/dev/null || return 1
    # A refused connection fails at once; a swallowed one would hang.
    timeout 120 rustup target add "$target" >>"$log" 2>&1
}

cargo_rustup() { cargo_installed "$@"; }

debian_packages=(rustc-web cargo-web rust-web-src wasi-libc lld-22)

have_debian() {
    command -v apt-get >/dev/null || return 1
    local states
    # One that was removed is still known.
    if ! states=$(dpkg-query -W -f '${db:Status-Status}\n' "${debian_packages[@]}" 2>/dev/null) ||
        grep -qvx installed <<<"$states"; then
        say "installing Debian's wasm toolchain (about 150 MB): ${debian_packages[*]}"
        local root=()
        [ "$(id -u)" = 0 ] || root=(sudo -n)
        {
            "${root[@]}" apt-get update -q &&
                DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -yq --no-install-recommends "${debian_packages[@]}"
        } >>"$log" 2>&1 </dev/null || return 1
    fi
    component_linker >/dev/null
}

# The folder of wasm-component-ld: rustc asks for it to make components, Debian does not ship it.
component_linker() {
    local bundled
    if command -v rustc >/dev/null; then
        bundled="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin"
        if [ -x "$bundled/wasm-component-ld" ]; then
            echo "$bundled"
            return
        fi
    fi
    if [ ! -x "$tools/bin/wasm-component-ld" ]; then
        say "building wasm-component-ld (about a minute, once)"
        cargo install --quiet --locked --root "$tools" wasm-component-ld --version 0.5.31 >>"$log" 2>&1 || return 1
    fi
    (cd "$tools/bin" && pwd)
}

cargo_debian() {
    local linker
    linker=$(component_linker)
    env -u RUSTUP_TOOLCHAIN -u CARGO -u RUSTC_WRAPPER \
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS="$remap -L native=/usr/lib/wasm32-wasi" \
        PATH="$linker:/usr/lib/llvm-22/bin:/usr/bin:/bin" \
        /usr/bin/cargo "$@" -Z build-std=std,panic_abort
}

# ---- choose and build ----

[ $# -ge 1 ] || die "no command for cargo" "for example: cargo-wasm.sh build --release"
mkdir -p "$(dirname "$log")"
: >"$log"

for candidate in ${WASM_TOOLCHAIN:-installed rustup debian}; do
    case $candidate in
        installed | rustup | debian) ;;
        *) die "WASM_TOOLCHAIN=$candidate is not known" "use installed, rustup or debian" ;;
    esac
    if "have_$candidate"; then
        command=$1
        shift
        "cargo_$candidate" "$command" --quiet --target "$target" "$@"
        exit
    fi
done
die "no toolchain for $target works (tried: ${WASM_TOOLCHAIN:-installed rustup debian}); what was tried is in $log" \
    "install one with: rustup target add $target"
