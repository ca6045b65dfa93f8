#!/usr/bin/env bash
# Keeps wit/v0/deps the same as the WASI interfaces that our wasmtime-wasi-http was built with.
#
#   wit/vendor.sh           copies them anew
#   wit/vendor.sh --check   fails when they have drifted
set -euo pipefail
cd "$(dirname "$0")/.."

manifest=$(cargo metadata --locked --format-version 1 | tr ',' '\n' |
    sed -n 's|^"manifest_path":"\(.*/wasmtime-wasi-http-[0-9.]*/Cargo.toml\)".*|\1|p' | head -n 1)
[ -n "$manifest" ] || { echo "wit/vendor.sh: wasmtime-wasi-http is not among the dependencies" >&2; exit 1; }
source=$(dirname "$manifest")/wit/deps

if [ "${1:-}" = --check ]; then
    diff -r "$source" wit/v0/deps || { echo "wit/v0/deps has drifted: run wit/vendor.sh" >&2; exit 1; }
else
    rm -rf wit/v0/deps
    cp -r "$source" wit/v0/deps
fi
