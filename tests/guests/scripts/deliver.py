#!/usr/bin/env python3
# pamrun: steps=preflight,rotate,verify strategy=deliver
"""Hands the new value to a file, for the tests."""

import json
import os
import sys

sys.stdin.readline()
given = json.loads(sys.stdin.readline())
path = given["settings"]["path"]
step = os.environ["PAMRUN_STEP"]

secret = next((update for update in given["deliver"] if update["type"] == "secret"), None)
if step == "preflight":
    assert secret and not secret["values"], "there is a value already"
    print(json.dumps({"target": path, "creates": "a line"}))
elif step == "rotate":
    with open(path, "w", encoding="utf-8") as file:
        file.write(secret["values"][0])
    print(json.dumps({"handle": "line-1"}))
else:
    with open(path, encoding="utf-8") as file:
        same = file.read() == secret["values"][0]
    print(json.dumps({"proof": "verified"} if same else {"proof": "unproven", "reason": "it is another one"}))
