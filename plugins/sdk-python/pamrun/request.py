"""What every step is given."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeVar

from .failure import Invalid
from .step import Update

T = TypeVar("T")

SettingValue = str | int | float | bool | timedelta
"""The value of a setting, checked against the manifest."""


@dataclass(frozen=True)
class Field:
    """One field of a record."""

    #: Its label; where it has none, its type.
    label: str
    #: Its type; empty where only the gateway's params knew the field.
    kind: str
    #: Its values. What is not a string is JSON text.
    values: list[str] = field(repr=False)


@dataclass(frozen=True)
class Record:
    """One record, cut down to the fields that the manifest names."""

    uid: str
    #: Its title, for messages to people.
    title: str
    #: Why the plugin sees it.
    role: Literal["target", "attached", "provider"]
    #: The fields that the manifest names and the record has.
    fields: list[Field]

    def get(self, label: str) -> str | None:
        """The first value of a field; `None` when the field is missing or empty."""
        values = next((field.values for field in self.fields if field.label == label), [])
        return (values[0] or None) if values else None

    def text(self, label: str) -> str:
        """The first value of a field. Raises `field-missing` when it is missing or empty."""
        value = self.get(label)
        if value is None:
            message = f'the record "{self.title}" ({self.uid}) has no value in its field {label}'
            raise Invalid("field-missing", message)
        return value

    def has(self, *labels: str) -> bool:
        """Whether all these fields have a value."""
        return all(self.get(label) is not None for label in labels)


@dataclass(frozen=True)
class Request:
    """What every step is given."""

    #: The id of this rotation, the same in all its steps.
    rotation_id: str
    #: What to write into whatever name the service lets a plugin choose.
    marker: str
    #: The number of the try, from 1; 0 in the preflight of a dry run, which no try will follow.
    attempt: int
    #: The record that is rotated.
    target: Record
    #: The other records that the manifest asks for, in the order of asking.
    others: list[Record]
    #: The settings that have a value, by key.
    settings: dict[str, SettingValue] = field(repr=False)
    #: The value to set, when it is already known: in-place rotations only.
    proposed: str | None = field(default=None, repr=False)
    #: What a consumer is to receive: plugins of strategy `deliver` only.
    deliver: list[Update] = field(default_factory=list)

    def find_record(self, *labels: str) -> Record | None:
        """The first record besides the target that has a value in all these fields."""
        return next((record for record in self.others if record.has(*labels)), None)

    def record_with(self, *labels: str) -> Record:
        """The same. Raises `record-missing` when there is none."""
        record = self.find_record(*labels)
        if record is None:
            raise Invalid("record-missing", f"no attached record has the fields {', '.join(labels)}")
        return record

    def made_this(self, name: str) -> bool:
        """Whether a name at the service is the marker of any try of this rotation."""
        rotation, dot, number = name.rpartition(".")
        return bool(dot) and rotation == self.marker.rpartition(".")[0] and number.isascii() and number.isdigit()

    def setting_text(self, key: str) -> str:
        """A setting of type text, multiline, secret, url or enum."""
        return self._setting(key, str)

    def setting_int(self, key: str) -> int:
        """A setting of type int."""
        return self._setting(key, int)

    def setting_number(self, key: str) -> float:
        """A setting of type number."""
        return self._setting(key, float)

    def setting_flag(self, key: str) -> bool:
        """A setting of type bool."""
        return self._setting(key, bool)

    def setting_duration(self, key: str) -> timedelta:
        """A setting of type duration."""
        return self._setting(key, timedelta)

    def _setting(self, key: str, kind: type[T]) -> T:
        value = self.settings.get(key)
        if value is None:
            raise Invalid("setting-missing", f"the setting {key} has no value")
        # Not isinstance: a flag is no number.
        if type(value) is not kind:
            is_now = type(value).__name__
            raise Invalid("setting-misread", f"the plugin misreads its own setting {key}, which is of type {is_now}")
        return value
