#!/usr/bin/env python3
# pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap
"""Rotates an API key: the smallest script with all steps. The service is where the setting `service` says."""
import json
import os
import sys
import urllib.error
import urllib.request


def send(given, method, path, key, body=None):
    data = json.dumps(body).encode() if body is not None else None
    headers = {"X-Api-Key": key, "Content-Type": "application/json"}
    request = urllib.request.Request(given["settings"]["service"] + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, None


def main():
    sys.stdin.readline()
    given = json.loads(sys.stdin.readline())
    target = given["records"][0]
    admin = next(record["admin_token"] for record in given["records"] if "admin_token" in record)
    step = os.environ["PAMRUN_STEP"]
    if step == "preflight":
        _, keys = send(given, "GET", "/v1/keys", admin)
        removes = [{"id": key["id"], "label": key["name"]} for key in keys]
        answer = {"target": "api.example.com/keys", "creates": "a key", "removes": removes}
    elif step == "rotate":
        _, made = send(given, "POST", "/v1/keys", admin, {"name": given["marker"]})
        answer = {"handle": made["id"], "updates": [
            {"label": "key_id", "type": "text", "value": made["id"]},
            {"label": "key", "type": "secret", "value": made["key"]}]}
    elif step == "verify":
        key = next(update["values"][0] for update in given["updates"] if update["label"] == "key")
        status, _ = send(given, "GET", "/v1/me", key)
        if status == 200:
            answer = {"proof": "verified"}
        else:
            answer = {"failure": {"kind": "wrong-credential", "code": "wrong-key", "message": "the new key is refused"}}
    elif step == "commit":
        ids = [listed["id"] for listed in given["plan"]["removes"]]
        answer = {"removed": [{"id": id, "gone": send(given, "DELETE", f"/v1/keys/{id}", admin)[0] in (204, 404)} for id in ids]}
    else:
        _, keys = send(given, "GET", "/v1/keys", admin)
        ours = [key["id"] for key in keys if key["name"].startswith(given["marker"].rsplit(".", 1)[0])]
        gone = [id for id in ours if send(given, "DELETE", f"/v1/keys/{id}", admin)[0] in (204, 404)]
        answer = {"seen": ours, "gone": gone}
    print(json.dumps(answer))


main()
