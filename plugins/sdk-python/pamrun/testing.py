"""What a plugin's unit tests need: a host that answers by the names of requests, and what a step is given.

Both hold to the manifest, so that a test cannot promise what pamrun will not do.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from . import host
from .answer import SECRET, Answer, AnyAnswer, Listed, Value
from .manifest import Declared, Manifest, read
from .request import Request
from .trouble import Refused, Rejected, Trouble, Unavailable, Uncertain

__all__ = ["FakeHost", "answer", "listed", "lost", "refused", "rejected", "request", "unavailable"]

Reply = AnyAnswer | Trouble
Peer = Reply | list[Reply] | Callable[..., Reply]
"""What answers a request: always this, these in turn, or a function of its parameters."""

_TYPES: dict[str, type] = {"int": int, "count": int, "bool": bool, "list": list}
MANIFEST = Path("plugin.toml")


class FakeHost:
    """A host whose requests are answered by name, and whose time passes only in `clock.sleep`.

    with FakeHost({"tokens": answer(items=[listed("old")]), "delete": rejected(404)}) as outside:
        plan = Tokens().preflight(request({"target.account": "a1"}))
    assert outside.calls == [("tokens", {})]
    """

    def __init__(self, peers: Mapping[str, Peer], manifest: Path = MANIFEST) -> None:
        self.calls: list[tuple[str, dict[str, str | int]]] = []
        self.logged: list[str] = []
        #: The seconds that were slept.
        self.elapsed = 0.0
        self._manifest = read(manifest)
        self._peers = {name: iter(peer) if isinstance(peer, list) else peer for name, peer in peers.items()}
        for name in peers:
            _known(name, self._manifest.requests, "request")

    def __enter__(self) -> "FakeHost":
        host.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        host.leave()

    def called(self) -> list[str]:
        """The names of the requests so far."""
        return [name for name, _ in self.calls]

    def call(self, request: str, params: dict[str, str | int]) -> AnyAnswer:
        declared = _known(request, self._manifest.requests, "request")
        _check_params(request, declared, params)
        self.calls.append((request, params))
        if request not in self._peers:
            raise AssertionError(f"nothing answers {request!r} in this test")
        peer = self._peers[request]
        if callable(peer):
            reply = peer(**params)
        elif isinstance(peer, Answer | Trouble):
            reply = peer
        else:
            following = next(peer, None)
            if following is None:
                raise AssertionError(f"{request!r} was called more often than this test answers it")
            reply = following
        if isinstance(reply, Trouble):
            raise _of(request, reply, self._manifest)
        _check_answer(request, declared, reply)
        return reply

    def now(self) -> float:
        # The first second of 2030, and what was slept since.
        return 1_893_456_000 + self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds

    def log(self, level: host.Level, message: str) -> None:
        self.logged.append(message)


def answer(*, items: Iterable[Listed[Any]] = (), **outputs: Any) -> AnyAnswer:
    """A success with these outputs."""
    return Answer(outputs, list(items))


def listed(
    id: str,
    label: str | None = None,
    *,
    created: str | None = None,
    expires: str | None = None,
    disabled: bool = False,
    **outputs: Any,
) -> Listed[dict[str, Any]]:
    """A credential that an answer lists."""
    return Listed(id, label, created, expires, disabled, outputs)


def rejected(status: int, *, retry_after: timedelta | None = None, **errors: Any) -> Rejected:
    """The service did nothing, and says so."""
    return Rejected("", status, errors, retry_after)


def unavailable(status: int = 0, *, retry_after: timedelta | None = None, **errors: Any) -> Unavailable:
    """The service cannot answer now; 0 is no answer at all."""
    return Unavailable("", status, errors, retry_after)


def lost(reason: str = "the answer was lost") -> Uncertain:
    """It is unknown whether the service did it."""
    return Uncertain(reason)


def refused(reason: str) -> Refused:
    """The host does not send it."""
    return Refused(reason)


def request(
    inputs: Mapping[str, Value] | None = None,
    *,
    settings: Mapping[str, Value] | None = None,
    mode: Literal["dry-run", "act"] = "act",
    target: str | None = None,
    deliver: Iterable[str] = (),
    manifest: Path = MANIFEST,
) -> Request:
    """What a step is given: these inputs, and the settings with their defaults."""
    declared = read(manifest)
    for name in inputs or {}:
        _known(name, dict.fromkeys(declared.inputs), "input")
    for key in settings or {}:
        _known(key, declared.settings, "setting")
    defaults = {key: _default(setting, inputs or {}) for key, setting in declared.settings.items()}
    return Request(
        rotation_id="11111111-2222-4333-8444-555555555555",
        marker="pamrun-0a1b2c3d-11111111-2222-4333-8444-555555555555.1",
        attempt=1 if mode == "act" else 0,
        mode=mode,
        target=target,
        inputs=dict(inputs or {}),
        settings={key: value for key, value in {**defaults, **(settings or {})}.items() if value is not None},
        deliver=list(deliver),
    )


def _known(name: str, declared: Mapping[str, Any], what: str) -> Any:
    if name not in declared:
        raise AssertionError(f"the manifest has no {what} {name!r}; there are {', '.join(declared)}")
    return declared[name]


def _check_params(request: str, declared: Declared, params: Mapping[str, str | int]) -> None:
    if params.keys() != declared.params.keys():
        wanted, given = ", ".join(declared.params) or "none", ", ".join(params) or "none"
        raise AssertionError(f"{request!r} takes the parameters {wanted}, and was given {given}")
    for name, value in params.items():
        kind = declared.params[name]
        fits = value in kind if isinstance(kind, list) else isinstance(value, int if kind == "int" else str)
        if kind == "time" and fits:
            datetime.fromisoformat(str(value))
        if not fits:
            raise AssertionError(f"the parameter {name} of {request!r} is {kind}, and was given {value!r}")


def _check_answer(request: str, declared: Declared, reply: AnyAnswer) -> None:
    _check_outputs(f"the answer to {request!r}", declared.outputs, reply.outputs)
    if reply.items and declared.items is None:
        raise AssertionError(f"{request!r} lists nothing, by the manifest")
    for item in reply.items:
        _check_outputs(f"{item.id!r} in the answer to {request!r}", declared.items or {}, item.outputs)


def _check_outputs(what: str, declared: Mapping[str, tuple[str, bool]], outputs: Mapping[str, Any]) -> None:
    for name in outputs:
        _known(name, declared, "output")
    for name, (kind, may_be_missing) in declared.items():
        if name not in outputs:
            if not may_be_missing:
                raise AssertionError(f"{what} lacks the output {name!r}, which is not optional")
        elif type(outputs[name]) is not _TYPES.get(kind, str):
            raise AssertionError(f"the output {name!r} of {what} is of type {kind}, and not {outputs[name]!r}")


def _of(request: str, trouble: Trouble, manifest: Manifest) -> Trouble:
    """Says whose answer it is, where the test left that out."""
    if isinstance(trouble, Rejected | Unavailable):
        for name in trouble.errors:
            _known(name, dict.fromkeys(manifest.errors), "error")
        return type(trouble)(trouble.request or request, trouble.status, trouble.errors, trouble.retry_after)
    return trouble


_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _default(setting: Mapping[str, Any], inputs: Mapping[str, Value]) -> Value | None:
    value = setting.get("default")
    if value is None:
        return None
    if setting["type"] in ("secret", "map", "complexity"):
        return SECRET
    if isinstance(value, str) and value.startswith("{target."):
        return inputs.get(value.strip("{}"))
    if setting["type"] == "duration":
        unit = value.lstrip("0123456789")
        return timedelta(**{_UNITS[unit]: int(value.removesuffix(unit))})
    return value
