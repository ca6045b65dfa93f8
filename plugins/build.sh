#!/usr/bin/env bash
# Builds plugins to WebAssembly components, with the first toolchain that works.
#
#   plugins/build.sh FOLDER/PACKAGE.wasm...    builds that package of the workspace to that file
#
# WASM_TOOLCHAIN forces one of:
#   installed  the wasm32-wasip2 target of the toolchain at hand
#   rustup     the same, after `rustup target add`
#   debian     Debian's rustc-web, which compiles the standard library along the way
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-wasip2
build_dir=target/guest
log=target/wasm-toolchain.log
# The same source gives the same digest wherever it is built.
remap="--remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"

say() { printf '%s\n' "$*" >&2; }

die() {
    say "plugins/build.sh: $1"
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
    if ! dpkg-query -W "${debian_packages[@]}" >/dev/null 2>&1; then
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
    if [ ! -x target/tools/bin/wasm-component-ld ]; then
        say "building wasm-component-ld (about a minute, once)"
        cargo install --quiet --locked --root target/tools wasm-component-ld --version 0.5.31 >>"$log" 2>&1 || return 1
    fi
    echo "$PWD/target/tools/bin"
}

cargo_debian() {
    local linker
    linker=$(component_linker)
    env -u RUSTUP_TOOLCHAIN -u CARGO -u RUSTC_WRAPPER \
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS="$remap -L native=/usr/lib/wasm32-wasi" \
        PATH="$linker:/usr/lib/llvm-22/bin:/usr/bin:/bin" \
        /usr/bin/cargo "$@" -Z build-std=std,panic_abort
}

# ---- choose, build, copy ----

[ $# -ge 1 ] || die "usage: plugins/build.sh FOLDER/PACKAGE.wasm..." \
    "for example: plugins/build.sh target/plugins/azure-app-secret.wasm"
mkdir -p "$build_dir"
: >"$log"

toolchain=
for candidate in ${WASM_TOOLCHAIN:-installed rustup debian}; do
    case $candidate in
        installed | rustup | debian) ;;
        *) die "WASM_TOOLCHAIN=$candidate is not known" "use installed, rustup or debian" ;;
    esac
    if "have_$candidate"; then
        toolchain=$candidate
        break
    fi
done
[ -n "$toolchain" ] || die "no toolchain for $target works (tried: ${WASM_TOOLCHAIN:-installed rustup debian}); what was tried is in $log" \
    "install one with: rustup target add $target"

packages=()
for file in "$@"; do packages+=(-p "$(basename "$file" .wasm)"); done
"cargo_$toolchain" build --quiet --locked --profile plugin --target "$target" --target-dir "$build_dir" "${packages[@]}"

for file in "$@"; do
    package=$(basename "$file" .wasm)
    built=$build_dir/$target/plugin/${package//-/_}.wasm
    mkdir -p "$(dirname "$file")"
    # Only what changed is copied, so that a plugin's time tells when it was built.
    cmp -s "$built" "$file" || cp "$built" "$file"
    say "$file  $(wc -c <"$built") bytes  ($toolchain toolchain)"
done
