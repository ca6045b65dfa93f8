"""Tells editors what a manifest declares: `call.pyi`, which they read in place of `call.py`."""

from keyword import iskeyword

from .manifest import Declared, Manifest

_HEAD = '''"""Calling the requests that the manifest declares. Made of plugin.toml by `python3 -m pamrun.build`."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict, overload

from .answer import Answer

Nothing = TypedDict("Nothing", {})
'''

_TYPES = {"int": "int", "count": "int", "bool": "bool", "list": "list[str]"}
_PARAMS = {"credential": "str", "int": "int", "time": "str | datetime"}


def stub(manifest: Manifest) -> str:
    """The text of `call.pyi`."""
    types, calls = [_HEAD], []
    for name, declared in manifest.requests.items():
        outputs = _outputs(f"{name}-outputs", declared.outputs, types)
        items = _outputs(f"{name}-item", declared.items or {}, types)
        answer = f"Answer[{outputs}, {items}]"
        calls.append(f"def call(request: Literal[{name!r}], /{_params(declared)}) -> {answer}: ...\n")
    overload = "@overload\n" if len(calls) > 1 else ""
    return "".join([*types, *(f"\n{overload}{one}" for one in calls)])


def _outputs(name: str, outputs: dict[str, tuple[str, bool]], types: list[str]) -> str:
    """Adds the type of some outputs, and returns its name."""
    if not outputs:
        return "Nothing"
    made = "".join(word[:1].upper() + word[1:] for word in name.split("-"))
    fields = ", ".join(f'"{key}": {_field(*output)}' for key, output in outputs.items())
    types.append(f'{made} = TypedDict("{made}", {{{fields}}})\n')
    return made


def _field(kind: str, may_be_missing: bool) -> str:
    type = _TYPES.get(kind, "str")
    return f"NotRequired[{type}]" if may_be_missing else type


def _params(declared: Declared) -> str:
    # One that is a word of Python cannot be written here; the build checks it all the same.
    if any(map(iskeyword, declared.params)):
        return ", **params: str | int | datetime"
    params = [f"{name}: {_param(kind)}" for name, kind in declared.params.items()]
    return f", *, {', '.join(params)}" if params else ""


def _param(kind: str | list[str]) -> str:
    return f"Literal[{', '.join(map(repr, kind))}]" if isinstance(kind, list) else _PARAMS.get(kind, "str")
