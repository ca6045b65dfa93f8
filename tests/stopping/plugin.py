"""The template's plugin, which breaks down at the end of the step that a setting names."""

from pamrun import Credential, Plan, Proof, Request, Retired
from tokens import Tokens


class Stopping(Tokens):
    def preflight(self, request: Request) -> Plan:
        plan = super().preflight(request)
        stop(request, "preflight")
        return plan

    def rotate(self, request: Request, plan: Plan) -> Credential:
        made = super().rotate(request, plan)
        stop(request, "rotate")
        return made

    def verify(self, request: Request, plan: Plan, id: str | None) -> Proof:
        proof = super().verify(request, plan, id)
        stop(request, "verify")
        return proof

    def commit(self, request: Request, plan: Plan, id: str | None) -> list[Retired]:
        retired = super().commit(request, plan, id)
        stop(request, "commit")
        return retired

    def rollback(self, request: Request, plan: Plan, id: str | None) -> list[Retired]:
        retired = super().rollback(request, plan, id)
        stop(request, "rollback")
        return retired


def stop(request: Request, step: str) -> None:
    if request.setting("stops_in") != step:
        return
    if request.setting("by") == "mistake":
        raise RuntimeError("a mistake")
    hoard = []
    while True:
        hoard.append(b"1" * (1 << 20))
