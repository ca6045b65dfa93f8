"""What steps return. A value of another type than is written here raises a `TypeError` at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .answer import Value
from .finding import Finding

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
class Slots:
    """How many credentials the target has, and how many it may have."""

    used: int
    most: int

    def __post_init__(self) -> None:
        _check(self, used=int, most=int)


@dataclass(frozen=True)
class Plan:
    """What preflight found, and what the later steps may therefore do."""

    #: What will be made, in words for people.
    creates: str
    #: The ids of exactly what commit removes, of those that a listing showed.
    removes: list[str] = field(default_factory=list)
    #: The target's slots, where the service has a fixed number of them.
    slots: Slots | None = None
    #: A note to the later steps, 16 KiB at most; it is journaled.
    context: str = ""
    #: What an operator should know.
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        _check(self, creates=str, slots=(Slots, type(None)), context=str)
        _check_items(self, "removes", str)
        _check_items(self, "findings", Finding)


@dataclass(frozen=True)
class Credential:
    """What `rotate` made."""

    #: The id of the new credential; none where the strategy has none.
    id: str | None = None
    #: The returns that the manifest leaves to the plugin, by label.
    returns: Mapping[str, Value] = field(default_factory=dict)
    #: When it ends, as an RFC 3339 time.
    expires: str | None = None

    def __post_init__(self) -> None:
        _check(self, id=_MAYBE_TEXT, returns=Mapping, expires=_MAYBE_TEXT)


@dataclass(frozen=True)
class Verified:
    """The service accepted the new credential."""


@dataclass(frozen=True)
class Unproven:
    """The service could not be asked, for this reason."""

    reason: str

    def __post_init__(self) -> None:
        _check(self, reason=str)


Proof = Verified | Unproven
"""What `verify` found out."""

State = Literal["present", "disabled", "gone"]
"""What has become of a credential."""


@dataclass(frozen=True)
class Retired:
    """A credential that was to be retired, and what has become of it."""

    id: str
    state: State

    def __post_init__(self) -> None:
        _check(self, id=str)
        if self.state not in get_args(State):
            raise TypeError(f"Retired.state must be present, disabled or gone, and is {self.state!r}")
