"""What a service answered, as far as the manifest lets a plugin see it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

O = TypeVar("O")
I = TypeVar("I")


class Secret:
    """A value that is there, and that the host keeps."""

    def __repr__(self) -> str:
        return "SECRET"


SECRET = Secret()
"""The only one: a plugin sees of a secret that there is one."""

Value = str | int | bool | timedelta | list[str] | Secret
"""A value as it passes between a plugin and its host. Times are RFC 3339 text."""


@dataclass(frozen=True)
class Listed(Generic[I]):
    """A credential of the target, as a listing of the service shows it."""

    #: Its id.
    id: str
    #: Its name at the service.
    label: str | None = None
    #: When it was made.
    created: str | None = None
    #: When it ends.
    expires: str | None = None
    #: Whether it is disabled.
    disabled: bool = False
    #: What else the manifest takes of it, by name.
    outputs: I = field(default_factory=dict)  # type: ignore[assignment]


@dataclass(frozen=True)
class Answer(Generic[O, I]):
    """A success."""

    #: What the manifest takes of it, by name; an optional output may be missing. The id of what a request
    #: created is the output `id`.
    outputs: O
    #: The credentials that it lists.
    items: list[Listed[I]]


AnyAnswer = Answer[dict[str, Any], dict[str, Any]]
