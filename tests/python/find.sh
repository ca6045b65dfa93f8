#!/usr/bin/env bash
# Prints a Python 3 that can make virtual environments; installs Debian's where there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."

log=target/python-find.log

# Debian has Python without what makes virtual environments.
can_make() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

install_venv() {
    command -v apt-get >/dev/null || return 1
    echo "installing Debian's python3-venv" >&2
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo -n)
    mkdir -p target
    {
        "${root[@]}" apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -yq --no-install-recommends python3-venv
    } >"$log" 2>&1 </dev/null
}

if can_make python3; then
    command -v python3
elif install_venv; then
    echo /usr/bin/python3
else
    echo "tests/python/find.sh: there is no Python 3 that can make a virtual environment; what was tried is in $log" >&2
    echo "  install one with: apt-get install python3-venv" >&2
    exit 1
fi
