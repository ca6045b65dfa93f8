"""Lines for people. The host redacts them and shows them when the step ends. No secrets."""

from . import host


def debug(message: str) -> None:
    """Of use to the plugin's author."""
    host.current().log("debug", message)


def info(message: str) -> None:
    """What is going on."""
    host.current().log("info", message)


def warn(message: str) -> None:
    """What an operator should look at."""
    host.current().log("warn", message)
