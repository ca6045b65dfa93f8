"""HTTP through the host's gate: blocking calls, whole answers, typed failures.

No call needs an `except`: one without a whole answer raises the failure that it is for this kind of
request. A lost answer is `Uncertain` when the request may have changed something, which all but GET,
HEAD and OPTIONS are taken for; `changes=False` says that a POST only reads, as one for a token does.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from json import dumps, loads
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from . import host
from .failure import Conflict, Denied, Failure, NotFound, Unavailable, Uncertain

_DEPTH = 64
#: In seconds: what the interface has room for.
_LONGEST_WAIT = 0xFFFF_FFFF
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_READS = ("GET", "HEAD", "OPTIONS")


class Response:
    """An answer, received whole. Redirects are answers too."""

    def __init__(self, call: host.Call, changes: bool, answer: host.Answer) -> None:
        self.status = answer.status
        #: By name in lower case.
        self.headers = answer.headers
        self.body = answer.body
        self._changes = changes
        url = urlsplit(call.url)
        self._what = f"{url.hostname} answered {answer.status} to {call.method} {url.path or '/'}"

    def __repr__(self) -> str:
        return f"<Response: {self._what}>"

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises `unclear-answer` when it is none."""
        if _is_deep(self.body):
            raise self.unclear("which is nested too deep")
        try:
            return loads(self.body)
        except (ValueError, RecursionError):
            raise self.unclear("which is not JSON") from None

    def expect(self, *statuses: int) -> "Response":
        """Returns the answer itself when it has one of these statuses, and raises `failure()` if not."""
        if self.status in statuses:
            return self
        raise self.failure()

    def failure(self) -> Failure:
        """The failure that it is, by its status, where it is not what the plugin hoped for."""
        match self.status:
            case 401:
                return Denied("unauthorized", f"{self._what}: it does not accept the credential")
            case 403:
                return Denied("forbidden", f"{self._what}: a right is missing")
            case 404 | 410:
                return NotFound("not-found", f"{self._what}: it does not exist")
            case 409 | 412:
                return Conflict("conflict", f"{self._what}: somebody else changed it at the same time")
            case 429:
                return Unavailable("throttled", f"{self._what}: it asks to slow down", self.retry_after())
            case status if 400 <= status < 500 and status != 408:
                return Denied("refused", self._what)
        return self.unclear("which does not say whether it was done" if self._changes else "which is no answer")

    def unclear(self, why: str) -> Failure:
        """The failure that it is when nobody can tell what the service did; `why` ends the sentence."""
        message = f"{self._what}, {why}"
        if self._changes:
            return Uncertain("unclear-answer", message)
        return Unavailable("unclear-answer", message, self.retry_after())

    def retry_after(self) -> int | None:
        """The seconds that the service asks to wait, by its `Retry-After`; none where it does not say.

        A date that has passed is 0.
        """
        return _seconds(self.headers.get("retry-after", "").strip(), host.current().now())


def _seconds(value: str, now: float) -> int | None:
    """How many seconds a `Retry-After` asks to wait: a number, or a date, which counts from `now`.

    A part of a second is waited for as a whole one: to come early is to be turned away again.
    """
    if _NUMBER.fullmatch(value):
        return ceil(min(float(value), _LONGEST_WAIT))
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    # HTTP's dates are in UTC, and the oldest of their spellings does not say so.
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0, min(ceil(date.timestamp() - now), _LONGEST_WAIT))


def _is_deep(body: bytes) -> bool:
    """Whether JSON is nested so deep that to parse it would exhaust the small stack of a component."""
    if body.count(b"[") + body.count(b"{") <= _DEPTH:
        return False
    depth = 0
    for token in _BRACKETS.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth > _DEPTH:
            return True
    return False


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    bearer: str | None = None,
    json: Any = None,
    body: bytes = b"",
    changes: bool | None = None,
) -> Response:
    """Sends a request to an `https` URL and waits for the whole answer.

    `bearer` becomes the `Authorization` header, `json` the body. `Host` and `Content-Length` are added.
    """
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    if bearer is not None:
        fields["authorization"] = f"Bearer {bearer}"
    if json is not None:
        body = dumps(json).encode()
        fields.setdefault("content-type", "application/json")
    call = host.Call(method, url, fields, body)
    if changes is None:
        changes = method not in _READS
    try:
        answer = host.current().send(call)
    except host.Refused as error:
        raise Denied("request-denied", f"the request was not allowed: {error}") from None
    except host.NotSent as error:
        raise Unavailable("no-answer", f"the service could not be reached: {error}") from None
    except host.SendError as error:
        lost = f"the answer was lost: {error}"
        raise (Uncertain("answer-lost", lost) if changes else Unavailable("no-answer", lost)) from None
    return Response(call, changes, answer)


def get(url: str, **options: Any) -> Response:
    """Reads. The options are those of `request`."""
    return request("GET", url, **options)


def post(url: str, **options: Any) -> Response:
    """Posts. The options are those of `request`."""
    return request("POST", url, **options)


def put(url: str, **options: Any) -> Response:
    """Puts. The options are those of `request`."""
    return request("PUT", url, **options)


def patch(url: str, **options: Any) -> Response:
    """Patches. The options are those of `request`."""
    return request("PATCH", url, **options)


def delete(url: str, **options: Any) -> Response:
    """Deletes. The options are those of `request`."""
    return request("DELETE", url, **options)
