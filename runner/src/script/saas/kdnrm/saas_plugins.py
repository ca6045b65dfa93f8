"""What plugins derive from."""

import re

from kdnrm.exceptions import SaasException
from kdnrm.log import Log
from kdnrm.saas_type import ReturnCustomField, SaasConfigEnum, SaasConfigItem, SaasUser  # noqa: F401
from kdnrm.utils import value_to_boolean


class SaasPluginBase:
    name = "NA"
    summary = ""
    readme = None
    author = None
    email = None

    @classmethod
    def requirements(cls):
        return []

    @classmethod
    def config_schema(cls):
        return []

    def __init__(self, user, config_record, provider_config=None, force_fail=False):
        self.user = user
        self.config_record = config_record
        self.provider_config = provider_config
        self.force_fail = force_fail
        self.name = type(self).name
        self.field_config = {item.id: self._configured(item) for item in self.config_schema()}
        self.return_fields = []
        self._client = None

    def get_config(self, key, default=None):
        value = self.field_config.get(key)
        return default if value is None else value

    @property
    def can_rollback(self):
        return False

    def add_return_field(self, field):
        self.return_fields.append(field)

    def change_password(self):
        pass

    def rollback_password(self):
        pass

    def _configured(self, item):
        """The value of one item, in its type."""
        try:
            value = self.config_record.get_custom_field_value(item.label, single=True).strip() or None
        except Exception:
            value = None
        if value is None:
            value = item.default_value
        if value is not None:
            if item.type == "secret":
                Log.add_secret(value)
            value = self._converted(item, value)
        if value is None and item.required is True:
            raise self._unfit(item, "is required", "value_req")
        return value

    def _converted(self, item, value):
        try:
            if item.type == "int":
                return int(value)
            if item.type == "number":
                return float(value)
        except (TypeError, ValueError):
            what = ("is not an integer number", "dt_int") if item.type == "int" else ("is not a number", "dt_num")
            raise self._unfit(item, *what) from None
        if item.type == "bool":
            return value_to_boolean(value)
        if item.type == "url" and not re.match("http.*://", value, re.IGNORECASE):
            raise self._unfit(item, "does not appear to be a URL", "dt_url")
        if item.type == "enum" and value not in [choice.value for choice in item.enum_values]:
            raise self._unfit(item, "does not have a valid value", "dt_enum")
        return value

    def _unfit(self, item, what, code):
        values = {"XXXSAASXXX": self.name, "XXXFIELDXXX": item.label}
        message = f"For {self.name}, the field {item.label} {what}."
        return SaasException(message, code=f"gateway_kdnrm_saas_{code}", values=values)
