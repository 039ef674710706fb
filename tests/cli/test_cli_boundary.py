"""Every error ends as a message and an exit code; nothing secret is shown on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable

import click
import pytest

from sitepub import errors
from sitepub.cli.boundary import guarded
from sitepub.errors import ConfigError, HookFailed, Position, Problem, SiteError, SitepubError
from sitepub.terminal import secrets
from tests.terminal.screen import Screen

KEYS = {"code", "message", "hint", "file", "line", "column", "request_id", "hint_commands"}


def raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(("error", "code"), [
    (errors.SitepubError("x"), 1),
    (errors.UsageError("x"), 2),
    (errors.ConfigError("x"), 2),
    (errors.SiteError("x"), 2),
    (errors.HookFailed("x"), 1),
    (errors.CredentialsError("x"), 3),
    (errors.AccessDenied("x"), 3),
    (errors.CloudError("x"), 1),
    (errors.NotFound("x"), 1),
    (errors.PreconditionFailed("x"), 1),
    (errors.NetworkError("x"), 1),
    (errors.Unanswered("x"), 1),
    (errors.NoStage(Problem("x"), [Problem("x")]), 2),
    (errors.PartlyDone("x"), 4),
    (errors.ChangedSincePlan("x"), 5),
    (errors.Refused("x"), 5),
    (errors.Interrupted("x"), 130),
    (KeyboardInterrupt(), 130),
    (click.Abort(), 130),
    (click.UsageError("x"), 2),
    (click.BadParameter("x"), 2),
    (click.exceptions.Exit(4), 4),
    (PermissionError(13, "Permission denied", "/etc/x"), 1),
    (RuntimeError("x"), 1),
    (RecursionError(), 1),
])
def test_every_kind_of_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert guarded(Screen(), raising(error)) == code


def test_every_error_class_is_in_the_table_above() -> None:
    def below(kind: type[SitepubError]) -> set[type[SitepubError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    here = {kind for kind in below(SitepubError) if kind.__module__ == "sitepub.errors"}
    marks = test_every_kind_of_error_has_its_exit_code.pytestmark  # type: ignore[attr-defined]
    assert here <= {type(case[0]) for case in marks[0].args[1]}


def test_an_error_names_the_place_the_hint_and_the_request() -> None:
    screen = Screen()
    guarded(screen, raising(SitepubError("no such bucket", hint="Create it.", request_id="NWE0",
                                         position=Position("serverless.yml", 2, 3, "a: b"))))
    assert screen.printed == ""
    assert screen.noted == (
        "error: serverless.yml:2:3: no such bucket\n"
        "  2 | a: b\n"
        "    |   ^\n"
        "  hint: Create it.\n"
        "  request id: NWE0\n"
    )


def test_all_mistakes_in_the_configuration_are_shown() -> None:
    screen = Screen()
    guarded(screen, raising(ConfigError([
        Problem("first", Position("serverless.yml", 1, 1, "x")), Problem("second", hint="Try y.")])))
    assert screen.noted.count("error: ") == 2
    assert "second" in screen.noted and screen.noted.count("Try y.") == 1


def test_a_failed_hook_shows_the_end_of_its_output() -> None:
    screen = Screen()
    guarded(screen, raising(HookFailed("the hook ended with 2", tail=["npm ERR! one", "npm ERR! two"])))
    assert "  npm ERR! one\n  npm ERR! two\nerror: the hook ended with 2\n" in screen.noted


def test_output_of_a_hook_that_was_shown_is_not_shown_again() -> None:
    screen = Screen()
    screen.program("hook", "npm ERR! one")
    guarded(screen, raising(HookFailed("the hook ended with 2", tail=["npm ERR! one"])))
    assert screen.noted == "hook | npm ERR! one\nerror: the hook ended with 2\n"
    quiet = Screen()
    quiet.quiet = True
    quiet.program("hook", "npm ERR! one")
    guarded(quiet, raising(HookFailed("the hook ended with 2", tail=["npm ERR! one"])))
    assert quiet.noted.count("npm ERR! one") == 1


@pytest.mark.parametrize(("error", "wanted"), [
    (SitepubError("m", code="C", hint="h", request_id="r", position=Position("f", 1, 2)),
     {"code": "C", "message": "m", "hint": "h", "file": "f", "line": 1, "column": 2, "request_id": "r"}),
    (RuntimeError("boom"), {"code": "Bug", "file": None, "line": None, "column": None, "request_id": None}),
    (click.UsageError("odd"), {"code": "Usage", "message": "odd"}),
    (KeyboardInterrupt(), {"code": "Interrupted"}),
    (PermissionError(13, "Permission denied", "/x"),
     {"code": "System.EACCES", "message": "Permission denied: /x"}),
])
def test_with_json_the_error_is_one_object(error: BaseException, wanted: dict[str, object]) -> None:
    screen = Screen()
    screen.wants_json = True
    guarded(screen, raising(error))
    told = screen.object
    assert (told["version"], told["status"]) == (1, "error")
    assert set(told["error"]) == KEYS
    assert {key: told["error"][key] for key in wanted} == wanted


def test_json_lists_all_problems_and_the_hooks_last_lines() -> None:
    screen = Screen()
    screen.wants_json = True
    guarded(screen, raising(ConfigError([Problem("a", Position("f", 1, 2), "h"), Problem("b")])))
    assert screen.object["error"]["problems"] == [
        {"message": "a", "hint": "h", "file": "f", "line": 1, "column": 2},
        {"message": "b", "hint": None, "file": None, "line": None, "column": None},
    ]
    screen = Screen()
    screen.wants_json = True
    guarded(screen, raising(SiteError("m", problems=[Problem("collides")])))
    assert [problem["message"] for problem in screen.object["error"]["problems"]] == ["collides"]
    screen = Screen()
    screen.wants_json = True
    guarded(screen, raising(HookFailed("m", tail=["x"])))
    assert screen.object["error"]["tail"] == ["x"]


def test_with_json_into_a_pipe_people_still_see_the_message() -> None:
    piped, on_tty, quiet = Screen(tty=False), Screen(tty=True), Screen(tty=False)
    quiet.quiet = True
    for screen in (piped, on_tty, quiet):
        screen.wants_json = True
        guarded(screen, raising(SitepubError("broken")))
    assert "error: broken" in piped.noted
    assert on_tty.noted == quiet.noted == ""


def test_a_bug_is_called_one_and_its_traceback_needs_debug() -> None:
    screen = Screen()
    guarded(screen, raising(RuntimeError("boom\nbang")))
    assert "This is a bug in sitepub: RuntimeError: boom bang" in screen.noted
    assert "--debug" in screen.noted and "Traceback" not in screen.noted
    screen = Screen()
    screen.debug = True
    guarded(screen, raising(RuntimeError("boom")))
    assert "Traceback (most recent call last)" in screen.noted


def test_secrets_are_hidden_in_messages_tracebacks_and_logs() -> None:
    secret = "zYxWvUtSrQ-secret"
    secrets.register(secret)
    screen = Screen()
    screen.debug = True

    def work() -> int:
        logging.getLogger("urllib3").debug("Authorization: q-sign-algorithm=sha1&q-ak=%s", secret)
        try:
            raise ValueError(f"inner {secret}")
        except ValueError as error:
            raise SitepubError(f"outer {secret}", hint=secret) from error

    guarded(screen, work)
    assert "inner ***" in screen.noted and "outer ***" in screen.noted and "urllib3: " in screen.noted
    assert secret not in screen.noted
    screen = Screen()
    screen.wants_json = True
    guarded(screen, work)
    assert secret not in screen.printed + screen.noted


def test_logs_are_silent_without_debug() -> None:
    screen = Screen()

    def work() -> int:
        logging.getLogger("qcloud_cos").error("retrying")
        return 0

    before = list(logging.getLogger().handlers)
    assert guarded(screen, work) == 0
    assert screen.noted == ""
    assert logging.getLogger().handlers == before


def test_file_names_in_errors_cannot_steer_the_terminal() -> None:
    screen = Screen()
    guarded(screen, raising(SitepubError("bad \x1b]0;title\x07 name",
                                         position=Position("\x1b[2J.yml", 1, 1, "\x1b"))))
    assert "\x1b" not in screen.noted and "\x07" not in screen.noted
