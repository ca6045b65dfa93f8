"""What a plugin's manifest declares, as far as its code has to do with it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Declared:
    """A request that the plugin can call."""

    #: The kinds of its parameters: `credential`, `time`, `int`, or the words of which it is one.
    params: dict[str, str | list[str]]
    #: The types of its outputs, and whether each may be missing.
    outputs: dict[str, tuple[str, bool]]
    #: The same of what it lists; nothing where it lists nothing.
    items: dict[str, tuple[str, bool]] | None


@dataclass(frozen=True)
class Manifest:
    """A manifest, read leniently: `pamrun plugin check` is the judge of it."""

    requests: dict[str, Declared]
    #: Those that the host calls by itself, to poll.
    polls: set[str]
    #: The names of what services say of rejections.
    errors: set[str]
    #: The inputs, as `GROUP.KEY`.
    inputs: list[str]
    settings: dict[str, dict[str, Any]]


def read(file: Path) -> Manifest:
    """Reads `plugin.toml`."""
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: {error}") from None
    requests, polls = {}, set()
    for name, request in whole.get("requests", {}).items():
        params = {key: _kind(kind) for key, kind in request.get("params", {}).items()}
        if "answer" in params.values():
            polls.add(name)
        else:
            requests[name] = Declared(params, _outputs(request), _items(request))
    sayings = [*whole.get("common", {}).values(), *whole.get("requests", {}).values()]
    errors = {name for saying in sayings for name in saying.get("errors", {})}
    return Manifest(requests, polls, errors, _inputs(whole.get("inputs", {})), whole.get("settings", {}))


def _kind(kind: str | dict[str, list[str]]) -> str | list[str]:
    return kind["one_of"] if isinstance(kind, dict) else kind


def _outputs(request: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    outputs = {name: _output(output) for name, output in request.get("outputs", {}).items()}
    if "id" in request:
        outputs["id"] = ("id", False)
    return outputs


def _items(request: dict[str, Any]) -> dict[str, tuple[str, bool]] | None:
    if "lists" not in request:
        return None
    return {name: _output(output) for name, output in request["lists"].get("outputs", {}).items()}


def _output(output: str | dict[str, Any]) -> tuple[str, bool]:
    if isinstance(output, str):
        return "id", False
    return output.get("type", "id"), bool(output.get("optional"))


# What of a group of inputs is no key.
_OPTIONS = {"one_of", "secret", "patterns", "optional", "role"}


def _inputs(groups: dict[str, dict[str, Any]]) -> list[str]:
    names: dict[str, None] = {}
    for group, table in groups.items():
        keys = [key for fields in table.get("one_of", [table]) for key in fields if key not in _OPTIONS]
        names.update(dict.fromkeys(f"{group}.{key}" for key in [*keys, "record", "role"]))
    return list(names)
