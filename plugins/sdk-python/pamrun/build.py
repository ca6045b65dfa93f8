"""Makes a plugin's component of its module: `python3 -m pamrun.build plugin.py --output NAME.wasm`."""

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from . import __version__
from .manifest import to_json
from .plugin import plugin_of

SDK = Path(__file__).resolve().parent.parent
WORLD = "pamrun:plugin/rotator"

# What componentize-py wraps. It must not be called like the world or the author's module.
_APP = "pamrun_component"
_APP_TEXT = """import {module}
from pamrun.guest import rotation

Rotation = rotation({module})
"""


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python3 -m pamrun.build", description="Makes a plugin's component.")
    parser.add_argument("module", type=Path, help="the file with the plugin's class")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="NAME.wasm")
    parser.add_argument("--wit", type=Path, default=Path("wit/v0"), help="the folder of the plugin interface")
    arguments = parser.parse_args()
    try:
        check(arguments.module)
        build(arguments.module, arguments.wit, arguments.output)
    except (ImportError, OSError, SyntaxError, TypeError, subprocess.CalledProcessError) as error:
        sys.exit(f"{arguments.module}: {error}")


def check(file: Path) -> None:
    """Imports the module here first: its mistakes are then told as Python tells them, and at once."""
    sys.path.insert(0, str(file.resolve().parent))
    module = importlib.import_module(file.stem)
    to_json(plugin_of(module).manifest)


def build(file: Path, wit: Path, output: Path) -> None:
    """Writes the component, with our stamp in it, when it is whole."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{_APP}.py").write_text(_APP_TEXT.format(module=file.stem))
        component = Path(folder, "component.wasm")
        paths = ["-p", folder, "-p", str(SDK), "-p", str(file.resolve().parent)]
        world = ["--quiet", "-d", str(wit), "-w", WORLD]
        program = [str(Path(sys.executable).with_name("componentize-py"))]
        subprocess.run([*program, *world, "componentize", *paths, "-o", str(component), _APP], check=True)
        whole = component.read_bytes() + stamp()
    new = output.with_name(f"{output.name}.new")
    new.write_bytes(whole)
    new.replace(output)


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
