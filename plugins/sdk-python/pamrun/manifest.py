"""What a plugin says of itself, as plain data.

The keys are those that `pamrun plugin inspect` prints. `hosts` may be left out: then they are those of
the requests; so may `steps` of a request that is sent in all of them.
"""

from json import dumps
from typing import Any, Literal, TypedDict


class _RecordAsk(TypedDict):
    role: Literal["target", "attached", "provider"]
    fields: list[str]


class RecordAsk(_RecordAsk, total=False):
    """A kind of record that a plugin wants to see, and the fields of it."""

    #: Only records that have all these fields are meant.
    has: list[str]
    #: These fields are no secrets, even where only the gateway's params know them.
    plain: list[str]


class Returned(TypedDict):
    """A field of the target record that a plugin updates."""

    label: str
    place: Literal["custom", "standard"]
    type: str


class DescribedValue(TypedDict):
    """A value of an enum, and what it means."""

    value: str
    description: str


class _SettingSchema(TypedDict):
    key: str
    type: Literal["text", "multiline", "secret", "url", "int", "number", "bool", "enum", "duration"]
    description: str


class SettingSchema(_SettingSchema, total=False):
    """A setting that a plugin reads."""

    #: Its name for people; a record may set it under this name too.
    label: str
    #: Further names under which a record may set it.
    aliases: list[str]
    #: The value when nobody sets one.
    default: str | int | float | bool
    #: The values of an enum, each with or without what it means.
    values: list[str | DescribedValue]
    #: The least that an int, number or duration may be; a duration as in `default`: `"5m"`.
    min: str | int | float
    #: The most that it may be.
    max: str | int | float
    #: Somebody must set it.
    required: bool


class _RequestRule(TypedDict):
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    #: A host, or `{setting:KEY}`.
    host: str
    #: `*` is one segment.
    path: str


class RequestRule(_RequestRule, total=False):
    """A kind of request that a plugin sends."""

    #: The steps that send it; without, all of them.
    steps: list[Literal["all", "preflight", "rotate", "verify", "commit", "rollback"]]
    #: It removes a credential, whose id stands here: a JSON pointer into the body, or `{id}` in the path.
    removes: str


class _Manifest(TypedDict):
    name: str
    version: str
    strategy: Literal["overlap", "in-place", "deliver"]
    records: list[RecordAsk]
    requests: list[RequestRule]


class Manifest(_Manifest, total=False):
    """What a plugin says of itself."""

    description: str
    returns: list[Returned]
    settings: list[SettingSchema]
    hosts: list[str]


def to_json(manifest: Manifest) -> str:
    """The manifest as the host reads it."""
    requests = [{"steps": ["all"], **rule} for rule in manifest["requests"]]
    hosts = list(dict.fromkeys(f"https://{rule['host']}" for rule in manifest["requests"]))
    whole: dict[str, Any] = {"returns": [], "settings": [], "hosts": hosts, **manifest, "requests": requests}
    return dumps(whole)
