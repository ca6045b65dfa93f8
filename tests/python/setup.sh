#!/usr/bin/env bash
# Makes target/python: a virtual environment with Keeper's own client for Python and python-dotenv, which the
# tests call as witnesses. Does nothing when it is there and up to date.
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
if cmp -s "$wanted" "$folder/requirements.txt" && "$folder/bin/python" -c 'import keeper_secrets_manager_core, dotenv' 2>/dev/null; then
    exit 0
fi

mkdir -p target
: >"$log"
python=$(tests/python/find.sh)

say "installing Keeper's client for Python and python-dotenv into $folder"
rm -rf "$folder"
{
    "$python" -m venv "$folder" &&
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$wanted"
} >>"$log" 2>&1 || die "the packages of $wanted could not be installed; pip's words are in $log" \
    "a registry that pip can reach is needed: see pip config"
cp "$wanted" "$folder/requirements.txt"
