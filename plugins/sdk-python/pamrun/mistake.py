"""What becomes of an exception that no step was meant to raise."""

import traceback
from pathlib import PurePath

from . import log
from .failure import Failure

# Errors whose text tells of names and types, not of values.
_OF_NAMES = (AttributeError, ImportError, LookupError, NameError, TypeError)


def mistake(error: Exception) -> Failure:
    """Names the error and its place. What else it says may hold anything, and goes to the log only."""
    log.debug("".join(traceback.format_exception(error)))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_authors(frame.filename)]
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    text = f": {error}" if isinstance(error, _OF_NAMES) else ""
    if isinstance(error, ImportError):
        text += "; import it at the top of the file, since nothing can be loaded any more when it runs"
    return Failure("other", "plugin-error", f"the plugin raised {type(error).__name__}{place}{text}")


def _is_authors(file: str) -> bool:
    """Neither the SDK's, nor of a method that a dataclass has made."""
    return "/pamrun/" not in file and not file.startswith("<")
