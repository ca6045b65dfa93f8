"""Why a call has no success. What a step lets pass becomes a failure by itself: `failure_of`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .failure import Failure, Kind


class Trouble(Exception):
    """Why there is no success: one of the four below."""


@dataclass(eq=False)
class _Answered(Trouble):
    #: Whose answer it is: of the request itself, or of one that the host sent for it, as for a token.
    request: str
    #: The status of HTTP; 0 where no answer came.
    status: int = 0
    #: What the service says of it, as the manifest's `errors` name it.
    errors: Mapping[str, Any] = field(default_factory=dict)
    #: How long it asks to wait.
    retry_after: timedelta | None = None

    def _said(self) -> str:
        """The status, and what the service says in texts, in one line."""
        texts = [" ".join(text.split()) for text in self.errors.values() if isinstance(text, str)]
        status = f"HTTP {self.status}" if self.status else "no answer"
        return " ".join([status, ": ".join(filter(None, texts))]).rstrip()


class Rejected(_Answered):
    """The service did nothing, and says so."""

    def __str__(self) -> str:
        return f"the service refuses `{self.request}` ({self._said()})"


class Unavailable(_Answered):
    """The service cannot answer now, and did nothing; or its answer to a read is none."""

    def __str__(self) -> str:
        return f"the service does not answer `{self.request}` now ({self._said()})"


@dataclass(eq=False)
class _Told(Trouble):
    #: Why, in words.
    reason: str


class Uncertain(_Told):
    """It is unknown whether the service did what it was asked."""

    def __str__(self) -> str:
        return f"it is unknown whether the service did it: {self.reason}"


class Refused(_Told):
    """The host did not send it."""

    def __str__(self) -> str:
        return f"the host did not send it: {self.reason}"


_Judged = tuple[Kind, str, str | None]

_MISSING: _Judged = ("not-found", "not-found", "see whether the service still has what the record names")
_REJECTED: dict[int, _Judged] = {
    401: (
        "wrong-credential",
        "not-authorized",
        "see whether the credential that it is sent with is still the right one",
    ),
    403: ("denied", "forbidden", "give the credential that it is sent with the right to do this"),
    404: _MISSING,
    409: ("conflict", "conflict", "see who else changes it at the same time, and rotate again"),
    410: _MISSING,
    429: ("unavailable", "throttled", "rotate again later"),
}
_SILENT: _Judged = (
    "unavailable",
    "service-unavailable",
    "see whether the service can be reached and is up, and rotate again",
)


def failure_of(trouble: Trouble) -> Failure:
    """What becomes of trouble that a plugin knows nothing better about."""
    judged: _Judged
    match trouble:
        case Rejected():
            judged = _REJECTED.get(trouble.status, ("denied", "rejected", None))
        case Unavailable():
            judged = _SILENT
        case Uncertain():
            judged = ("uncertain", "answer-unclear", None)
        case _:
            judged = ("other", "host-refused", None)
    kind, code, fix = judged
    return Failure(kind, code, str(trouble), fix)
