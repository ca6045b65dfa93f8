#!/bin/bash
# A post-rotation shell script: reads the line, decodes it with what is on every machine.
set -e
read -r line
params=$(echo "$line" | base64 --decode)
user=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["user"])' <<< "$params")
records=$(python3 -c 'import base64, json, sys; print(base64.b64decode(json.load(sys.stdin)["records"]).decode())' <<< "$params")
echo "Post-rotation for $user"
case "$records" in
    *"Router Authentication Record"*) echo "found the credential" ;;
    *) echo "no credential record" >&2; exit 1 ;;
esac
