"""A value that does not show when somebody prints it."""

import enum
import json


class Secret:
    redact_text = "XXXX"

    def __init__(self, secret, charset="utf-8"):
        self.charset = charset
        self.value = Secret.get_value(secret)

    @staticmethod
    def get_value(secret):
        return secret.value if isinstance(secret, Secret) else secret

    @staticmethod
    def get_secret(value):
        return value if value is None or isinstance(value, Secret) else Secret(value)

    @property
    def value_strip(self):
        return self.value.strip() if isinstance(self.value, str) else self.value

    @property
    def bytes(self):
        value = self.value.encode(self.charset) if isinstance(self.value, str) else self.value
        if not isinstance(value, bytes):
            raise ValueError("this secret is neither text nor bytes")
        return value

    def __str__(self):
        raise TypeError("a secret is not to be used as text: take its `value`")

    def __repr__(self):
        return f"Secret({self.redact_text})"


class SecretJsonEncoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, Secret):
            return o.value_strip
        if isinstance(o, enum.Enum):
            return o.value
        return super().default(o)
