"""Where plugins write what people should read: stderr, which pamrun shows without secrets."""

import enum
import logging
import sys
import traceback as traces


class Log:
    _logger = logging.getLogger("kdnrm")

    def __init__(self, level=None, **_):
        Log.set_log_level(level or "INFO")

    @staticmethod
    def init(**options):
        Log(**options)
        return Log

    @staticmethod
    def set_log_level(level):
        level = getattr(level, "value", level)
        Log._logger.setLevel(logging.WARNING if level is None else level)

    @staticmethod
    def add_secret(secret):
        """pamrun knows the secrets that it handed over."""

    @staticmethod
    def debug(msg, **options):
        Log._logger.debug(msg, **options)

    @staticmethod
    def info(msg, **options):
        Log._logger.info(msg, **options)

    @staticmethod
    def warning(msg, **options):
        Log._logger.warning(msg, **options)

    warn = warning

    @staticmethod
    def error(msg, **options):
        Log._logger.error(msg, **options)

    @staticmethod
    def critical(msg, **options):
        Log._logger.critical(msg, **options)

    @staticmethod
    def get_traceback(err=None):
        err = err or sys.exc_info()[1]
        if err is None:
            return "".join(traces.format_stack()[:-1])
        return "".join(traces.format_exception(type(err), err, err.__traceback__))

    @staticmethod
    def traceback(err=None, **options):
        text = Log.get_traceback(err)
        Log.info(text, **options)
        return text


Log._logger.propagate = False
Log._logger.addHandler(logging.StreamHandler())
Log._logger.setLevel(logging.INFO)


class LogLevel(enum.Enum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"
