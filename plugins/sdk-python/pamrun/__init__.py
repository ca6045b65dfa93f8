"""Write pamrun plugins in Python: one class with the steps of a rotation.

A module with one subclass of `Plugin`, beside the manifest `plugin.toml`, is a plugin;
`python3 -m pamrun.build` makes a component of it. What it does to the outside goes through `call`, `clock`
and `log`, so that its steps run in ordinary unit tests too: `pamrun.testing` has a host that answers by the
names of requests, and whose clock costs no time.
"""

from . import clock, log
from .answer import SECRET, Answer, Listed, Secret, Value
from .call import call
from .failure import Failure, fail
from .finding import Finding, finding
from .plugin import Plugin
from .request import Request
from .step import Credential, Plan, Proof, Retired, Slots, Unproven, Verified
from .trouble import Refused, Rejected, Trouble, Unavailable, Uncertain
from .trying import retry, until

__version__ = "0.1.0"

__all__ = [
    "SECRET",
    "Answer",
    "Credential",
    "Failure",
    "Finding",
    "Listed",
    "Plan",
    "Plugin",
    "Proof",
    "Refused",
    "Rejected",
    "Request",
    "Retired",
    "Secret",
    "Slots",
    "Trouble",
    "Unavailable",
    "Uncertain",
    "Unproven",
    "Value",
    "Verified",
    "call",
    "clock",
    "fail",
    "finding",
    "log",
    "retry",
    "until",
]
