"""Makes a plugin of its module and its manifest: `python3 -m pamrun.build plugin.py --output NAME.wasm`."""

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from . import __version__
from .checking import problems
from .manifest import Manifest, read
from .plugin import plugin_of
from .stubs import stub

PACKAGE = Path(__file__).resolve().parent
WORLD = "pamrun:plugin/rotator"

# What componentize-py wraps. It must not be called like the world or the author's module.
_APP = "pamrun_component"
_APP_TEXT = """import {module}
from pamrun.guest import rotation

Rotation = rotation({module})
"""


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python3 -m pamrun.build", description="Makes a plugin.")
    parser.add_argument("module", type=Path, help="the file with the plugin's class")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="NAME.wasm")
    parser.add_argument("--manifest", type=Path, default=Path("plugin.toml"), help="what the plugin declares")
    parser.add_argument("--wit", type=Path, default=Path("wit/v1"), help="the folder of the plugin interface")
    parser.add_argument("--pamrun", default="pamrun", help="the command that packs the plugin")
    arguments = parser.parse_args()
    try:
        manifest = read(arguments.manifest)
        PACKAGE.joinpath("call.pyi").write_text(stub(manifest), encoding="utf-8")
        check(arguments.module, manifest)
        with tempfile.TemporaryDirectory() as folder:
            guest = Path(folder, "guest.wasm")
            build(arguments.module, arguments.wit, guest)
            pack = [arguments.pamrun, "plugin", "pack", guest, arguments.manifest, "-o", arguments.output]
            subprocess.run(pack, check=True)
    except (ImportError, OSError, SyntaxError, TypeError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"{arguments.module}: {error}")


def check(file: Path, manifest: Manifest) -> None:
    """Imports the module here first: its mistakes are then told as Python tells them, and at once. Then
    holds its calls, and those of its own modules, against the manifest."""
    folder = file.resolve().parent
    sys.path.insert(0, str(folder))
    plugin_of(importlib.import_module(file.stem))
    found = [problem for part in _own(folder) for problem in problems(part, manifest)]
    if found:
        raise ValueError("\n".join(["the code and the manifest differ:", *found]))


def _own(folder: Path) -> list[Path]:
    """The files of the modules that are the author's."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    loaded = [Path(file).resolve() for file in files if file]
    foreign = [PACKAGE.parent, Path(sys.prefix).resolve()]
    return sorted(
        file
        for file in loaded
        if file.suffix == ".py" and file.is_relative_to(folder) and not any(map(file.is_relative_to, foreign))
    )


def build(file: Path, wit: Path, output: Path) -> None:
    """Writes the component, with our stamp in it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{_APP}.py").write_text(_APP_TEXT.format(module=file.stem))
        paths = ["-p", folder, "-p", str(PACKAGE.parent), "-p", str(file.resolve().parent)]
        world = ["--quiet", "-d", str(wit), "-w", WORLD]
        program = [str(Path(sys.executable).with_name("componentize-py"))]
        subprocess.run([*program, *world, "componentize", *paths, "-o", str(output), _APP], check=True)
    with output.open("ab") as component:
        component.write(stamp())


def stamp() -> bytes:
    """The custom section that tells a host what built the plugin."""
    return _section("pamrun-sdk", f"language=python sdk={__version__}".encode())


def _section(name: str, data: bytes) -> bytes:
    content = _sized(name.encode()) + data
    return b"\0" + _sized(content)


def _sized(data: bytes) -> bytes:
    """Puts the length before it, in LEB128."""
    length, prefix = len(data), bytearray()
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + data


if __name__ == "__main__":
    main()
