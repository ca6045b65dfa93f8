"""Changes passwords of a router, which here is a file: a plugin as people write them for Keeper's gateway."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, List

from kdnrm.exceptions import SaasException
from kdnrm.log import Log
from kdnrm.saas_plugins import SaasPluginBase
from kdnrm.saas_type import ReturnCustomField, SaasConfigEnum, SaasConfigItem
from kdnrm.secret import Secret

if TYPE_CHECKING:
    from keeper_secrets_manager_core.dto.dtos import Record  # noqa: F401

print("loading the router plugin")


class SaasPlugin(SaasPluginBase):
    name = "Router Users"
    summary = "Change the password of a user of a router."
    author = "nobody"
    email = "nobody@example.com"

    @classmethod
    def requirements(cls) -> List[str]:
        return []

    @classmethod
    def config_schema(cls) -> List[SaasConfigItem]:
        return [
            SaasConfigItem(id="url", label="Router URL", desc="Where it is.", type="url", required=True),
            SaasConfigItem(id="token", label="Router Token", desc="Opens it.", is_secret=True, required=True),
            SaasConfigItem(id="store", label="Router Store", desc="Its file.", required=True),
            SaasConfigItem(id="mode", label="Router Mode", desc="How.", type="enum", default_value="merge",
                           enum_values=[SaasConfigEnum(value="merge", desc="Keep the rest."),
                                        SaasConfigEnum(value="replace")]),
            SaasConfigItem(id="retries", label="Router Retries", desc="How often.", type="int", default_value=3),
            SaasConfigItem(id="verify", label="Router TLS", desc="Whether to check.", type="bool", default_value=True),
            SaasConfigItem(id="misdeed", label="Misdeed", desc="What goes wrong."),
        ]

    @property
    def can_rollback(self) -> bool:
        return self.get_config("mode") == "replace"

    def router(self):
        with open(self.get_config("store"), encoding="utf-8") as file:
            router = json.load(file)
        if router["token"] != self.get_config("token"):
            raise SaasException("the router does not take the token", code="router_bad_token")
        return router

    def set(self, password: Secret):
        router = self.router()
        router["calls"] += 1
        router["users"][self.user.username.value] = password.value
        with open(self.get_config("store"), "w", encoding="utf-8") as file:
            json.dump(router, file)
        return router["calls"]

    def change_password(self):
        misdeed = self.get_config("misdeed")
        Log.info(f"rotating {self.user.username.value} at {self.get_config('url')}")
        print('{"handle": "not an answer", "updates": []}')
        print("own words of the plugin:", self.get_config("token"), self.user.new_password.value)
        if self.router()["users"][self.user.username.value] not in (
                self.user.prior_password.value, self.user.new_password.value):
            raise SaasException("the prior password is wrong")
        if misdeed == "raise before":
            raise SaasException(f"no: {self.user.new_password.value}", code="router_policy")
        calls = self.set(self.user.new_password)
        if misdeed == "raise after":
            raise SaasException("the router did not answer", code="router_timeout")
        if misdeed == "break":
            raise KeyError("no such thing")
        if misdeed == "exit":
            raise SystemExit(0)
        if misdeed == "kill":
            os.kill(os.getppid(), signal.SIGKILL)
        labels = {field.label: field.values for field in self.user.fields}
        Log.warning(f"checks TLS: {self.get_config('verify')!r}, retries {self.get_config('retries')!r}, "
                    f"many {labels['many']}, provider {type(self.provider_config).__name__}")
        self.add_return_field(ReturnCustomField(label="Router Key", type="secret", value=Secret(f"key of call {calls:05}")))
        self.add_return_field(ReturnCustomField(label="Router Calls", value=str(calls)))

    def rollback_password(self):
        if self.get_config("misdeed") == "break":
            raise SaasException("and it does not come back")
        self.set(self.user.prior_password)
