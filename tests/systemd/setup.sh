#!/usr/bin/env bash
# Makes target/systemd/read: prints what systemd reads in the files of a folder `environment.d`, by its own
# generator. That is the machine's, or else Debian's, which is unpacked and not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$PWD/target/systemd
generator=usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator

write() {
    printf '#!/bin/sh\nXDG_CONFIG_HOME=$1 %s exec "%s"\n' "$2" "$1" >"$folder/read.new"
    chmod 755 "$folder/read.new"
    mv "$folder/read.new" "$folder/read"
}

[ -x "$folder/read" ] && exit 0
mkdir -p "$folder"
if [ -x "/$generator" ]; then
    write "/$generator" ''
    exit 0
fi

echo "unpacking Debian's systemd into target/systemd" >&2
{
    cd "$folder"
    apt-get update -qq || true
    apt-get download systemd libsystemd-shared
    for package in *.deb; do dpkg-deb -x "$package" .; done
} >"$folder/setup.log" 2>&1 || {
    echo "tests/systemd/setup.sh: systemd cannot be had; what was tried is in target/systemd/setup.log" >&2
    exit 1
}
libraries=$(dirname "$(find "$folder" -name 'libsystemd-shared-*' | head -n 1)")
write "$folder/$generator" "LD_LIBRARY_PATH=$libraries"
