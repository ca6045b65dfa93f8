#!/usr/bin/env python3
# pamrun: steps=preflight,rotate,verify,rollback strategy=in-place
"""Replaces the password of an account, which is a file, or misbehaves once on the way."""

import json
import os
import signal
import sys

sys.stdin.readline()
given = json.loads(sys.stdin.readline())
account = given["settings"]["account"]


def is_first(misdeed):
    """Whether it is this misdeed's turn: each happens once."""
    if given["settings"].get("misdeed") != misdeed or os.path.exists(account + ".done"):
        return False
    open(account + ".done", "w").close()
    return True


def failure(kind, code):
    return {"failure": {"kind": kind, "code": code, "message": f"it failed: {code}"}}


def write(password):
    with open(account, "w") as file:
        file.write(password)


def read():
    with open(account) as file:
        return file.read()


def preflight():
    return {"target": "account", "creates": "a password"}


def rotate():
    if is_first("refuse"):
        return failure("denied", "too-weak")
    if is_first("lose the request"):
        return failure("uncertain", "no-answer")
    if is_first("kill before"):
        os.kill(os.getppid(), signal.SIGKILL)
    write("another one" if is_first("set another one") else given["proposed"])
    if is_first("lose the answer"):
        return failure("uncertain", "no-answer")
    if is_first("kill after"):
        os.kill(os.getppid(), signal.SIGKILL)
    if is_first("crash"):
        raise OSError("the line is dead")
    return {"handle": given["rotation_id"], "updates": [
        {"label": "password", "place": "standard", "type": "password", "value": given["proposed"]},
        {"label": "changed_by", "type": "text", "value": os.path.basename(__file__)}]}


def verify():
    password = [update["values"][0] for update in given["updates"] if update["label"] == "password"][0]
    return {"proof": "verified"} if read() == password else failure("wrong-credential", "wrong-password")


def rollback():
    write(given["proposed"])
    return {"seen": [], "gone": []}


print(json.dumps(globals()[given["step"]]()))
