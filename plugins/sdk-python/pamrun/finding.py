"""What preflight tells an operator beforehand."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["info", "warning", "error"]
"""How much a finding matters: good to know; it may fail, or wants attention; the rotation will fail."""

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Finding:
    """Something that an operator should know before a rotation.

    `code` is a word in kebab-case that stays the same from version to version; `message` says what was
    found, and where; `fix` what to do about it, if anything.
    """

    level: Level
    code: str
    message: str
    fix: str | None = None

    def __post_init__(self) -> None:
        if self.level not in get_args(Level):
            raise ValueError(f"the level of a finding is info, warning or error, and not {self.level!r}")
        if not isinstance(self.code, str) or not _CODE.fullmatch(self.code):
            raise ValueError(f"the code of a finding is a word in kebab-case, and not {self.code!r}")


def finding(level: Level, code: str, message: str, fix: str | None = None) -> Finding:
    """Makes a finding, for `Plan.findings`."""
    return Finding(level, code, message, fix)
