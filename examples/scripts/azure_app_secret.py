#!/usr/bin/env python3
# pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap
"""Rotates the client secret of an Azure app through Microsoft Graph. Needs nothing but Python 3.8.

pamrun calls it once for each step. What it is given stands in the second line of stdin, and what it
prints last is its answer. It never removes anything but what commit and rollback are for.
"""
import email.utils
import json
import math
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

# Field names of an admin app's credentials: Keeper's page first, then PAM configurations.
SPELLINGS = [("application_client_id", "client_secret", "tenant_id"), ("clientId", "clientSecret", "tenantId")]
WAITS = [2, 4, 8, 16]
ASKED = 480  # How long Graph may have itself waited for, all pauses of one request together.
LAG = 3  # Graph's lists lag behind its writes.


class Failure(Exception):
    """What went wrong, in the words of pamrun: the kind decides what happens next."""

    def __init__(self, kind, code, message, retry_after=None):
        super().__init__(message)
        self.kind, self.code, self.retry_after = kind, code, retry_after


class Lost(Exception):
    """No answer came: the service may have done what it was asked, or not."""


def send(url, body=None, headers=None):
    """Sends one request; returns the status and the JSON of the answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status, text, wait = answer.status, answer.read(), None
    except urllib.error.HTTPError as error:
        status, text, wait = error.code, error.read(), error.headers.get("Retry-After")
    except OSError as error:
        raise Lost(f"{type(error).__name__} from {urllib.parse.urlsplit(url).hostname}") from None
    except Exception as error:  # http.client's own errors: an answer that broke off.
        raise Lost(type(error).__name__) from None
    try:
        parsed = json.loads(text.decode("utf-8-sig")) if text else {}
    except ValueError:
        parsed = None
    return status, parsed if isinstance(parsed, dict) else None, seconds(wait or "")


def seconds(wait):
    """How many whole seconds a Retry-After asks to wait: a number or a date; none where it is neither."""
    try:
        left = float(wait) if wait[:1].isdigit() else email.utils.parsedate_to_datetime(wait).timestamp() - time.time()
        return max(0, math.ceil(left))
    except (TypeError, ValueError, OverflowError):
        return None


def patiently(attempt):
    """Repeats what failed with the promise that nothing was done.

    What preflight has read and is not found later is known to some backends only.
    """
    passing = ["conflict", "unavailable"] + ["not-found"] * (os.environ["PAMRUN_STEP"] != "preflight")
    waits, patience = iter(WAITS), ASKED
    while True:
        try:
            return attempt()
        except Failure as failure:
            wait = failure.retry_after or next(waits, None)
            patience -= max(5, wait or 0)
            if failure.kind not in passing or wait is None or patience < 0:
                raise
            print(f"trying again in {wait} s: {failure}", file=sys.stderr)
            time.sleep(wait)


class Azure:
    """The app that is rotated, and Graph with the admin app logged in."""

    def __init__(self, given):
        self.given, self.settings = given, given["settings"]
        self.target, *others = given["records"]
        self.authority = self.settings.get("authority", "login.microsoftonline.com")
        self.graph = self.settings.get("graph", "graph.microsoft.com")
        candidates = [(record, names) for record in others for names in SPELLINGS]
        candidates.append((self.target, SPELLINGS[0]))
        for record, names in candidates:
            if all(record.get(name) for name in names):
                self.client_id, self.secret, self.tenant = (record[name].strip() for name in names)
                self.who = f'the admin app of the record "{record["title"]}" ({record["uid"]})'
                break
        else:
            raise Failure("invalid", "no-admin-credentials",
                          "attach a record with application_client_id, client_secret and tenant_id to the script")
        self.token = None

    def login(self, client_id, secret, who):
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
                "scope": f"https://{self.graph}/.default"}
        try:
            status, answer, wait = send(f"https://{self.authority}/{urllib.parse.quote(self.tenant, safe='')}"
                                        "/oauth2/v2.0/token", urllib.parse.urlencode(form).encode())
        except Lost as lost:
            raise Failure("unavailable", "login-unavailable", f"{who} cannot log in: {lost}") from None
        if status == 200 and answer:
            return answer["access_token"]
        codes = (answer or {}).get("error_codes") or []
        if status >= 500 or status == 429 or answer is None:
            raise Failure("unavailable", "login-unavailable", f"{who} cannot log in: HTTP {status}", wait)
        if 7000215 in codes or 7000222 in codes:
            raise Failure("wrong-credential", "wrong-secret", f"{who} cannot log in: its secret is wrong or expired")
        raise Failure("denied", "login-refused", f"{who} cannot log in: HTTP {status}, AADSTS {codes}")

    def call(self, path, body=None):
        """Sends one request to Graph, with a new token when the old one is not accepted."""
        for renewed in (False, True):
            if renewed or self.token is None:
                self.token = patiently(lambda: self.login(self.client_id, self.secret, self.who))
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body).encode()
            status, answer, wait = send(f"https://{self.graph}/v1.0/applications{path}", data, headers)
            if status != 401:
                break
        if status < 300 and answer is not None:
            return answer
        if status < 300:
            raise Failure("uncertain", "graph-unclear", "Graph's answer is not JSON")
        error = (answer or {}).get("error")
        error = error if isinstance(error, dict) else {}
        message = str(error.get("message") or "")
        said = f"Graph answered with HTTP {status} {error.get('code') or ''}: {message[:200]}"
        if status == 409 or status == 400 and "concurrent requests" in message:
            raise Failure("conflict", "concurrent-change", said)
        if status == 429:
            raise Failure("unavailable", "throttled", said, wait)
        if status >= 500 or status == 408:
            raise Failure("uncertain", "graph-unclear", said, wait)
        if status == 404 and "No password credential found" not in message:
            raise Failure("not-found", "application-not-found", f"{said}: is this the app's object id?")
        if status == 401:
            raise Failure("denied", "token-refused", f"{said}, for a token that is new")
        if error.get("code") == "Authorization_RequestDenied":
            raise Failure("denied", "graph-denied", f"{said}: the admin app needs Application.ReadWrite.OwnedBy "
                          "and to be an owner of the app, or Application.ReadWrite.All")
        raise Failure("invalid", "graph-refused", said)

    def application(self, object_id):
        def read():
            try:
                return self.call(f"/{object_id}?$select=id,appId,displayName,passwordCredentials")
            except Lost as lost:
                raise Failure("unavailable", "graph-unavailable", str(lost)) from None
            except Failure as failure:
                if failure.kind != "uncertain":
                    raise
                raise Failure("unavailable", failure.code, str(failure), failure.retry_after) from None
        return patiently(read)

    def ends(self):
        days = int(self.settings.get("expiry_days", 365))
        return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def remove(self, object_id, key_id):
        """Removes a secret, and tells whether it is gone: Graph said so, or two reads do not list it."""
        for _ in range(3):
            try:
                patiently(lambda: self.call(f"/{object_id}/removePassword", {"keyId": key_id}))
                return True
            except Lost:
                pass
            except Failure as failure:
                if failure.kind not in ("uncertain", "invalid", "not-found"):
                    raise
            for read in range(2):
                time.sleep(LAG * read)
                if key_id in self.keys(object_id):
                    break
            else:
                return True
            time.sleep(LAG)
        return False

    def keys(self, object_id):
        return [secret["keyId"] for secret in self.application(object_id)["passwordCredentials"]]


def ids(plan):
    """The app's object id and client id."""
    return plan["target"].split("/")[-2:]


def preflight(azure):
    retire = azure.settings.get("retire", "all")
    if retire not in ("all", "previous", "none"):
        raise Failure("invalid", "setting-out-of-range", "the setting retire must be all, previous or none")
    app = azure.application(urllib.parse.quote(azure.target.get("application_object_id", "").strip(), safe=""))
    if app["appId"] == azure.client_id and azure.secret != azure.target.get("client_secret"):
        raise Failure("invalid", "admin-is-target", "the admin app is the one to be rotated: attach another one")
    previous = azure.target.get("client_secret_id")
    removes = [{"id": secret["keyId"], "label": secret.get("displayName") or "", "expires": secret.get("endDateTime")}
               for secret in app["passwordCredentials"]
               if retire == "all" or retire == "previous" and secret["keyId"] == previous]
    name = app.get("displayName") or app["appId"]
    return {"target": f"entra:{azure.graph}/{app['id']}/{app['appId']}".lower(), "removes": removes,
            "creates": f'a client secret of the app "{name}" that ends {azure.ends()}'}


def rotate(azure):
    object_id, _ = ids(azure.given["plan"])
    wanted = {"displayName": azure.given["marker"], "endDateTime": azure.ends()}
    try:
        made = patiently(lambda: azure.call(f"/{object_id}/addPassword", {"passwordCredential": wanted}))
    except Lost as lost:
        raise Failure("uncertain", "answer-lost", f"the answer to a new secret was lost: {lost}") from None
    if not (made.get("secretText") or "").strip():
        raise Failure("uncertain", "graph-unclear", "Graph made a secret without showing its value")
    key_id, expires = made["keyId"], wanted["endDateTime"]
    return {"handle": key_id, "expires": expires, "updates": [
        {"label": "client_secret_id", "type": "text", "value": key_id},
        {"label": "client_secret", "type": "secret", "value": made["secretText"]},
        {"label": "expires", "type": "text", "value": expires}]}


def verify(azure):
    """Logs in three times in a row: one backend knows a new secret before the next does."""
    _, app_id = ids(azure.given["plan"])
    secret = next(update["values"][0] for update in azure.given["updates"] if update["label"] == "client_secret")
    window = time.monotonic() + float(azure.settings.get("verify_window_seconds", 300))
    silent_until, successes, wait = None, 0, 2
    while successes < 3:
        try:
            azure.login(app_id, secret, "with its new secret, the app")
            successes, silent_until = successes + 1, None
        except Failure as failure:
            successes, now = 0, time.monotonic()
            if failure.kind == "unavailable":
                silent_until = silent_until or now + 30
                patience, pause = silent_until - now, max(1, failure.retry_after or 2)
            elif failure.kind == "wrong-credential":
                patience, pause, wait = window - now, wait, min(2 * wait, 15)
            else:
                raise
            if patience <= 0:
                raise
            time.sleep(min(pause, patience))
    return {"proof": "verified"}


def commit(azure):
    object_id, _ = ids(azure.given["plan"])
    old = [listed["id"] for listed in azure.given["plan"]["removes"] if listed["id"] != azure.given["handle"]]
    return {"removed": [{"id": key_id, "gone": azure.remove(object_id, key_id)} for key_id in old]}


def rollback(azure):
    object_id, _ = ids(azure.given["plan"])
    ours = azure.given["marker"].rsplit(".", 1)[0] + "."
    seen, gone = [], []
    pending = [azure.given["handle"]] if azure.given["handle"] else []
    for read in range(3):
        time.sleep(LAG * min(read, 1))
        for secret in azure.application(object_id)["passwordCredentials"]:
            if (secret.get("displayName") or "").startswith(ours) and secret["keyId"] not in pending + gone:
                pending.append(secret["keyId"])
        if seen and not pending:
            break
        for key_id in pending:
            if azure.remove(object_id, key_id):
                gone.append(key_id)
            if key_id not in seen:
                seen.append(key_id)
        pending = []
    return {"seen": seen, "gone": gone}


def main():
    sys.stdin.readline()  # the gateway's line, which holds the same records, only older
    steps = {step.__name__: step for step in (preflight, rotate, verify, commit, rollback)}
    try:
        answer = steps[os.environ["PAMRUN_STEP"]](Azure(json.loads(sys.stdin.readline())))
    except Failure as failure:
        answer = {"failure": {"kind": failure.kind, "code": failure.code, "message": str(failure),
                              "retry_after": failure.retry_after}}
    print(json.dumps(answer))


main()
