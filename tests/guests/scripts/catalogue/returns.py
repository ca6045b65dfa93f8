#!/usr/bin/env python3
# A script without steps that returns what is to be saved.
import base64
import json
import os
import sys

params = json.loads(base64.b64decode(sys.stdin.readline()))
answer = {"updates": [
    {"label": "api_key", "type": "secret", "value": "made-by-the-script-" + params["userRecordUid"]},
    {"label": "made_by", "type": "text", "value": "returns.py"},
]}
print("the key is", answer["updates"][0]["value"])
if sys.argv[1:] == ["file"]:
    with open(os.environ["PAMRUN_OUTPUT"], "w") as file:
        json.dump(answer, file, indent=2)
else:
    print(json.dumps(answer))
