"""The component side: exports the five steps of a plugin. In a component only."""

# `datetime.strptime` loads it when it is first called, which would be too late.
import _strptime  # type: ignore[import-not-found]  # noqa: F401
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import model as wire

from . import host
from .failure import Failure
from .mistake import mistake
from .plugin import plugin_of
from .request import Request
from .step import Credential, Plan, Retired, Slots, Unproven, Verified
from .trouble import Trouble, failure_of
from .wire import Wire, named, values

T = TypeVar("T")


def rotation(module: ModuleType) -> type[exports.Rotation]:
    """Makes the exported face of the plugin that a module defines."""
    plugin = plugin_of(module)

    class Rotation(exports.Rotation):
        def preflight(self, request: wire.Request) -> wire.Plan:
            return _plan_out(_run(Plan, lambda: plugin().preflight(_request(request))))

        def rotate(self, request: wire.Request, plan: wire.Plan) -> wire.Credential:
            made = _run(Credential, lambda: plugin().rotate(_request(request), _plan(plan)))
            return wire.Credential(made.id, named(made.returns), made.expires)

        def verify(self, request: wire.Request, plan: wire.Plan, id: str | None) -> wire.Proof:
            proof = _run((Verified, Unproven), lambda: plugin().verify(_request(request), _plan(plan), id))
            return wire.Proof_Unproven(proof.reason) if isinstance(proof, Unproven) else wire.Proof_Verified()

        def commit(self, request: wire.Request, plan: wire.Plan, id: str | None) -> list[wire.Retired]:
            removed = _run(list, lambda: plugin().commit(_request(request), _plan(plan), id), of=Retired)
            return _retired(removed)

        def rollback(self, request: wire.Request, plan: wire.Plan, id: str | None) -> list[wire.Retired]:
            undone = _run(list, lambda: plugin().rollback(_request(request), _plan(plan), id), of=Retired)
            return _retired(undone)

    return Rotation


def _run(kind: Any, step: Callable[[], T], of: type | None = None) -> T:
    """Runs a step, and turns whatever it raises into a failure: a plugin that breaks down would take
    its log with it."""
    host.enter(Wire())
    try:
        result = step()
        if not isinstance(result, kind):
            raise TypeError(f"the step returned {type(result).__name__}")
        if of and not all(isinstance(item, of) for item in result):
            raise TypeError(f"the step must return a list of {of.__name__}")
        return result
    except Failure as failure:
        raise Err(_failure(failure)) from None
    except Trouble as trouble:
        raise Err(_failure(failure_of(trouble))) from None
    except Exception as error:
        raise Err(_failure(mistake(error))) from None
    finally:
        host.leave()


def _failure(failure: Failure) -> wire.Failure:
    kind = wire.Kind[_name(failure.kind)]
    fix = None if failure.fix is None else str(failure.fix)
    return wire.Failure(kind, str(failure.code), str(failure.message), fix)


def _name(word: str) -> str:
    """The name of an enum's member: `not-found` is `NOT_FOUND`."""
    return word.replace("-", "_").upper()


def _word(member: Any) -> Any:
    return member.name.replace("_", "-").lower()


def _request(request: wire.Request) -> Request:
    return Request(
        rotation_id=request.rotation_id,
        marker=request.marker,
        attempt=request.attempt,
        mode=_word(request.mode),
        target=request.target,
        inputs=values(request.inputs),
        settings=values(request.settings),
        deliver=request.deliver,
    )


def _plan(plan: wire.Plan) -> Plan:
    slots = plan.slots and Slots(plan.slots.used, plan.slots.most)
    # What was found is told already; the host does not take it back.
    return Plan(plan.creates, plan.removes, slots, plan.context)


def _plan_out(plan: Plan) -> wire.Plan:
    slots = plan.slots and wire.Slots(plan.slots.used, plan.slots.most)
    findings = [
        wire.Finding(wire.Level[_name(one.level)], one.code, one.message, one.fix) for one in plan.findings
    ]
    return wire.Plan(plan.creates, plan.removes, slots, plan.context, findings)


def _retired(retired: list[Retired]) -> list[wire.Retired]:
    return [wire.Retired(one.id, wire.State[_name(one.state)]) for one in retired]
