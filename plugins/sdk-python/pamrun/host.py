"""The world outside, as a plugin sees it: WASI in a component, `pamrun.testing` in a unit test."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

Level = Literal["debug", "info", "warn"]


@dataclass(frozen=True)
class Call:
    """A request as it is sent."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """A whole answer. The names of its headers are in lower case."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class SendError(Exception):
    """Why there is no whole answer to a request."""


class Refused(SendError):
    """The host's policy does not let the request out. Nothing was sent."""


class NotSent(SendError):
    """The service was not reached: name, connection or TLS. Nothing was sent."""


class Lost(SendError):
    """The request went out, wholly or in part, and no whole answer came back."""


class Host(Protocol):
    """Everything that a plugin can do besides computing."""

    def send(self, call: Call) -> Answer:
        """Sends a request and waits for the whole answer, or raises a `SendError`."""

    def now(self) -> float:
        """The wall clock, in seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Waits."""

    def log(self, level: Level, message: str) -> None:
        """Writes one line for people."""


_current: list[Host] = []


def current() -> Host:
    """The host that the running step talks to."""
    if not _current:
        raise RuntimeError("there is no host here: run the step within `with pamrun.testing.FakeHost(…):`")
    return _current[-1]


def enter(host: Host) -> None:
    """Makes `host` the current one."""
    _current.append(host)


def leave() -> None:
    """Makes the one before it the current one again."""
    _current.pop()
