"""What an author writes: one class with the steps of a rotation."""

from types import ModuleType

from .failure import fail
from .request import Request
from .step import Credential, Plan, Proof, Retired, Unproven


class Plugin:
    """One rotation, in five steps.

    The host calls them in this order and decides what happens in between. Each call may meet a fresh
    instance, so nothing is kept from one to the next but the plan. A step fails by `fail(…)`; trouble of a
    call that it lets pass becomes a failure by itself.
    """

    def preflight(self, request: Request) -> Plan:
        """Looks, and changes nothing: do the credentials work, what is there now, what goes later?

        However it fails, the rotation ends before anything is touched.
        """
        raise NotImplementedError

    def rotate(self, request: Request, plan: Plan) -> Credential:
        """Makes the new credential, and removes nothing.

        Do not try again where it is `Uncertain` whether the service did it: the host knows, and calls
        `rollback`.
        """
        raise NotImplementedError

    def verify(self, request: Request, plan: Plan, id: str | None) -> Proof:
        """Proves the new credential by a request that uses it. Fails with the kind `wrong-credential` when
        the service says no.

        Without this method nothing is proven, and nothing is removed afterwards.
        """
        return Unproven("this plugin has no way to try the new credential")

    def commit(self, request: Request, plan: Plan, id: str | None) -> list[Retired]:
        """Removes what `plan.removes` lists. May be called again.

        What is only partly done is a success in which some are still `present`. Without this method all of
        it stays.
        """
        return [Retired(old, "present") for old in plan.removes]

    def rollback(self, request: Request, plan: Plan, id: str | None) -> list[Retired]:
        """Removes what this rotation made: `id`, where it is known, and whatever `request.made_this`
        recognises. May be called again.
        """
        fail("other", "no-rollback", "this plugin has no way to undo what it did")


def plugin_of(module: ModuleType) -> type[Plugin]:
    """The one subclass of `Plugin` that a module defines."""
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Plugin) and item.__module__ == module.__name__
    ]
    if len(found) != 1:
        names = ", ".join(item.__name__ for item in found) or "none"
        raise TypeError(f"{module.__name__}.py must define one subclass of pamrun.Plugin; it has {names}")
    return found[0]
