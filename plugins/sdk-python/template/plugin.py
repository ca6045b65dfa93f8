"""Rotates a token of an account at the API of example.com: when to call which request of plugin.toml."""

from pamrun import (
    Credential,
    Plan,
    Plugin,
    Proof,
    Rejected,
    Request,
    Retired,
    Verified,
    call,
    fail,
    finding,
    retry,
    until,
)


class Tokens(Plugin):
    def preflight(self, request: Request) -> Plan:
        listed = retry(lambda: call("tokens")).items
        old = request.input("target.token_id")
        removes = [token.id for token in listed if token.id == old]
        findings = []
        if not removes:
            message = "the record names no token that the account has, so that none will be removed"
            findings.append(finding("warning", "no-old-token", message, "write its id into the field token_id"))
        days = request.setting("expiry_days")
        return Plan(creates=f"one token that lives for {days} days", removes=removes, findings=findings)

    def rotate(self, request: Request, plan: Plan) -> Credential:
        made = retry(lambda: call("create")).outputs
        return Credential(made["id"], expires=made["expires"])

    def verify(self, request: Request, plan: Plan, id: str | None) -> Proof:
        # It may take a while until the API accepts a new token everywhere.
        if not until(is_accepted, 60):
            fail("wrong-credential", "token-rejected", "the new token is not accepted")
        return Verified()

    def commit(self, request: Request, plan: Plan, id: str | None) -> list[Retired]:
        return [remove(old) for old in plan.removes]

    def rollback(self, request: Request, plan: Plan, id: str | None) -> list[Retired]:
        listed = retry(lambda: call("tokens")).items
        return [remove(token.id) for token in listed if token.id == id or request.made_this(token.label)]


def is_accepted() -> bool:
    try:
        call("whoami")
    except Rejected as answer:
        if answer.status != 401:
            raise
        return False
    return True


def remove(id: str) -> Retired:
    try:
        retry(lambda: call("delete", key=id))
    except Rejected as answer:
        if answer.status != 404:
            raise
        # Somebody else removed it. To pamrun it is gone when two listings lack it.
        call("tokens")
        call("tokens")
    return Retired(id, "gone")
