"""Whether a plugin's code calls what its manifest declares, and nothing else."""

import ast
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from .manifest import Declared, Manifest


def problems(file: Path, manifest: Manifest) -> Iterator[str]:
    """What is wrong, with file and line. A call that cannot be read here is a problem, too."""
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    names, modules = _imported(tree)
    called = set()
    # What calls comes before what it calls.
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_call(node.func, names, modules):
            called.add(node.func)
            for problem in _of_call(node, manifest):
                yield f"{file.name}:{node.lineno}: {problem}"
        elif isinstance(node, ast.expr) and node not in called and _is_call(node, names, modules):
            yield f"{file.name}:{node.lineno}: `call` is handed on here; call it where the request is named"


def _imported(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The names that `call` has in a file, and those of the package."""
    names: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("pamrun", "pamrun.call"):
            names.update(alias.asname or "call" for alias in node.names if alias.name in ("call", "*"))
        elif isinstance(node, ast.Import):
            modules.update(alias.asname or "pamrun" for alias in node.names if alias.name == "pamrun")
    return names, modules


def _is_call(node: ast.expr, names: set[str], modules: set[str]) -> bool:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name in names
        case ast.Attribute(value=ast.Name(id=module), attr="call"):
            return module in modules
    return False


def _of_call(node: ast.Call, manifest: Manifest) -> Iterator[str]:
    if len(node.args) != 1:
        yield "`call` takes the name of a request, and its parameters by name"
        return
    params = _params(node.keywords)
    for name in _literals(node.args[0]):
        if name is None:
            yield "which request is called here? Write its name out"
        elif name in manifest.polls:
            yield f"the request `{name}` is called by pamrun alone, to poll"
        elif name not in manifest.requests:
            yield f"the manifest has no request `{name}`{_nearest(name, manifest.requests)}"
        elif params is None:
            yield f"which parameters does `{name}` get here? Write them out"
        else:
            yield from _of_params(name, manifest.requests[name], params)


def _literals(node: ast.expr) -> Iterator[str | None]:
    """The names that an expression can be; nothing for one that is not written out."""
    match node:
        case ast.Constant(value=str(name)):
            yield name
        case ast.IfExp(body=body, orelse=orelse):
            yield from _literals(body)
            yield from _literals(orelse)
        case _:
            yield None


def _params(keywords: list[ast.keyword]) -> dict[str, ast.expr] | None:
    params: dict[str, ast.expr] = {}
    for keyword in keywords:
        match keyword:
            case ast.keyword(arg=str(name), value=value):
                params[name] = value
            # The way to write one that is a word of Python: **{"from": …}.
            case ast.keyword(value=ast.Dict(keys=keys, values=values)) if all(map(_is_text, keys)):
                params.update((ast.literal_eval(key), value) for key, value in zip(keys, values) if key)
            case _:
                return None
    return params


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _of_params(request: str, declared: Declared, params: dict[str, ast.expr]) -> Iterator[str]:
    for name in params.keys() - declared.params.keys():
        yield f"the request `{request}` has no parameter `{name}`{_nearest(name, declared.params)}"
    for name in declared.params.keys() - params.keys():
        yield f"the request `{request}` needs its parameter `{name}`"
    for name in params.keys() & declared.params.keys():
        kind, given = declared.params[name], params[name]
        if isinstance(given, ast.Constant) and not _fits(kind, given.value):
            wanted = f"one of {', '.join(kind)}" if isinstance(kind, list) else kind
            yield f"the parameter `{name}` of `{request}` is {wanted}, and not {given.value!r}"


def _fits(kind: str | list[str], value: object) -> bool:
    if isinstance(kind, list):
        return value in kind
    return type(value) is (int if kind == "int" else str)


def _nearest(name: str, known: dict[str, Declared] | dict[str, str | list[str]]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; is it `{near[0]}`?" if near else f"; there are {', '.join(known) or 'none'}"
