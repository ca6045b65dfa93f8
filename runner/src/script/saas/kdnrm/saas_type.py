"""What plugins are given, and what they give back."""

from __future__ import annotations

import copy
from typing import Any, List, Optional, Union

from kdnrm.secret import Secret


class _Model:
    """Takes its fields by name; those without a default must be given, and others are passed over."""

    def __init__(self, **values):
        missing = []
        for owner in reversed(type(self).__mro__):
            for name in getattr(owner, "__annotations__", {}):
                if name in values:
                    setattr(self, name, values[name])
                elif hasattr(type(self), name):
                    setattr(self, name, copy.copy(getattr(type(self), name)))
                else:
                    missing.append(name)
        if missing:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self):
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"

    def model_dump(self):
        return dict(vars(self))


class SaasConfigEnum(_Model):
    value: str
    desc: Optional[str] = None
    code: Optional[str] = None


class SaasConfigItem(_Model):
    id: str
    label: str
    desc: str
    is_secret: bool = False
    type: Optional[str] = "text"
    code: Optional[str] = None
    desc_code: Optional[str] = None
    default_value: Optional[Any] = None
    enum_values: List[SaasConfigEnum] = []
    required: bool = False


class Field(_Model):
    type: str
    label: str
    values: List[Any]


class SaasUser(_Model):
    username: Secret
    dn: Optional[Secret] = None
    new_password: Optional[Secret] = None
    prior_password: Optional[Secret] = None
    new_private_key: Optional[Secret] = None
    prior_private_key: Optional[Secret] = None
    database: Optional[str] = None
    fields: List[Field] = []

    @property
    def user_and_domain(self):
        name = self.username.value
        if "@" in name:
            user, domain = name.split("@", 1)
        elif "\\" in name:
            domain, user = name.split("\\", 1)
        else:
            user, domain = name, None
        return Secret(user), domain


class AwsConfig(_Model):
    aws_access_key_id: Secret
    aws_secret_access_key: Secret
    region_names: List[str] = []


class AzureConfig(_Model):
    subscription_id: Secret
    tenant_id: Secret
    application_id: Secret
    client_secret: Secret
    resource_groups: List[str] = []
    authority: Optional[str] = None
    graph_endpoint: Optional[str] = None


class DomainConfig(_Model):
    hostname: str
    port: int
    username: Secret
    dn: Secret
    password: Secret
    use_ssl: bool


class NetworkConfig(_Model):
    cidrs: List[str] = []


class ReturnCustomField(_Model):
    label: str
    type: str = "text"
    value: Optional[Union[str, Secret]] = None
