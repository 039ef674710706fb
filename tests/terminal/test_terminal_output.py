"""What goes to which stream, in which colours, and what happens where it cannot."""

from __future__ import annotations

import pytest

from sitepub.errors import Position, Problem, Refused
from tests.terminal.screen import Screen

COLOR = "\x1b["


def test_results_go_to_stdout_and_notes_to_stderr() -> None:
    screen = Screen()
    screen.result("done")
    screen.note("working")
    screen.warn("odd")
    assert (screen.printed, screen.noted) == ("done\n", "working\nwarning: odd\n")


def test_quiet_keeps_results_and_errors_only() -> None:
    screen = Screen()
    screen.quiet = True
    screen.note("working")
    screen.warn("odd")
    screen.result("done")
    screen.err("error: broken")
    assert (screen.printed, screen.noted) == ("done\n", "error: broken\n")


def test_with_json_stdout_holds_the_object_alone() -> None:
    screen = Screen()
    screen.wants_json = True
    screen.result("for people")
    screen.json({"a": 1, "name": "文章"})
    assert screen.printed == '{"a": 1, "name": "文章"}\n'
    assert screen.object == {"a": 1, "name": "文章"}


def test_json_stays_json_where_the_encoding_lacks_the_letters() -> None:
    screen = Screen(encoding="ascii")
    screen.json({"name": "文章"})
    assert screen.object == {"name": "文章"}


def test_json_takes_names_that_are_no_text() -> None:
    screen = Screen()
    screen.json({"name": "bad\udc80name"})
    assert screen.object == {"name": "bad\udc80name"}


@pytest.mark.parametrize(("tty", "environ", "colored"), [
    (True, {}, True),
    (True, {"TERM": "dumb"}, False),
    (True, {"NO_COLOR": "1"}, False),
    (True, {"NO_COLOR": ""}, True),
    (False, {}, False),
    (False, {"FORCE_COLOR": "1"}, True),
    (False, {"FORCE_COLOR": "0"}, False),
    (True, {"FORCE_COLOR": "0"}, False),
    (True, {"FORCE_COLOR": "false"}, False),
    (False, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
])
def test_colours_follow_stream_and_environment(tty: bool, environ: dict[str, str], colored: bool) -> None:
    screen = Screen(tty=tty, environ=environ)
    assert (COLOR in screen.style("x", "red")) is colored


@pytest.mark.parametrize(("tty", "environ", "colored"), [
    (True, {}, True), (False, {}, True), (True, {"TERM": "dumb"}, False), (False, {"TERM": "dumb"}, False),
    (True, {"NO_COLOR": "1"}, False), (True, {"FORCE_COLOR": "0"}, False), (False, {"FORCE_COLOR": "1"}, True),
    (True, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
])
def test_colours_of_a_hook_stay_unless_they_are_not_wanted(tty: bool, environ: dict[str, str], colored: bool) -> None:
    screen = Screen(tty=tty, environ=environ)
    screen.program("hook", "\x1b[31mred\x1b[0m")
    assert ("\x1b[31mred" in screen.noted) is colored
    assert screen.noted.rstrip().removesuffix("\x1b[0m").removesuffix("\x1b[0m").endswith("red")


@pytest.mark.parametrize(("tty", "environ", "live"), [
    (True, {}, True), (True, {"CI": "true"}, False), (True, {"TERM": "dumb"}, False), (False, {}, False),
])
def test_moving_displays_need_a_real_terminal(tty: bool, environ: dict[str, str], live: bool) -> None:
    assert Screen(tty=tty, environ=environ).live is live


def test_letters_that_the_stream_lacks_are_escaped_instead_of_ending_the_program() -> None:
    screen = Screen(encoding="cp1252")
    assert not screen.unicode
    screen.result("文")
    assert screen.printed == "\\u6587\n"


def test_a_problem_is_shown_with_its_line_and_a_caret() -> None:
    screen = Screen()
    screen.warn(Problem("unknown key: regon", Position("serverless.yml", 3, 5, "    regon: ap-guangzhou"),
                        "Did you mean region?"))
    assert screen.noted == (
        "warning: serverless.yml:3:5: unknown key: regon\n"
        "  3 |     regon: ap-guangzhou\n"
        "    |     ^\n"
        "  hint: Did you mean region?\n"
    )


def test_the_caret_stands_below_the_character_also_after_wide_ones() -> None:
    screen = Screen()
    screen.warn(Problem("bad", Position("a.yml", 1, 4, "文章: x")))
    line, caret = screen.noted.splitlines()[1:3]
    # Two characters of two columns each, then a colon: the fourth character starts six columns in.
    assert caret.index("^") - caret.index("|") == 2 + 5
    assert line == "  1 | 文章: x"


def test_a_long_line_is_shown_around_the_mistake() -> None:
    screen = Screen(environ={"COLUMNS": "60"})
    screen.warn(Problem("bad", Position("a.json", 1, 500, "x" * 499 + "!" + "y" * 500)))
    line, caret = screen.noted.splitlines()[1:3]
    assert len(line) <= 60
    assert line[caret.index("^")] == "!"


def test_lines_of_env_files_are_shown_without_their_values() -> None:
    screen = Screen()
    screen.warn(Problem("bad", Position("site/.env.prod", 2, 30, "ANY_NAME=hunter2 and more of it")))
    assert "hunter2" not in screen.noted
    assert "ANY_NAME=…" in screen.noted


def test_control_characters_in_messages_cannot_steer_the_terminal() -> None:
    screen = Screen()
    screen.warn("file \x1b[2Jname\r")
    assert "\x1b" not in screen.noted and "\r" not in screen.noted


def test_a_question_is_answered_by_yes_and_by_nothing_else() -> None:
    assert Screen(tty=True, typed="y\n").confirm("Go on?")
    assert Screen(tty=True, typed="YES\n").confirm("Go on?")
    for typed in ("ｙ\n", "Ｙ\n", "ｙｅｓ\n", "\u3000ｙ\u3000\n", "ｙes\n"):  # full-width, from an input method
        assert Screen(tty=True, typed=typed).confirm("Go on?")
    for typed in ("n\n", "\n", "", "yep\n", "ｎ\n", "ｙｅｐ\n"):
        assert not Screen(tty=True, typed=typed).confirm("Go on?")


def test_a_question_goes_to_stderr() -> None:
    screen = Screen(tty=True, typed="y\n")
    screen.confirm("Go on?")
    assert (screen.printed, screen.noted) == ("", "Go on? [y/N] ")


@pytest.mark.parametrize(("typed", "found"), [
    ("share\n", "share"), ("SH\n", "share"), ("s\nno\nst\n", "stable"), ("b\n", "both")])
def test_one_of_several_answers_is_chosen_by_its_word_or_its_beginning(typed: str, found: str) -> None:
    screen = Screen(tty=True, typed=typed)
    answers = {"share": "this one", "stable": "that one", "both": "all"}
    assert screen.choose("Which one?", answers, Refused("asked")) == found
    assert screen.printed == "" and "  share   this one" in screen.noted


@pytest.mark.parametrize(("tty", "typed", "code"), [
    (True, "\n", "Declined"), (True, "", "Declined"), (True, "x\ny\nz\n", "Declined"), (False, "share\n", "Mine")])
def test_without_an_answer_nothing_is_chosen(tty: bool, typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        Screen(tty=tty, typed=typed).choose("Which one?", {"share": "", "stable": ""}, Refused("asked", code="Mine"))
    assert refused.value.code == code


def test_without_a_terminal_nobody_is_asked() -> None:
    screen = Screen(tty=False, typed="y\n")
    with pytest.raises(Refused) as refused:
        screen.confirm("Delete it?")
    assert "--yes" in (refused.value.hint or "")
    assert screen.confirm("Delete it?", yes=True)
    assert screen.confirm("Delete it?", otherwise=True)
    assert not screen.confirm("Delete it?", otherwise=False)


def test_a_no_can_end_the_work() -> None:
    with pytest.raises(Refused):
        Screen(tty=True, typed="n\n").confirm_or_refuse("Delete it?")


def test_a_secret_is_asked_for_on_terminals_only_and_hidden_from_then_on() -> None:
    screen = Screen(tty=True, hidden=["  vErYsEcReT123 "])
    assert screen.ask_secret("SecretKey") == "vErYsEcReT123"
    screen.result("the key is vErYsEcReT123")
    assert "vErYsEcReT123" not in screen.printed
    with pytest.raises(Refused):
        Screen(tty=False).ask_secret("SecretKey")
