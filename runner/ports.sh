#!/usr/bin/env bash
# Type-checks and lints pamrun for systems that it is not built for.
#
#   runner/ports.sh TARGET...    for example aarch64-apple-darwin
#
# The standard library of a target is that of the toolchain at hand, after `rustup target add`; where its host
# cannot be asked, Debian's rustc-web compiles it along the way, and lints nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p target/ports
log=target/ports/toolchain.log
: >"$log"

# A type check reads no object file: what would compile C for the target need not be there, nor do anything.
no_c() {
    local target=${1//-/_}
    printf '%s\n' "CC_$target=true" "CXX_$target=true" "AR_$target=true" SDKROOT=/
}

have_installed() {
    local library
    library=$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$1/lib
    # A refused connection fails at once; a swallowed one would hang.
    [ -d "$library" ] || { command -v rustup && timeout 120 rustup target add "$1"; } >>"$log" 2>&1
}

have_debian() {
    # dlltool is for the standard library of Windows.
    local packages=(rustc-web cargo-web rust-web-src binutils-mingw-w64-x86-64) root=() states
    # One that was removed is still known.
    states=$(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null) &&
        ! grep -qvx installed <<<"$states" && return
    [ "$(id -u)" = 0 ] || root=(sudo -n)
    {
        "${root[@]}" apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -yq --no-install-recommends "${packages[@]}"
    } >>"$log" 2>&1 </dev/null
}

what=(--quiet --locked --release --package pamrun --lib --bins)
for target in "$@"; do
    mapfile -t variables < <(no_c "$target")
    if have_installed "$target"; then
        env "${variables[@]}" cargo clippy "${what[@]}" --target "$target" -- -D warnings
    elif have_debian; then
        env -u RUSTUP_TOOLCHAIN -u CARGO -u RUSTC_WRAPPER "${variables[@]}" \
            RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc PATH=/usr/bin:/bin \
            /usr/bin/cargo check "${what[@]}" --target "$target" --target-dir target/ports -Z build-std=std,panic_unwind
    else
        echo "runner/ports.sh: no standard library for $target can be had; what was tried is in $log" >&2
        exit 1
    fi
    echo "$target: type-checked" >&2
done
