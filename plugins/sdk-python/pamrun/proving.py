"""Trying a new credential until the service has made up its mind."""

from collections.abc import Callable
from typing import TypeVar

from . import clock
from .failure import Unavailable, WrongCredential

T = TypeVar("T")

_OUTAGE = 30.0
_FIRST = 2.0
_LONGEST = 15.0


def until_accepted(attempt: Callable[[], T], seconds: float = 60) -> T:
    """Tries again while a new credential spreads from backend to backend.

    That is as long as `attempt` raises `WrongCredential`, for so many seconds, and while the service is
    `Unavailable`, for half a minute.
    """
    began = clock.now().timestamp()
    silent_since = None
    pause = _FIRST
    while True:
        try:
            return attempt()
        except WrongCredential:
            silent_since = None
            left = began + seconds - clock.now().timestamp()
            if left <= 0:
                raise
            wait, pause = min(pause, left), min(2 * pause, _LONGEST)
        except Unavailable as failure:
            now = clock.now().timestamp()
            silent_since = now if silent_since is None else silent_since
            wait = max(_FIRST, failure.retry_after or 0)
            # A service that asks for more is not waited for.
            if wait > silent_since + _OUTAGE - now:
                raise
        clock.sleep(wait)
