"""The command line's frame: help, lazy commands, shared options, mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from sitepub.cli import main as cli_main
from sitepub.cli.help_text import HELP
from sitepub.cli.main import COMMANDS, root
from sitepub.cli.options import Run, command, spread_inputs
from tests.terminal.screen import Screen, sitepub


def test_the_static_help_is_what_click_prints() -> None:
    code, screen = sitepub("--debug")
    assert code == 0
    assert screen.printed == HELP, "write it anew with: python -m sitepub.cli.help_text"


def test_help_fits_eighty_columns() -> None:
    assert max(map(len, HELP.splitlines())) <= 80


@pytest.mark.parametrize("argv", [(), ("--help",), ("-h",), ("--version",)])
def test_help_and_version_are_printed_without_loading_click(argv: tuple[str, ...]) -> None:
    code = (f"import sys; sys.argv = ['sitepub', *{argv!r}]\n"
            "from sitepub.__main__ import main\n"
            "code = main()\n"
            "loaded = {'click', 'rich', 'pydantic', 'logging', 'json', 'pathlib'} & set(sys.modules)\n"
            "sys.exit(code or ','.join(loaded) or 0)")
    # -S: what the site's own .pth files import is not ours.
    root_folder = str(Path(cli_main.__file__).parents[2])
    code = f"import sys; sys.path.insert(0, {root_folder!r})\n{code}"
    shown = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == (f"sitepub {version('sitepub')}\n" if argv == ("--version",) else HELP)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_explains_itself(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, click.Command)
    assert found.name == name
    code, screen = sitepub(name, "--help")
    assert code == 0
    assert screen.printed.startswith(f"Usage: sitepub {name} ")
    for option in ("--json", "--quiet", "--debug", "--cwd", "--help"):
        assert option in screen.printed


def test_running_one_command_loads_no_other() -> None:
    code = ("import sys\nfrom sitepub.cli.main import run\nfrom sitepub.terminal.terminal import Terminal\n"
            "run(['completion', 'bash'], Terminal())\n"
            "loaded = {m for m in sys.modules if m.startswith('sitepub.cli.')}\n"
            "known = ('main', 'options', 'empty_values', 'boundary', 'commands', 'commands.completion')\n"
            "sys.exit(str(loaded ^ {'sitepub.cli.' + n for n in known}) if len(loaded) != len(known) else 0)")
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(("argv", "form"), [
    (("deploy", "--profile", ""), "--profile NAME"), (("deploy", "--profile="), "--profile NAME"),
    (("whoami", "--profile", " "), "--profile NAME"), (("plan", "--stage", ""), "--stage NAME"),
    (("deploy", "--cwd", ""), "--cwd DIR"), (("--cwd", "", "deploy"), "--cwd DIR"),
    (("local", "--cwd", "", "status"), "--cwd DIR"), (("local", "status", "--data", ""), "--data DIR"),
    (("deploy", "--preview", ""), "--preview NAME"), (("plan", "--preview="), "--preview NAME"),
    (("promote", "--preview", ""), "--preview NAME"), (("promote", "--to", "\t"), "--to STAGE"),
    (("deploy", "--inputs", ""), "--inputs KEY=VALUE"), (("logs", "--path", "/a", "--path", ""), "--path GLOB"),
    (("init", "--from", ""), "--from FILE"), (("logs", "--html", ""), "--html FILE"), (("init", ""), "TEMPLATE"),
    (("init", "website", ""), "DIR"), (("rollback", ""), "RELEASE"), (("purge", "/a", ""), "PATH"),
    (("login", "--secret-id", ""), "--secret-id ID"), (("previews", "remove", ""), "NAME")])
def test_an_empty_value_is_a_mistake_and_not_the_default(argv: tuple[str, ...], form: str) -> None:
    code, screen = sitepub(*argv)
    assert code == 2
    assert ("empty" in screen.noted and f"write {form}" in screen.noted) or f"{form} is empty: write it" in screen.noted
    code, screen = sitepub(*argv, "--json")
    assert code == 2 and screen.object["error"]["code"] == "Usage"


@pytest.mark.parametrize(("typed", "meant"), [("depoly", "deploy"), ("Deploy", "deploy"), ("inf", "info"),
                                             ("who", "whoami"), ("complete", "completion")])
def test_a_typo_names_the_nearest_command(typed: str, meant: str) -> None:
    code, screen = sitepub(typed)
    assert code == 2
    assert f"Did you mean: sitepub {meant}?" in screen.noted


def test_what_resembles_no_command_gets_no_guess() -> None:
    code, screen = sitepub("xyzzy")
    assert (code, "Did you mean" in screen.noted, screen.printed) == (2, False, "")


@pytest.mark.parametrize("argv", [
    ("nonsense",), ("--nonsense",), ("local", "nonsense"), ("local", "start", "--nonsense"),
    ("local", "start", "--port", "many"), ("completion",), ("whoami", "extra"),
    ("whoami", "--cwd", "/no/such"),
])
def test_usage_mistakes_exit_with_2_in_words_and_in_json(argv: tuple[str, ...]) -> None:
    code, screen = sitepub(*argv)
    assert (code, screen.printed) == (2, "")
    assert screen.noted.startswith("error: ") and "Traceback" not in screen.noted
    code, screen = sitepub(*argv, "--json")
    assert code == 2
    assert screen.object["error"]["code"] == "Usage"


def test_json_after_a_double_dash_is_no_option() -> None:
    _code, screen = sitepub("completion", "--", "--json")
    assert screen.printed == ""


@pytest.mark.parametrize(("argv", "spread"), [
    (["--inputs", "a=1", "b=2", "--stage", "x"], ["--inputs", "a=1", "--inputs", "b=2", "--stage", "x"]),
    (["deploy", "--inputs", "a=1", "--inputs", "b=2", "c=3"],
     ["deploy", "--inputs", "a=1", "--inputs", "b=2", "--inputs", "c=3"]),
    (["--inputs=a=1", "b=2"], ["--inputs=a=1", "--inputs", "b=2"]),
    (["--inputs", "a=1", "word"], ["--inputs", "a=1", "word"]),
    (["--inputs", "a=-1", "-q", "b=2"], ["--inputs", "a=-1", "-q", "b=2"]),
    (["--inputs", "a=x y", "b=", "c==3"], ["--inputs", "a=x y", "--inputs", "b=", "--inputs", "c==3"]),
    (["--stage", "a=1", "b=2"], ["--stage", "a=1", "b=2"]),
    (["--inputs"], ["--inputs"]),
    (["--", "--inputs", "a=1", "b=2"], ["--", "--inputs", "a=1", "b=2"]),
    (["--inputs", "a=1", "--", "b=2"], ["--inputs", "a=1", "--", "b=2"]),
    ([], []),
])
def test_several_values_may_follow_one_inputs_flag(argv: list[str], spread: list[str]) -> None:
    assert spread_inputs(argv) == spread


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Run, bool]]:
    """Puts a command ``probe`` on the command line; what it was called with."""
    calls: list[tuple[Run, bool]] = []

    @command(project=True)
    @click.option("--dry-run", is_flag=True)
    def probe(run: Run, dry_run: bool) -> int:
        calls.append((run, dry_run))
        run.terminal.result("result")
        run.terminal.note("note")
        return 7

    monkeypatch.setitem(COMMANDS, "probe", ("tests.cli.test_cli_frame:probe_command", "Probe."))
    monkeypatch.setattr(sys.modules[__name__], "probe_command", probe, raising=False)
    return calls


def test_shared_options_arrive_in_the_run(seen: list[tuple[Run, bool]], tmp_path: Path) -> None:
    code, screen = sitepub("probe", "--stage", "prod", "--inputs", "a.b=1", "c=2", "--local",
                           "--profile", "p", "--cwd", str(tmp_path), "--dry-run", "--quiet")
    (run, dry_run), = seen
    assert code == 7
    assert (run.stage, run.inputs, run.local, run.profile, run.folder, dry_run) == (
        "prod", ("a.b=1", "c=2"), True, "p", tmp_path, True)
    assert (screen.printed, screen.noted) == ("result\n", "")


def test_shared_options_have_quiet_defaults(seen: list[tuple[Run, bool]]) -> None:
    sitepub("probe")
    (run, dry_run), = seen
    assert (run.stage, run.inputs, run.local, run.profile, run.folder, dry_run) == (
        None, (), False, None, Path.cwd(), False)


def test_debug_and_cwd_may_stand_before_the_command(seen: list[tuple[Run, bool]], tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    _code, screen = sitepub("--debug", "--cwd", str(tmp_path), "probe", "--cwd", "inner")
    assert screen.debug
    assert seen[0][0].folder == tmp_path / "inner"


def test_without_options_a_group_shows_its_help() -> None:
    code, screen = sitepub("local")
    assert code == 0
    assert {"start", "stop", "status", "reset"} <= set(screen.printed.split())


def test_completion_is_offered_from_the_table() -> None:
    from click.shell_completion import BashComplete

    complete = BashComplete(root(), {}, "sitepub", "_SITEPUB_COMPLETE")
    assert [item.value for item in complete.get_completions([], "lo")] == ["logs", "login", "logout", "local"]
    assert [item.value for item in complete.get_completions(["local"], "st")] == ["start", "status", "stop"]
    assert "--profile" in [item.value for item in complete.get_completions(["whoami"], "--")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_sitepub(shell: str) -> None:
    code, screen = sitepub("completion", shell)
    assert code == 0
    assert f"_SITEPUB_COMPLETE={shell}_complete" in screen.printed


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    import shutil

    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    (tmp_path / "sitepub").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sitepub "$@"\n')
    (tmp_path / "sitepub").chmod(0o755)
    script = ('source <(sitepub completion bash); COMP_WORDS=(sitepub who); COMP_CWORD=1; '
              '_sitepub_completion sitepub; echo "${COMPREPLY[@]}"')
    shown = subprocess.run([bash, "--norc", "-c", script], capture_output=True, text=True, check=True,
                           env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert shown.stdout.split() == ["whoami"]


def test_the_fake_terminal_is_what_the_program_writes_to(capsys: pytest.CaptureFixture[str]) -> None:
    sitepub("--version")
    sitepub("whoami", "--help")
    assert capsys.readouterr() == ("", "")
    assert sitepub("--version")[1].printed == f"sitepub {version('sitepub')}\n"
    assert isinstance(sitepub("--version")[1], Screen)


def test_the_schema_is_printed_as_json() -> None:
    from sitepub.config.schema import json_schema

    code, screen = sitepub("schema")
    assert code == 0
    assert json.loads(screen.printed) == json_schema()
    assert sitepub("schema", "--json")[1].printed == screen.printed
