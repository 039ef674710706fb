"""Every error that a user can meet, with the exit code it ends the program with.

Errors are raised where they are known and shown in one place (``cli.boundary``). A message says what is
wrong; the position says where; the hint says what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit status of the process."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CREDENTIALS = 3
    PARTIAL = 4
    REFUSED = 5
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file the user wrote. Lines and columns count from 1; ``None`` means the whole file."""

    file: str
    line: int | None = None
    column: int | None = None
    text: str | None = None
    """The offending line as it stands in the file, without its line break."""

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake (or, as a warning, one oddity) in what the user wrote."""

    message: str
    position: Position | None = None
    hint: str | None = None


class SitepubError(Exception):
    """Base of all errors that are meant for the user.

    ``code`` is a stable CamelCase name for programs; ``hint`` says what to do next; ``request_id`` is the
    cloud's own name for the failed call.
    """

    exit_code: ExitCode = ExitCode.FAILED
    code: str = "Failed"
    passing: bool = False
    """The fault may be over in a while, without any action: worth trying again later."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        position: Position | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.position = position
        self.request_id = request_id
        if code is not None:
            self.code = code


class UsageError(SitepubError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE
    code = "Usage"


class ConfigError(SitepubError):
    """What the user wrote in serverless.yml, .env or --inputs is wrong. Carries every problem found."""

    exit_code = ExitCode.USAGE
    code = "InvalidConfig"

    def __init__(self, problems: Sequence[Problem] | Problem | str, *, hint: str | None = None) -> None:
        if isinstance(problems, str):
            problems = [Problem(problems, hint=hint)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        first = self.problems[0]
        super().__init__(first.message, hint=hint or first.hint, position=first.position)


class NoStage(ConfigError):
    """``stages`` has no stage for the branch at hand; there may be other problems."""

    code = "NoStage"

    def __init__(self, why: Problem, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.why = why.message


class SiteError(SitepubError):
    """The folder to publish is not what it should be: missing, empty, without index, colliding names …"""

    exit_code = ExitCode.USAGE
    code = "InvalidSite"

    def __init__(self, message: str, *, problems: Iterable[Problem] = (), hint: str | None = None,
                 code: str | None = None, position: Position | None = None) -> None:
        super().__init__(message, hint=hint, code=code, position=position)
        self.problems: tuple[Problem, ...] = tuple(problems)


class HookFailed(SitepubError):
    """The build hook ended with an error, ran out of time, or could not start."""

    code = "HookFailed"

    def __init__(self, message: str, *, tail: Sequence[str] = (), hint: str | None = None,
                 position: Position | None = None) -> None:
        super().__init__(message, hint=hint, position=position)
        self.tail: tuple[str, ...] = tuple(tail)
        """The last lines that the hook printed, at most 40."""


class CredentialsError(SitepubError):
    """No credentials, wrong credentials, or credentials that may not do this."""

    exit_code = ExitCode.CREDENTIALS
    code = "Credentials"


class CloudError(SitepubError):
    """The cloud answered with an error that retrying did not cure."""

    code = "CloudError"

    def __init__(self, message: str, *, code: str = "CloudError", status: int = 0, hint: str | None = None,
                 request_id: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code, request_id=request_id)
        self.status = status
        """HTTP status, 0 when there was none."""


class NetworkError(SitepubError):
    """The cloud could not be reached, or the connection broke, and retrying did not cure it."""

    code = "Network"
    passing = True


class Unanswered(NetworkError):
    """No answer came to a call that changes something, so it may have been carried out. The caller has to check
    before it is made again."""


class NotFound(CloudError):
    """The bucket, object or configuration does not exist."""


class PreconditionFailed(CloudError):
    """A conditional request met something else than it expected (412, or 409 for forbid-overwrite)."""


class AccessDenied(CloudError):
    """These credentials may not do that (403)."""

    exit_code = ExitCode.CREDENTIALS


class PartlyDone(SitepubError):
    """Some of the work failed after the rest finished. Running again does what is left."""

    exit_code = ExitCode.PARTIAL
    code = "PartlyDone"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None,
                 request_id: str | None = None, done: object = None) -> None:
        super().__init__(message, hint=hint, code=code, request_id=request_id)
        self.done = done
        """What the work would have answered, as far as it came; ``None``: nothing is reported."""


class ChangedSincePlan(PartlyDone):
    """The steps that are needed now differ from the plan, and the user has not approved them."""

    exit_code = ExitCode.REFUSED
    code = "ChangedSincePlan"


class Refused(SitepubError):
    """A guard, a lock or the user's own answer stopped the work. Nothing was changed."""

    exit_code = ExitCode.REFUSED
    code = "Refused"


class Interrupted(SitepubError):
    """Ctrl-C or SIGTERM."""

    exit_code = ExitCode.INTERRUPTED
    code = "Interrupted"
