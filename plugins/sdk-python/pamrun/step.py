"""What steps return. A value of another type than is written here raises a `TypeError` at once."""

from dataclasses import dataclass, field
from typing import Any, Literal

# The checks stand here because the host would only say that the plugin broke down.


def _check(owner: Any, **kinds: type | tuple[type, ...]) -> None:
    for name, kind in kinds.items():
        value = getattr(owner, name)
        if not isinstance(value, kind):
            wanted = kind.__name__ if isinstance(kind, type) else " or ".join(item.__name__ for item in kind)
            owner_name = type(owner).__name__
            raise TypeError(f"{owner_name}.{name} must be {wanted}, and is {type(value).__name__}")


def _check_items(owner: Any, name: str, kind: type) -> None:
    _check(owner, **{name: list})
    for item in getattr(owner, name):
        if not isinstance(item, kind):
            owner_name = type(owner).__name__
            raise TypeError(f"{owner_name}.{name} must hold {kind.__name__}, and holds {type(item).__name__}")


_MAYBE_TEXT = (str, type(None))


@dataclass(frozen=True)
class Update:
    """A new value for one field of the target record. The manifest's `returns` must name the field."""

    label: str
    #: The field's type; `secret` and `password` are masked wherever they show.
    kind: str
    #: The values; mostly one.
    values: list[str] = field(repr=False)
    #: Among the custom fields, or among those of the record type.
    place: Literal["custom", "standard"] = "custom"

    def __post_init__(self) -> None:
        _check(self, label=str, kind=str, place=str)
        _check_items(self, "values", str)

    @classmethod
    def text(cls, label: str, value: str) -> "Update":
        """A custom field of type `text`."""
        return cls(label, "text", [value])

    @classmethod
    def secret(cls, label: str, value: str) -> "Update":
        """A custom field of type `secret`."""
        return cls(label, "secret", [value])

    @classmethod
    def password(cls, value: str) -> "Update":
        """The record's password: the standard field of that type, which has no label."""
        return cls("password", "password", [value], "standard")


@dataclass(frozen=True)
class Listed:
    """A credential as the service lists it, without its value."""

    #: The id that removes it.
    id: str
    #: The name that it has at the service; empty when it has none.
    label: str = ""
    #: When it ends, as an RFC 3339 time, if the service says so.
    expires: str | None = None

    def __post_init__(self) -> None:
        _check(self, id=str, label=str, expires=_MAYBE_TEXT)


@dataclass(frozen=True)
class Plan:
    """What preflight found, and what the later steps may therefore do."""

    #: What is rotated, in a form that is the same for everyone who rotates it.
    target: str
    #: What will be made, in words for people.
    creates: str
    #: Exactly the credentials that `commit` will remove.
    removes: list[Listed] = field(default_factory=list)
    #: What an operator should know beforehand. A finding is a note of the form `LEVEL CODE: MESSAGE`, with
    #: what to do in a second line.
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _check(self, target=str, creates=str)
        _check_items(self, "removes", Listed)
        _check_items(self, "notes", str)


@dataclass(frozen=True)
class Credential:
    """What `rotate` made."""

    #: The id of the new credential, which is no secret.
    handle: str
    #: What to save. One update of an `overlap` plugin has the handle as its value.
    updates: list[Update]
    #: When the new credential ends, as an RFC 3339 time.
    expires: str | None = None

    def __post_init__(self) -> None:
        _check(self, handle=str, expires=_MAYBE_TEXT)
        _check_items(self, "updates", Update)

    def value(self, label: str) -> str | None:
        """The first value of an update, by its label."""
        values = next((update.values for update in self.updates if update.label == label), [])
        return values[0] if values else None


@dataclass(frozen=True)
class Verified:
    """The service accepted the new credential."""


@dataclass(frozen=True)
class Unproven:
    """The service cannot be asked, and a setting says to go on; with the reason."""

    reason: str

    def __post_init__(self) -> None:
        _check(self, reason=str)


Proof = Verified | Unproven
"""What `verify` found out."""


@dataclass(frozen=True)
class Removed:
    """What became of one credential that `commit` was to remove."""

    #: Its id, as in the plan.
    id: str
    #: Whether the service acknowledged the removal, or no longer lists it.
    gone: bool

    def __post_init__(self) -> None:
        _check(self, id=str, gone=bool)


@dataclass(frozen=True)
class Undone:
    """What `rollback` found. Both lists hold only credentials of this rotation."""

    #: Those that were seen at the service.
    seen: list[str] = field(default_factory=list)
    #: Those of them that are gone now.
    gone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _check_items(self, "seen", str)
        _check_items(self, "gone", str)
