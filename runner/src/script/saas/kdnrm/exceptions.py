"""What plugins raise when they fail."""


class KdrnmException(Exception):
    """A failure, with a word for machines and the values that its text was made of."""

    def __init__(self, msg, other_msg=None, skip_post_cleanup=False, skip_msg_prepend=False, notes=None,
                 code=None, values=None):
        if values is not None and not isinstance(values, dict):
            raise TypeError("`values` must be a dictionary")
        self.msg = str(msg)
        self.other_msg = None if other_msg is None else str(other_msg)
        self.skip_post_cleanup = skip_post_cleanup
        self.skip_msg_prepend = skip_msg_prepend
        self.notes = notes
        self._codes = [{"msg": self.msg, "code": code or self.msg, "values": values or {}}]
        super().__init__(self.msg)

    def __str__(self):
        return self.msg

    @property
    def codes(self):
        return self._codes


class SaasException(KdrnmException):
    """The failure of a SaaS plugin."""
