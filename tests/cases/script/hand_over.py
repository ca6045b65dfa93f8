#!/usr/bin/env python3
# pamrun: steps=preflight,rotate,verify strategy=deliver
"""Hands the new value to an app: the smallest script that delivers. The app is where the setting `app` says."""
import json
import os
import sys
import urllib.request


def send(given, method, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(given["settings"]["app"] + "/secret", data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def main():
    sys.stdin.readline()
    given = json.loads(sys.stdin.readline())
    secret = next((update for update in given["deliver"] if update["type"] == "secret"), None)
    step = os.environ["PAMRUN_STEP"]
    if step == "preflight":
        send(given, "GET")
        answer = {"target": "app.example.com/secret", "creates": "a new secret"}
    elif step == "rotate":
        send(given, "PUT", {"secret": secret["values"][0]})
        answer = {"handle": "secret"}
    else:
        same = send(given, "GET")["secret"] == secret["values"][0]
        answer = {"proof": "verified"} if same else {"proof": "unproven", "reason": "the app shows another one"}
    print(json.dumps(answer))


main()
