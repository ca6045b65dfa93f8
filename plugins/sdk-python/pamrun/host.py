"""The world outside, as a plugin sees it: pamrun in a component, `pamrun.testing` in a unit test."""

from typing import Literal, Protocol

from .answer import AnyAnswer

Level = Literal["debug", "info", "warn"]


class Host(Protocol):
    """Everything that a plugin can do besides computing."""

    def call(self, request: str, params: dict[str, str | int]) -> AnyAnswer:
        """Sends a request of the manifest, or raises a `Trouble`."""

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
