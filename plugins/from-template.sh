#!/usr/bin/env bash
# Builds the plugin of an SDK's template as its author would, in a project below target/templates, and
# runs the SDK's unit tests there.
#
#   plugins/from-template.sh python|javascript NAME...    each to target/templates/NAME.wasm
#
# The compilers are installed once, below target/tools. What a machine may lack of Python or Node comes
# from Debian. The pamrun that packs is target/release/pamrun, or PAMRUN.
set -euo pipefail
cd "$(dirname "$0")/.."

log=target/from-template.log

say() { printf '%s\n' "$*" >&2; }

die() {
    say "plugins/from-template.sh: $1"
    say "  $2"
    exit 1
}

# Writes what comes on stdin, if that changes the file: make goes by the time of it.
put() {
    mkdir -p "$(dirname "$1")"
    cat >"$1.new"
    if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# Lays out what `pamrun new` writes, less the cases.
lay_out() {
    local sdk=$1 project=$2 name=$3 file pattern
    (cd "$sdk/template" && find . -type f) | while read -r file; do
        sed "s/{{name}}/$name/g" "$sdk/template/$file" | put "$project/${file//_gitignore/.gitignore}"
    done
    sed "s/{{name}}/$name/g" plugins/template/plugin.toml | put "$project/plugin.toml"
    while read -r pattern; do
        for file in "$sdk"/$pattern; do put "$project/sdk/${file#"$sdk/"}" <"$file"; done
    done <"$sdk/scaffold.txt"
    for file in "$sdk"/tests/*.*; do put "$project/tests/${file##*/}" <"$file"; done
    find wit/v1 -type f | while read -r file; do put "$project/$file" <"$file"; done
}

tools_python() {
    local python tools=target/tools/componentize-py
    if ! cmp -s plugins/sdk-python/requirements.txt "$tools/requirements.txt"; then
        python=$(tests/python/find.sh)
        rm -rf "$tools"
        # The project's own rule makes the environment; where it is, others find it too.
        make -C "$1" PYTHON="$python" VENV="$PWD/$tools" "$PWD/$tools/requirements.txt" >>"$log" 2>&1 ||
            die "componentize-py could not be installed; pip's words are in $log" \
                "a registry that pip can reach is needed: see pip config"
    fi
    # Make is not to install it again here.
    touch -r "$tools/requirements.txt" "$1/sdk/requirements.txt"
    arguments=("VENV=$PWD/$tools")
}

test_python() { (cd "$1" && PYTHONPATH=sdk:. "$OLDPWD/target/tools/componentize-py/bin/python" -m unittest discover --quiet tests); }

tools_javascript() {
    local tools=$PWD/target/tools/componentize-js
    have_node || install_node || die "there is no Node 20 or newer with npm; what was tried is in $log" \
        "install one from your distribution or from nodejs.org"
    if ! cmp -s plugins/sdk-javascript/package-lock.json "$tools/package-lock.json" ||
        [ ! -e "$tools/node_modules/ready" ]; then
        rm -rf "$tools" "$1/sdk/node_modules"
        make -C "$1" sdk/node_modules/ready >>"$log" 2>&1 ||
            die "the compilers of JavaScript could not be installed; npm's words are in $log" \
                "a registry that npm can reach is needed: see npm config"
        mkdir -p "$tools"
        mv "$1/sdk/node_modules" "$tools/"
        cp plugins/sdk-javascript/package-lock.json "$tools/"
    fi
    ln -sfn "$tools/node_modules" "$1/sdk/node_modules"
    touch -r "$tools/node_modules/ready" "$1/sdk/package-lock.json"
    arguments=()
}

test_javascript() { (cd "$1" && node --test tests/); }

have_node() {
    local version
    command -v npm >/dev/null && version=$(node --version 2>/dev/null) && version=${version#v} &&
        [ "${version%%.*}" -ge 20 ]
}

install_node() {
    command -v apt-get >/dev/null || return 1
    say "installing Debian's nodejs and npm"
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo -n)
    {
        "${root[@]}" apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -yq --no-install-recommends nodejs npm
    } >>"$log" 2>&1 </dev/null && have_node
}

case ${1:-} in
    python | javascript) ;;
    *) die "usage: plugins/from-template.sh python|javascript NAME..." \
        "for example: plugins/from-template.sh python tokens-python" ;;
esac
language=$1
shift
mkdir -p target
: >"$log"
for name in "$@"; do
    project=target/templates/$name
    lay_out "plugins/sdk-$language" "$project" "$name"
    "tools_$language" "$project"
    make -C "$project" --silent "${arguments[@]}" PAMRUN="${PAMRUN:-$PWD/target/release/pamrun}"
    "test_$language" "$project" >>"$log" 2>&1 || die "a unit test failed: see $log" "run it in $project"
    put "target/templates/$name.wasm" <"$project/$name.wasm"
    say "target/templates/$name.wasm  $(wc -c <"$project/$name.wasm") bytes"
done
