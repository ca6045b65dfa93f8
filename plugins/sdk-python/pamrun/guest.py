"""The component side: exports the five steps of a plugin. In a component only."""

# `datetime.strptime` loads it when it is first called, which would be too late.
import _strptime  # type: ignore[import-not-found]  # noqa: F401
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePath
from types import ModuleType
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import model as wire

from . import host, log
from .failure import Failure, Invalid, Other, Unavailable
from .manifest import to_json
from .plugin import plugin_of
from .request import Field, Record, Request, SettingValue
from .step import Credential, Listed, Plan, Removed, Undone, Unproven, Update, Verified
from .wasi import Wasi

T = TypeVar("T")

# Errors whose text tells of names and types, not of values.
_OF_NAMES = (AttributeError, ImportError, LookupError, NameError, TypeError)


def rotation(module: ModuleType) -> type[exports.Rotation]:
    """Makes the exported face of the plugin that a module defines."""
    plugin = plugin_of(module)

    class Rotation(exports.Rotation):
        def describe(self) -> str:
            return to_json(plugin.manifest)

        def preflight(self, request: wire.Request) -> wire.Plan:
            plan = _run(Plan, lambda: plugin().preflight(_request(request)))
            removes = [wire.Listed(old.id, old.label, old.expires) for old in plan.removes]
            return wire.Plan(plan.target, plan.creates, removes, plan.notes)

        def rotate(self, request: wire.Request, plan: wire.Plan) -> wire.Credential:
            made = _run(Credential, lambda: plugin().rotate(_request(request), _plan(plan)))
            updates = [wire.Update(new.label, new.place, new.kind, new.values) for new in made.updates]
            return wire.Credential(made.handle, updates, made.expires)

        def verify(self, request: wire.Request, plan: wire.Plan, credential: wire.Credential) -> wire.Proof:
            made = Credential(credential.handle, list(map(_update, credential.updates)), credential.expires)
            proof = _run((Verified, Unproven), lambda: plugin().verify(_request(request), _plan(plan), made))
            if isinstance(proof, Unproven):
                return wire.Proof_Unproven(proof.reason)
            return wire.Proof_Verified()

        def commit(self, request: wire.Request, plan: wire.Plan, handle: str) -> list[wire.Removed]:
            removed = _run(list, lambda: plugin().commit(_request(request), _plan(plan), handle), of=Removed)
            return [wire.Removed(old.id, old.gone) for old in removed]

        def rollback(self, request: wire.Request, plan: wire.Plan, handle: str | None) -> wire.Undone:
            undone = _run(Undone, lambda: plugin().rollback(_request(request), _plan(plan), handle))
            return wire.Undone(undone.seen, undone.gone)

    return Rotation


def _run(kind: Any, step: Callable[[], T], of: type | None = None) -> T:
    """Runs a step, and turns whatever it raises into a failure: a plugin that breaks down would take
    its log with it."""
    host.enter(Wasi())
    try:
        result = step()
        if not isinstance(result, kind):
            raise TypeError(f"the step returned {type(result).__name__}")
        if of and not all(isinstance(item, of) for item in result):
            raise TypeError(f"the step must return a list of {of.__name__}")
        return result
    except Failure as failure:
        raise Err(_failure(failure)) from None
    except Exception as error:
        raise Err(_failure(_mistake(error))) from None
    finally:
        host.leave()


def _mistake(error: Exception) -> Failure:
    """Names the error and its place. What else it says may hold anything, and goes to the log only."""
    log.debug("".join(traceback.format_exception(error)))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/pamrun/" not in f.filename]
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    text = f": {error}" if isinstance(error, _OF_NAMES) else ""
    if isinstance(error, ImportError):
        text += "; import it at the top of the file, since nothing can be loaded any more when it runs"
    return Other("plugin-error", f"the plugin raised {type(error).__name__}{place}{text}")


def _failure(failure: Failure) -> wire.Failure:
    code, message = str(failure.code), str(failure.message)
    if isinstance(failure, Unavailable):
        wait = failure.retry_after
        seconds = None if wait is None else max(0, min(int(wait), 0xFFFF_FFFF))
        return wire.Failure_Unavailable(wire.Outage(code, message, seconds))
    # An author may have made a class of their own out of one of ours.
    names = [f"Failure_{base.__name__}" for base in type(failure).__mro__]
    wrap = next((getattr(wire, name) for name in names if hasattr(wire, name)), wire.Failure_Other)
    return wrap(wire.Problem(code, message))


def _request(request: wire.Request) -> Request:
    records = [_record(record) for record in request.records]
    if not records or records[0].role != "target":
        raise Invalid("no-target", "the target record is not among the records")
    return Request(
        rotation_id=request.rotation_id,
        marker=request.marker,
        attempt=request.attempt,
        target=records[0],
        others=records[1:],
        settings={setting.key: _setting(setting.value) for setting in request.settings},
        proposed=request.proposed,
        deliver=list(map(_update, request.deliver)),
    )


def _record(record: wire.VaultRecord) -> Record:
    fields = [Field(field.label, field.kind, field.values) for field in record.fields]
    role: Any = record.role
    return Record(record.uid, record.title, role, fields)


def _setting(value: wire.SettingValue) -> SettingValue:
    if isinstance(value, wire.SettingValue_Duration):
        return timedelta(milliseconds=value.value)
    return value.value


def _update(update: wire.Update) -> Update:
    place: Any = update.place
    return Update(update.label, update.kind, update.values, place)


def _plan(plan: wire.Plan) -> Plan:
    removes = [Listed(old.id, old.label, old.expires) for old in plan.removes]
    return Plan(plan.target, plan.creates, removes, plan.notes)
