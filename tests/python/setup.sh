#!/usr/bin/env bash
# Makes target/python: a virtual environment with Keeper's own client for Python, which the tests
# call as a witness. Does nothing when it is there and up to date.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=tests/python/requirements.txt
folder=target/python
log=target/python-setup.log

say() { printf '%s\n' "$*" >&2; }

die() {
    say "tests/python/setup.sh: $1"
    say "  $2"
    exit 1
}

# The copy of the list is the last thing that is written.
if cmp -s "$wanted" "$folder/requirements.txt" && "$folder/bin/python" -c 'import keeper_secrets_manager_core' 2>/dev/null; then
    exit 0
fi

# Debian has Python without what makes virtual environments.
can_make() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

install_venv() {
    command -v apt-get >/dev/null || return 1
    say "installing Debian's python3-venv"
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo -n)
    {
        "${root[@]}" apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -yq --no-install-recommends python3-venv
    } >>"$log" 2>&1 </dev/null
}

mkdir -p target
: >"$log"
python=python3
if ! can_make "$python"; then
    install_venv || die "there is no Python 3 that can make a virtual environment; what was tried is in $log" \
        "install one with: apt-get install python3-venv"
    python=/usr/bin/python3
fi

say "installing Keeper's client for Python into $folder"
rm -rf "$folder"
{
    "$python" -m venv "$folder" &&
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$wanted"
} >>"$log" 2>&1 || die "the packages of $wanted could not be installed; pip's words are in $log" \
    "a registry that pip can reach is needed: see pip config"
cp "$wanted" "$folder/requirements.txt"
