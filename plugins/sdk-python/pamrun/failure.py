"""How a step fails. The host decides by the kind what happens next."""

from typing import Literal, NoReturn, get_args

Kind = Literal[
    "invalid",  # a record or a setting cannot be right
    "denied",  # the service refuses: a missing right, a policy
    "not-found",  # what is to be rotated does not exist
    "conflict",  # somebody else changed it at the same time, and trying again did not help
    "wrong-credential",  # the service says that the credential is wrong
    "unavailable",  # the service cannot answer now, and did nothing
    "uncertain",  # it is unknown whether the service did what it was asked; always believed
    "other",  # anything else
]
"""What kind of failure it is."""


class Failure(Exception):
    """Why a step failed.

    `code` is a stable word in kebab-case. `message` is for people: one or two sentences that say what was
    wrong, and where; `fix` says what to do.
    """

    def __init__(self, kind: Kind, code: str, message: str, fix: str | None = None) -> None:
        if kind not in get_args(Kind):
            raise ValueError(f"the kind of a failure is one of {', '.join(get_args(Kind))}, and not {kind!r}")
        super().__init__(message)
        self.kind, self.code, self.message, self.fix = kind, code, message, fix


def fail(kind: Kind, code: str, message: str, fix: str | None = None) -> NoReturn:
    """Ends the step: `fail("invalid", "no-account", "…", fix="…")`."""
    raise Failure(kind, code, message, fix)
