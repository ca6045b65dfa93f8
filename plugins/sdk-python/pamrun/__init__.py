"""Write pamrun plugins in Python: one class with the steps of a rotation.

A module with one subclass of `Plugin` is a plugin; `python3 -m pamrun.build` makes a component of it.
What it does to the outside goes through `http`, `clock` and `log`, so that its steps run in ordinary
unit tests too: `pamrun.testing` has a host with answers from a script and a clock that costs no time.
"""

from . import clock, http, log
from .failure import (
    Conflict,
    Denied,
    Failure,
    Invalid,
    NotFound,
    Other,
    Unavailable,
    Uncertain,
    WrongCredential,
)
from .finding import finding
from .manifest import Manifest
from .plugin import Plugin
from .proving import until_accepted
from .request import Field, Record, Request, SettingValue
from .step import Credential, Listed, Plan, Proof, Removed, Undone, Unproven, Update, Verified

__version__ = "0.1.0"

__all__ = [
    "Conflict",
    "Credential",
    "Denied",
    "Failure",
    "Field",
    "Invalid",
    "Listed",
    "Manifest",
    "NotFound",
    "Other",
    "Plan",
    "Plugin",
    "Proof",
    "Record",
    "Removed",
    "Request",
    "SettingValue",
    "Unavailable",
    "Uncertain",
    "Undone",
    "Unproven",
    "Update",
    "Verified",
    "WrongCredential",
    "clock",
    "finding",
    "http",
    "log",
    "until_accepted",
]
