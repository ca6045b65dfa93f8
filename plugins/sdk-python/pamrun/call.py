"""Calling the requests that the manifest declares.

Editors see the names, parameters and outputs of your manifest: the build writes them to `call.pyi`.
"""

from datetime import UTC, datetime

from . import host
from .answer import AnyAnswer


def call(request: str, /, **params: str | int | datetime) -> AnyAnswer:
    """Has the host send a request of the manifest, and waits until it is over.

    Raises `Rejected`, `Unavailable`, `Uncertain` or `Refused` where it is no success. A time is RFC 3339
    text, or a `datetime` with its time zone.
    """
    return host.current().call(request, {name: _param(name, value) for name, value in params.items()})


def _param(name: str, value: object) -> str | int:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"the parameter {name} is a time without a time zone")
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"the parameter {name} must be str, int or datetime, and is {type(value).__name__}")
    return value
