"""What preflight tells an operator beforehand, in a form that programs read too."""

import re
from typing import Literal

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def finding(level: Literal["error", "warning", "info"], code: str, message: str, fix: str = "") -> str:
    """The text of a note, for `Plan.notes`, which is a finding: the host lists it by its parts.

    With `error` the rotation will fail, with `warning` it may, or somebody should look at it. `code` is a
    word in kebab-case that stays the same from version to version. `message` says what was found, and
    `fix` what to do about it, if anything; neither holds a secret.
    """
    if level not in ("error", "warning", "info"):
        raise ValueError(f"the level of a finding is error, warning or info, and not {level!r}")
    if not _CODE.fullmatch(code):
        raise ValueError(f"the code of a finding is a word in kebab-case, and not {code!r}")
    lines = [f"{level} {code}: {_one_line(message)}"]
    if fix:
        lines.append(_one_line(fix))
    return "\n".join(lines)


def _one_line(text: str) -> str:
    """Line ends mean something here, and names that a service gave may have some in them."""
    return _CONTROL.sub(" ", text)
