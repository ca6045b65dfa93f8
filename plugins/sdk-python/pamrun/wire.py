"""The host, through the plugin interface. In a component only."""

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from componentize_py_types import Err
from wit_world.imports import http, log, model

from .answer import SECRET, Answer, AnyAnswer, Listed, Value
from .host import Level
from .trouble import Refused, Rejected, Trouble, Unavailable, Uncertain

_MILLISECOND = timedelta(milliseconds=1)


class Wire:
    """The world outside a component."""

    def call(self, request: str, params: dict[str, str | int]) -> AnyAnswer:
        try:
            answer = http.call(request, named(params))
        except Err as error:
            raise _trouble(error.value) from None
        return Answer(values(answer.outputs), [_listed(item) for item in answer.items])

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def log(self, level: Level, message: str) -> None:
        log.write(log.Level[level.upper()], str(message))


def values(named: Iterable[model.Named]) -> dict[str, Any]:
    """What came, by name."""
    return {one.name: _value(one.value) for one in named}


def named(values: Mapping[str, Value]) -> list[model.Named]:
    """What goes out."""
    return [model.Named(name, _value_out(name, value)) for name, value in values.items()]


def _value(value: model.Value) -> Value:
    match value:
        case model.Value_Secret():
            return SECRET
        case model.Value_Duration():
            return timedelta(milliseconds=value.value)
        case _:
            return value.value


def _value_out(name: str, value: Value) -> model.Value:
    match value:
        case bool():
            return model.Value_Flag(value)
        case str():
            return model.Value_Text(value)
        case int() if -(2**63) <= value < 2**63:
            return model.Value_Integer(value)
        case timedelta():
            return model.Value_Duration(value // _MILLISECOND)
        case list() if all(isinstance(text, str) for text in value):
            return model.Value_Texts(value)
    raise TypeError(f"the value of {name} must be str, an int of 64 bits, bool, timedelta or a list of str")


def _listed(item: model.Listed) -> Listed[Any]:
    return Listed(item.id, item.label, item.created, item.expires, item.disabled, values(item.outputs))


def _trouble(trouble: http.Trouble) -> Trouble:
    match trouble:
        case http.Trouble_Uncertain(reason):
            return Uncertain(reason)
        case http.Trouble_Refused(reason):
            return Refused(reason)
    said = trouble.value
    kind = Rejected if isinstance(trouble, http.Trouble_Rejected) else Unavailable
    wait = None if said.retry_after is None else timedelta(milliseconds=said.retry_after)
    return kind(said.request, said.status, values(said.errors), wait)
