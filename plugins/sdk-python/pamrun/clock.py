"""Time, which costs nothing in a test."""

from datetime import UTC, datetime

from . import host


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.fromtimestamp(host.current().now(), UTC)


def sleep(seconds: float) -> None:
    """Waits."""
    host.current().sleep(seconds)
