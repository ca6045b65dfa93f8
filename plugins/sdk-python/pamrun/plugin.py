"""What an author writes: one class with the steps of a rotation."""

from types import ModuleType

from .failure import Other
from .manifest import Manifest
from .request import Request
from .step import Credential, Plan, Proof, Removed, Undone, Unproven


class Plugin:
    """One rotation, in five steps.

    The host calls them in this order and decides what happens in between. Each call may meet a fresh
    instance, so nothing is kept from one to the next but what a step returns.
    """

    #: What the plugin is and what it asks for.
    manifest: Manifest

    def preflight(self, request: Request) -> Plan:
        """Looks, and changes nothing: do the credentials work, what is there now, what goes later?

        Whatever it raises ends the rotation before anything is touched.
        """
        raise NotImplementedError

    def rotate(self, request: Request, plan: Plan) -> Credential:
        """Makes the new credential, named with `request.marker`. Removes nothing.

        In an in-place rotation it sets `request.proposed`, and may be called again with it. Raises
        `Uncertain` when the service may have done it all the same: the host then calls `rollback`, which
        finds it by the marker. Do not try again here unless the service refused.
        """
        raise NotImplementedError

    def verify(self, request: Request, plan: Plan, credential: Credential) -> Proof:
        """Proves the new credential by using it. Raises `WrongCredential` when the service says no.

        Without this method nothing is proven, and nothing is removed afterwards.
        """
        return Unproven("this plugin has no way to try the new credential")

    def commit(self, request: Request, plan: Plan, handle: str) -> list[Removed]:
        """Removes exactly what `plan.removes` lists. May be called again.

        What is only partly done is a success in which some ids are not `gone`. Without this method all
        of it stays.
        """
        return [Removed(old.id, gone=False) for old in plan.removes]

    def rollback(self, request: Request, plan: Plan, handle: str | None) -> Undone:
        """Removes what this rotation made: `handle`, where it is known, and whatever
        `request.made_this` recognises. May be called again.

        In an in-place rotation it sets `request.proposed`, which is the old value then.
        """
        raise Other("no-rollback", "this plugin has no way to undo what it did")


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
    if not hasattr(found[0], "manifest"):
        raise TypeError(f"{found[0].__name__} has no manifest")
    return found[0]
