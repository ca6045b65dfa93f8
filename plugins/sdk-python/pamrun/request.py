"""What every step is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .answer import Value


@dataclass(frozen=True)
class Request:
    """What every step is given."""

    #: The id of this rotation, the same in all its steps.
    rotation_id: str
    #: The name of what this try makes.
    marker: str
    #: The number of the try, from 1; 0 when none will be made.
    attempt: int
    #: Whether a rotation follows: with `dry-run` it is looked at, and nothing will be changed.
    mode: Literal["dry-run", "act"]
    #: The target's identity, once preflight has ended.
    target: str | None
    #: The inputs that are there, as `GROUP.KEY`; of each group also `GROUP.record` and `GROUP.role`.
    inputs: Mapping[str, Value]
    #: The settings that have a value.
    settings: Mapping[str, Value]
    #: The labels of the fields that a consumer is to receive.
    deliver: list[str] = field(default_factory=list)

    @property
    def is_dry_run(self) -> bool:
        """Whether this is a dry run. Preflight may then look at more than a rotation needs."""
        return self.mode == "dry-run"

    def input(self, name: str) -> str | None:
        """The text of an input, `GROUP.KEY`; nothing where it is missing, or the host keeps it."""
        value = self.inputs.get(name)
        return value or None if isinstance(value, str) else None

    def setting(self, key: str) -> Any:
        """The value of a setting, `None` where it has none: `str`, `int`, `bool`, or `timedelta`.

        One of type secret, map or complexity is `SECRET`.
        """
        return self.settings.get(key)

    def made_this(self, name: str | None) -> bool:
        """Whether a name at the service is the marker of any try of this rotation."""
        ours, _, _ = self.marker.rpartition(".")
        theirs, _, number = (name or "").rpartition(".")
        return theirs == ours and number.isascii() and number.isdigit()
