"""Trying again, where that is safe and of use."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from . import clock, log
from .trouble import Rejected, Trouble, Unavailable

T = TypeVar("T")
Window = float | timedelta

PATIENCE = 480.0
"""How long all pauses of one request may be together, where nothing else is known: more does not fit into the
time that a host gives a rotation by default."""

# The pauses between tries, as long as the service asks for no other.
_PAUSES = (2.0, 4.0, 8.0, 16.0)
# What a pause that is asked for counts at least: a service that never asks for more than a second is not asked
# for ever. So long is also waited for one that asks to slow down, and does not say for how long.
_LEAST = 5.0

# The first and the longest pause between probes, and how long a service that says nothing is asked again.
_FIRST = 2.0
_LONGEST = 15.0
_OUTAGE = 30.0


def retry(action: Callable[[], T], window: Window = PATIENCE) -> T:
    """Does it again while the service is busy, for so many seconds of pauses.

    That is as long as `action` raises `Unavailable`, or `Rejected` with 429 or 503. It waits as long as the
    service asks, or else four times, a little longer each time; where a pause is more than is left, it raises
    what the service said. What is uncertain is never tried again.
    """
    patience = _Patience(_seconds(window))
    while True:
        try:
            return action()
        except (Unavailable, Rejected) as trouble:
            pause = patience.pause(_asked(trouble)) if _is_busy(trouble) else None
            if pause is None:
                raise
            log.info(f"trying again in {pause:g} s: {trouble}")
        clock.sleep(pause)


def until(probe: Callable[[], T], window: Window = 60) -> T:
    """Probes until there is something, for so many seconds: until a new credential has spread, for example.

    Returns what `probe` gave first that counts as true, and what it gave last once the time is over. A busy
    service is asked again as it asks, and one that says nothing for half a minute.
    """
    end, next_pause, silent_since = _now() + _seconds(window), _FIRST, None
    patience = _Patience(PATIENCE)
    while True:
        try:
            found = probe()
        except (Unavailable, Rejected) as trouble:
            if not _is_busy(trouble):
                raise
            asked = _asked(trouble)
            if asked is None:
                silent_since = _now() if silent_since is None else silent_since
                left = silent_since + _OUTAGE - _now()
                pause = min(_FIRST, left) if left > 0 else None
            else:
                silent_since, pause = None, patience.pause(asked)
            if pause is None:
                raise
        else:
            silent_since, left = None, end - _now()
            if found or left <= 0:
                return found
            pause, next_pause = min(next_pause, left), min(2 * next_pause, _LONGEST)
        clock.sleep(pause)


class _Patience:
    """What is left of the patience with a service."""

    def __init__(self, window: float) -> None:
        self._left = window
        self._pauses = iter(_PAUSES)

    def pause(self, asked: float | None) -> float | None:
        """The pause before the next try; none where that is more than there is left."""
        pause = next(self._pauses, None) if asked is None else asked
        if pause is None:
            return None
        self._left -= pause if asked is None else max(pause, _LEAST)
        return pause if self._left >= 0 else None


def _is_busy(trouble: Trouble) -> bool:
    return isinstance(trouble, Unavailable) or (isinstance(trouble, Rejected) and trouble.status in (429, 503))


def _asked(trouble: Unavailable | Rejected) -> float | None:
    """How long the service asks to wait. A time of 0 is no invitation to ask without a pause."""
    if trouble.retry_after:
        return _seconds(trouble.retry_after)
    return _LEAST if trouble.status == 429 else None


def _now() -> float:
    return clock.now().timestamp()


def _seconds(window: Window) -> float:
    return window.total_seconds() if isinstance(window, timedelta) else window
