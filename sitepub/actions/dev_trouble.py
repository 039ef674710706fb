"""What goes wrong during dev: whether trying again helps, and how browsers show it (pure)."""

from __future__ import annotations

from sitepub.dev.session import End
from sitepub.errors import CloudError, SiteError, SitepubError
from sitepub.site.scan import STILL_CHANGING

_LOCKED = frozenset({"Locked", "LockLost", "Slow", "SlowDown"})
_PASSING = frozenset({408, 429})
_WRITING = frozenset({STILL_CHANGING, "FileChanged"})


def end_of(error: Exception) -> End:
    """How a piece of work ends that this has broken off."""
    if isinstance(error, SitepubError) and (error.passing or error.code in _LOCKED):
        return End.LATER
    if isinstance(error, CloudError) and (error.status >= 500 or error.status in _PASSING
                                          or 300 <= error.status < 400):
        return End.LATER  # COS redirects nobody for long; a network that wants a login does
    if isinstance(error, SiteError) and error.code in _WRITING:
        return End.SOON
    return End.FAILED


def told_in_browser(error: SitepubError) -> str:
    """The error as an overlay shows it: with its place, its hint, and the last lines of the hook."""
    lines = [f"{error.position}: {error.message}" if error.position is not None else error.message]
    problems = getattr(error, "problems", ())
    lines += [f"{one.position}: {one.message}" if one.position is not None else one.message
              for one in problems if one.message != error.message]
    lines += getattr(error, "tail", ())
    return "\n".join([*lines, *([f"hint: {error.hint}"] if error.hint else [])])
