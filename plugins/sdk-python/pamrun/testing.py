"""What a plugin's unit tests need: a host whose clock costs no time, and requests as a host makes them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from json import dumps
from types import TracebackType
from typing import Any

from . import host
from .host import Answer, Call, Lost, NotSent, Refused, SendError
from .plugin import Plugin
from .request import Field, Record, Request, SettingValue
from .step import Update

__all__ = ["Answer", "Call", "FakeHost", "Lost", "NotSent", "Refused", "SendError", "answer", "request"]

Peer = Callable[[Call, float], Answer]
"""Answers a call, so many seconds after the start, or raises a `SendError`."""


class FakeHost:
    """A host whose peer is a function, and whose time passes only in `clock.sleep`.

    with FakeHost(lambda call, elapsed: answer(503 if elapsed < 5 else 200)) as outside:
        plan = Tokens().preflight(request(Tokens, target={"account": "a1"}))
    assert outside.calls() == ["GET /v1/accounts/a1"]
    """

    def __init__(self, peer: Peer) -> None:
        self.sent: list[Call] = []
        self.logged: list[str] = []
        self._peer = peer
        self._elapsed = 0.0

    @classmethod
    def scripted(cls, *answers: Answer | SendError) -> "FakeHost":
        """A host whose peer gives these answers in turn, then loses every further one."""
        rest = iter(answers)

        def peer(_call: Call, _elapsed: float) -> Answer:
            following = next(rest, Lost("the script is at its end"))
            if isinstance(following, SendError):
                raise following
            return following

        return cls(peer)

    def __enter__(self) -> "FakeHost":
        host.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        host.leave()

    def calls(self) -> list[str]:
        """The requests so far, as `METHOD /path`."""
        return [f"{call.method} /{call.url.split('/', 3)[-1].split('?')[0]}" for call in self.sent]

    def send(self, call: Call) -> Answer:
        self.sent.append(call)
        return self._peer(call, self._elapsed)

    def now(self) -> float:
        # The first second of 2030, and what was slept since.
        return 1_893_456_000 + self._elapsed

    def sleep(self, seconds: float) -> None:
        self._elapsed += seconds

    def log(self, level: host.Level, message: str) -> None:
        self.logged.append(message)


def answer(status: int, json: Any = None, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    """Makes an answer."""
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    return Answer(status, fields, body if json is None else dumps(json).encode())


def request(
    plugin: type[Plugin],
    *,
    target: Mapping[str, str] | None = None,
    attached: Iterable[Mapping[str, str]] = (),
    provider: Mapping[str, str] | None = None,
    settings: Mapping[str, SettingValue] | None = None,
    proposed: str | None = None,
    deliver: Iterable[Update] = (),
) -> Request:
    """Makes a request with these fields of its records, and the defaults of the plugin's settings."""
    schemas = plugin.manifest.get("settings", [])
    defaults = {schema["key"]: _default(schema) for schema in schemas if "default" in schema}
    others = [_record("attached", f"attached-{number}", fields) for number, fields in enumerate(attached, 1)]
    if provider is not None:
        others.append(_record("provider", "provider", provider))
    return Request(
        rotation_id="11111111-2222-4333-8444-555555555555",
        marker="pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1",
        attempt=1,
        target=_record("target", "target", target or {}),
        others=others,
        settings={**defaults, **(settings or {})},
        proposed=proposed,
        deliver=list(deliver),
    )


def _record(role: Any, name: str, fields: Mapping[str, str]) -> Record:
    return Record(name, name, role, [Field(label, "text", [value]) for label, value in fields.items()])


_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}


def _default(schema: Mapping[str, Any]) -> Any:
    value = schema["default"]
    if schema["type"] == "number":
        return float(value)
    if schema["type"] == "duration":
        unit = value.lstrip("0123456789")
        return timedelta(**{_UNITS[unit]: int(value.removesuffix(unit))})
    return value
