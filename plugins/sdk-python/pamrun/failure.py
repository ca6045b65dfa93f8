"""How a step fails: by raising one of these. The host decides by the class what happens next."""


class Failure(Exception):
    """Why a step failed. All but `Uncertain` and `Other` promise that the step changed nothing.

    `code` is a stable word in kebab-case. `message` is for people: one or two sentences that say what
    was wrong, where, and what to do, and no secret.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Invalid(Failure):
    """A record or a setting cannot be right."""


class Denied(Failure):
    """The service refuses: a missing right, a policy."""


class NotFound(Failure):
    """What is to be rotated does not exist."""


class Conflict(Failure):
    """Somebody else changed it at the same time, and trying again did not help."""


class WrongCredential(Failure):
    """The service says that the credential is wrong."""


class Unavailable(Failure):
    """The service cannot answer now, and has not done what it was asked."""

    def __init__(self, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(code, message)
        #: The seconds that the service asked to wait.
        self.retry_after = retry_after


class Uncertain(Failure):
    """It is unknown whether the service did what it was asked."""


class Other(Failure):
    """Anything else. The host takes it as uncertain where that matters."""
