#!/usr/bin/env python3
# pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap
"""Rotates a key in its own way. The service is a JSON file of keys: id, name and value."""

import json
import os
import signal
import sys
import time
import uuid

sys.stdin.readline()
given = json.loads(sys.stdin.readline())
settings, step = given["settings"], given["step"]
target = given["records"][0]
misdeed = settings.get("misdeed", "") if settings.get("in", "rotate") == step else ""
assert os.environ["PAMRUN_STEP"] == step


def keys():
    with open(settings["service"]) as file:
        return json.load(file)


def write(keys):
    with open(settings["service"], "w") as file:
        json.dump(keys, file)


def remove(ids):
    write([key for key in keys() if key["id"] not in ids])


def preflight():
    old = [{"id": key["id"], "label": key["name"]} for key in keys() if key["id"] == target["key_id"]]
    return {"target": "keys", "creates": "a key", "removes": old}


def rotate():
    key = {"id": uuid.uuid4().hex, "name": given["marker"], "value": "value-" + uuid.uuid4().hex}
    write(keys() + [key])
    if misdeed == "print_secret":
        print("made", key["value"])
        print("made", key["value"], file=sys.stderr)
    if misdeed == "secret_in_handle":
        key["id"] = key["value"]
    if misdeed == "standard_field":
        return {"handle": key["id"], "updates": [
            {"label": "key_id", "type": "text", "value": key["id"]},
            {"label": "password", "place": "standard", "type": "password", "value": key["value"]}]}
    return {"handle": key["id"], "updates": [
        {"label": "key_id", "type": "text", "value": key["id"]},
        {"label": "key", "type": "secret", "value": key["value"]}]}


def verify():
    value = [update["values"][0] for update in given["updates"] if update["label"] == "key"][0]
    if not any(key["value"] == value for key in keys()):
        return {"failure": {"kind": "wrong-credential", "code": "wrong-key", "message": "the key is wrong"}}
    return {"proof": "verified"}


def commit():
    ids = [listed["id"] for listed in given["plan"]["removes"]]
    remove(ids)
    return {"removed": [{"id": key, "gone": True} for key in ids]}


def rollback():
    stem = given["marker"].rsplit(".", 1)[0] + "."
    ours = [key["id"] for key in keys() if key["name"].startswith(stem)]
    remove(ours)
    return {"seen": ours, "gone": ours}


answer = json.dumps(globals()[step]())
if misdeed == "crash":
    raise RuntimeError("halfway, with " + answer)
if misdeed == "kill_pamrun":
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)
if misdeed == "sleep":
    time.sleep(600)
if misdeed == "flood":
    while True:
        print("flood " * 1000)
if misdeed == "say_nothing":
    sys.exit(0)
if misdeed == "half_an_answer":
    answer = answer[: len(answer) // 2]
if misdeed == "another_shape":
    answer = '{"handle": ["k"], "target": 7, "proof": 1, "removed": "all", "seen": {}}'
if misdeed == "answer_in_lines":
    answer = json.dumps(json.loads(answer), indent=1)
if misdeed == "deny":
    answer = '{"failure": {"kind": "denied", "code": "not-allowed", "message": "no right to do it"}}'
print(answer)
if misdeed == "exit_3_after_the_answer":
    sys.exit(3)
