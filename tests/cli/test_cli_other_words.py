"""Words of other tools on the command line: what they are here is said, and what is said exists."""

from __future__ import annotations

import re

import click
import pytest

from sitepub.cli import other_words
from sitepub.cli.main import COMMANDS, root
from tests.terminal.screen import sitepub


@pytest.mark.parametrize(("typed", "meant"), [
    ("publish", "sitepub deploy"), ("build", "sitepub deploy"), ("generate", "sitepub deploy"), ("d", "sitepub deploy"),
    ("serve", "sitepub dev --local"), ("server", "sitepub dev --local"), ("open", "sitepub info"),
    ("status", "sitepub info"), ("ls", "sitepub releases"), ("LIST", "sitepub releases"), ("rm", "sitepub remove"),
    ("destroy", "sitepub remove"), ("tail", "sitepub logs --follow"), ("new", "sitepub init"), ("domains", "hosts"),
    ("configure", "sitepub login"), ("invalidate", "sitepub purge"), ("env", "serverless.yml"),
    ("version", "sitepub --version"), ("undo", "rollback"),
])
def test_a_command_of_another_tool_names_ours(typed: str, meant: str) -> None:
    code, screen = sitepub(typed)
    assert (code, screen.printed) == (2, "")
    assert meant in screen.noted


@pytest.mark.parametrize(("line", "meant"), [
    ("deploy --prod", "--stage prod"), ("deploy -s prod", "--stage prod"), ("deploy --region ap-beijing", "region="),
    ("deploy --dir public", "src=FOLDER"), ("deploy --target ./a", "--cwd"), ("deploy --skip-build", "--no-build"),
    ("deploy --dryrun", "--dry-run"), ("remove --auto-approve", "--yes"), ("plan --verbose", "--debug"),
    ("info --output json", "--json"), ("logs --tail", "--follow"), ("dev --port 3000", "sitepub local start --port"),
    ("deploy --draft", "--preview"), ("deploy prod", "--stage prod"), ("deploy .", "--cwd ."),
    ("deploy ./public", "--cwd ./public"), ("--stage prod deploy", "behind the command"),
    ("--local deploy", "behind the command"), ("info 站点/", "--cwd 站点/"), ("plan --no-color", "NO_COLOR"),
])
def test_an_option_of_another_tool_names_ours(line: str, meant: str) -> None:
    code, screen = sitepub(*line.split())
    assert (code, screen.printed) == (2, "")
    assert meant in screen.noted
    assert "Did you mean" not in screen.noted


@pytest.mark.parametrize("line", ["logs --prod-like", "logout --tail", "login --region x", "schema prod", "init a b c"])
def test_nothing_is_said_of_what_the_command_cannot_do(line: str) -> None:
    _code, screen = sitepub(*line.split())
    assert re.search(r"--stage prod|--follow|region=|A stage", screen.noted) is None


def test_what_is_named_exists() -> None:
    group = root()
    context = click.Context(group)
    commands = [command for name in COMMANDS if (command := group.get_command(context, name)) is not None]
    options = {name for command in commands for param in command.params for name in param.opts} | {"--version"}
    hints = [f"`{command}`" for command, _about, _words in other_words._MEANT]
    hints += [hint for _needed, hint, _words in other_words._OPTIONS]
    named = [match for hint in hints for match in re.findall(r"`(?:sitepub )?([^`]+)`", hint)]
    assert len(named) > len(hints) / 2
    for text in named:
        first = text.split()[0]
        assert first in COMMANDS or first in options or first in {"hosts", "env"}, text
    assert not set(other_words._COMMANDS) & set(COMMANDS)


@pytest.mark.parametrize("option", ["-v", "-V", "--version"])
def test_the_version_has_the_letters_of_other_tools(option: str) -> None:
    code, screen = sitepub(option)
    assert code == 0
    assert screen.printed.startswith("sitepub ")


def test_choices_stand_on_one_line() -> None:
    code, screen = sitepub("completion")
    assert code == 2
    assert "bash, zsh, fish" in screen.noted


@pytest.mark.parametrize(("line", "words"), [
    ("deploy --stage", "--stage needs a value: --stage NAME"), ("deploy --inputs", "--inputs KEY=VALUE"),
    ("--cwd", "--cwd DIR"), ("logs --host", "--host HOST"), ("logs --path", "--path GLOB"),
    ("local start --port", "--port PORT"), ("previews --stage", "--stage NAME"), ("ci run --command", "--command TEXT"),
    ("mark", "sitepub mark RELEASE NAME"), ("mark latest", "NAME is missing"), ("completion", "completion SHELL"),
    ("previews remove", "previews remove NAME"), ("completion pwsh", "SHELL: 'pwsh'"), ("traffic 200%", "PART: '200%'"),
    ("local nosuch", "known are reset, start, status, stop, zone"), ("ci nosuch", "known are role, run"),
    ("previews nosuch", "known are"), ("deploy --json=1", "does not take a value"),
])
def test_what_is_missing_is_said_in_the_form_to_write_it(line: str, words: str) -> None:
    code, screen = sitepub(*line.split())
    assert (code, screen.printed) == (2, "")
    assert words in screen.noted
    assert "hint: " in screen.noted and "--help" in screen.noted


@pytest.mark.parametrize("name", ["local", "ci", "previews"])
def test_subcommands_are_listed_with_all_that_they_say(name: str) -> None:
    _code, screen = sitepub(name, "--help")
    assert "..." not in screen.printed.partition("Commands:")[2]
