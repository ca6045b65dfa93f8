#!/usr/bin/env bash
# Builds plugins and guests of tests to WebAssembly components, and packs each with its manifest.
#
#   plugins/build.sh FOLDER/PACKAGE.wasm...    builds that package of the workspace to that file
#
# WASM_TOOLCHAIN forces a toolchain: see plugins/sdk-rust/cargo-wasm.sh. PAMRUN names the pamrun that packs;
# without it, it is the one in target/release.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -lt 1 ]; then
    echo "usage: plugins/build.sh FOLDER/PACKAGE.wasm..." >&2
    exit 1
fi

export CARGO_TARGET_DIR=target/guest WASM_TOOLS=target/tools
packages=()
for file in "$@"; do packages+=(-p "$(basename "$file" .wasm)"); done
plugins/sdk-rust/cargo-wasm.sh build --locked --profile plugin "${packages[@]}"

for file in "$@"; do
    package=$(basename "$file" .wasm)
    built=$CARGO_TARGET_DIR/wasm32-wasip2/plugin/${package//-/_}.wasm
    mkdir -p "$(dirname "$file")"
    for manifest in {plugins,tests/guests}/"$package"/plugin.toml; do
        [ -f "$manifest" ] || continue
        "${PAMRUN:-target/release/pamrun}" plugin pack "$built" "$manifest" -o "$built.packed" >&2
        built=$built.packed
    done
    # Only what changed is copied, so that a plugin's time tells when it was built.
    cmp -s "$built" "$file" || cp "$built" "$file"
    echo "$file  $(wc -c <"$built") bytes" >&2
done
