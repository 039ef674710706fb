from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sitepub.errors import ExitCode, HookFailed, Interrupted, Position, SiteError
from sitepub.site.build import hook
from sitepub.site.build.hook import run_hook
from sitepub.site.build.process import script
from tests.site.sample import project, write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the hooks here are written for a POSIX shell")

ENVIRON = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def python(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def run(folder: Path, command: str, *, timeout: float | None = None,
        stop: threading.Event | None = None, environ: dict[str, str] | None = None,
        on_line: Callable[[str], None] | None = None, **values: Any) -> list[str]:
    lines: list[str] = []

    def output(line: str) -> None:
        lines.append(line)
        if on_line:
            on_line(line)

    made = project(folder, source={"hook": command, "timeout": timeout}, **values)
    run_hook(made, environ=ENVIRON if environ is None else environ, output=output, stop=stop)
    return lines


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return not Path("/proc/self/stat").exists()
    return state not in "ZX"


def test_without_a_hook_nothing_runs(tmp_path: Path) -> None:
    run_hook(project(tmp_path), environ=ENVIRON, output=lambda line: pytest.fail(line))


def test_it_runs_in_the_source_folder_through_the_shell(tmp_path: Path) -> None:
    assert run(tmp_path, "pwd && echo a | tr a b; echo $STAGE") == [str(tmp_path), "b", "dev"]


def test_lines_of_both_streams_come_in_order_and_without_line_breaks(tmp_path: Path) -> None:
    assert run(tmp_path, r"echo one; echo two >&2; printf '\n'; printf 'three\r\n'; printf four") == [
        "one", "two", "", "three", "four"]


def test_lines_come_while_the_hook_runs(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    lines = run(tmp_path, "echo first; while [ ! -e gate ]; do sleep 0.02; done; echo second", timeout=60,
                on_line=lambda line: gate.touch() if line == "first" else None)
    assert lines == ["first", "second"]


def test_a_line_that_is_not_ended_is_seen_as_far_as_it_got(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    lines = run(tmp_path, "printf 'compiling'; while [ ! -e gate ]; do sleep 0.02; done; echo ' done'",
                timeout=60, on_line=lambda line: gate.touch() if "compiling" in line else None)
    assert lines == ["compiling", " done"]


def test_more_than_a_megabyte_passes_through(tmp_path: Path) -> None:
    count = 0

    def counted(line: str) -> None:
        nonlocal count
        count += len(line) + 1

    made = project(tmp_path, source={"hook": python("for n in range(60000): print(n, 'x' * 50)")})
    run_hook(made, environ=ENVIRON, output=counted)
    assert count == sum(len(f"{n} ") + 51 for n in range(60000)) > 3_000_000


def test_one_line_of_two_megabytes_without_an_end_is_cut_not_kept(tmp_path: Path) -> None:
    lines = run(tmp_path, python("import sys; sys.stdout.write('y' * 2_000_000)"))
    assert "".join(lines) == "y" * 2_000_000
    assert max(map(len, lines)) <= 65536


def test_progress_with_carriage_returns_shows_what_a_terminal_would(tmp_path: Path) -> None:
    assert run(tmp_path, r"printf ' 10%%\r 50%%\r100%%\n'; printf 'a\rb\r\n'") == ["100%", "b"]


def test_bytes_that_are_no_utf8_are_replaced(tmp_path: Path) -> None:
    assert run(tmp_path, r"printf 'caf\351 \344\275\240\n'") == ["caf� 你"]


@pytest.mark.parametrize("status", [1, 2, 42, 255])
def test_the_exit_status_is_told_with_the_command_and_the_last_lines(tmp_path: Path, status: int) -> None:
    command = f"for i in $(seq 1 100); do echo line $i; done; exit {status}"
    with pytest.raises(HookFailed) as caught:
        run(tmp_path, command)
    assert f"ended with status {status} after" in caught.value.message
    assert command in caught.value.message
    assert caught.value.tail == tuple(f"line {n}" for n in range(61, 101))


@pytest.mark.parametrize(("line", "advice"), [
    ("npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json"
     " are in sync. Please update your lock file with `npm install` before continuing.", "commit it with package.json"),
    ("npm ERR! `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json"
     " are in sync.", "commit it with package.json"),
    ("npm error The `npm ci` command can only install with an existing package-lock.json or", "make a package-lock"),
    ("Node.js v20.20.2 is not supported by Astro!", "install a version of Node.js"),
    ('You are using Node.js 18.19.0. For Next.js, Node.js version ">=20.9.0" is required.', "a version of Node.js")])
def test_what_the_tool_said_long_before_its_end_is_the_advice(line: str, advice: str, tmp_path: Path) -> None:
    write(tmp_path, {"package.json": "{}", "said.txt": line + "\n" + "npm error Usage:\n" * 60})
    with pytest.raises(HookFailed) as caught:
        run(tmp_path, "cat said.txt; exit 1")
    assert advice in (caught.value.hint or "")


def test_a_signal_that_ended_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(HookFailed, match="killed by SIGKILL"):
        run(tmp_path, "kill -KILL $$")


def test_a_command_that_is_not_found_gets_advice(tmp_path: Path) -> None:
    with pytest.raises(HookFailed, match="status 127") as caught:
        run(tmp_path, "no-such-command-anywhere build")
    assert "not found" in (caught.value.hint or "")
    write(tmp_path, {"package.json": "{}"})
    with pytest.raises(HookFailed) as caught:
        run(tmp_path, "hexo-is-not-installed generate")
    assert "npm install" in (caught.value.hint or "")
    (tmp_path / "node_modules").mkdir()
    with pytest.raises(HookFailed) as caught:
        run(tmp_path, "exit 3")
    assert caught.value.hint is None


@pytest.mark.parametrize(("command", "timeout"), [("exit 3", None), ("no-such-command", None), ("sleep 60", 0.1),
                                                  ("a\0b", None)])
def test_however_it_fails_its_place_in_the_configuration_is_told(
        tmp_path: Path, command: str, timeout: float | None) -> None:
    place = Position("serverless.yml", 5, 11)
    made = project(tmp_path, source={"hook": command, "timeout": timeout, "hook_position": place})
    with pytest.raises(HookFailed) as caught:
        run_hook(made, environ=ENVIRON, output=lambda _: None)
    assert caught.value.position == place


def test_a_missing_working_folder_is_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="does not exist"):
        run(tmp_path / "nowhere", "touch made")


def test_something_left_in_the_background_does_not_hold_it_up(tmp_path: Path) -> None:
    lines = run(tmp_path, "sleep 600 & echo $! > pid; echo built", timeout=300)
    pid = int((tmp_path / "pid").read_text())
    try:
        assert lines == ["built"]
        assert is_running(pid), "it is none of our business after a success"
    finally:
        os.kill(pid, signal.SIGKILL)


def test_what_a_background_process_prints_for_ever_does_not_hold_it_up(tmp_path: Path) -> None:
    lines = run(tmp_path, "yes & echo $! > pid; echo built")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert "built" in lines


STUBBORN = "import signal, time\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\n" \
           "open('{0}.tmp', 'w').write(str(__import__('os').getpid()))\n" \
           "__import__('os').rename('{0}.tmp', '{0}')\ntime.sleep(600)"


def wait_for(path: Path) -> None:
    limit = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_stop_ends_the_whole_group_even_grandchildren_that_ignore_signals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "GRACE", 0.4)
    write(tmp_path, {"child.py": STUBBORN.format("child"), "grandchild.py": STUBBORN.format("grandchild")})
    stop = threading.Event()

    def stopper() -> None:
        wait_for(tmp_path / "child")
        wait_for(tmp_path / "grandchild")
        stop.set()

    thread = threading.Thread(target=stopper)
    thread.start()
    interpreter = shlex.quote(sys.executable)
    with pytest.raises(Interrupted) as caught:
        run(tmp_path, f"({interpreter} grandchild.py &); {interpreter} child.py", stop=stop)
    thread.join()
    assert caught.value.exit_code == ExitCode.INTERRUPTED
    assert not is_running(int((tmp_path / "child").read_text()))
    assert not is_running(int((tmp_path / "grandchild").read_text()))


def test_ctrl_c_is_passed_on_and_the_hook_may_say_goodbye(tmp_path: Path) -> None:
    code = ("import os, signal, time\n"
            "def bye(*_): os.write(1, b'cleaned up\\n'); os._exit(0)\n"
            "signal.signal(signal.SIGINT, bye)\nos.write(1, b'ready\\n')\ntime.sleep(600)")
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        if line == "ready":
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        run(tmp_path, "exec " + python(code), on_line=on_line)
    assert seen == ["ready", "cleaned up"]


def test_a_second_ctrl_c_ends_the_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "GRACE", 600.0)
    code = ("import os, signal, time\n"
            "signal.signal(signal.SIGINT, lambda *_: os.write(1, b'not yet\\n'))\n"
            "open('pid', 'w').write(str(os.getpid()))\nos.write(1, b'ready\\n')\nwhile True: time.sleep(600)")

    def on_line(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(Interrupted):
        run(tmp_path, python(code), on_line=on_line)
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_real_sigint_while_waiting_interrupts_the_hook(tmp_path: Path) -> None:
    main = threading.main_thread()
    if threading.current_thread() is not main:
        pytest.skip("signals reach the main thread only")
    old = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press() -> None:
        wait_for(tmp_path / "pid")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        with pytest.raises(Interrupted):
            run(tmp_path, "echo $$ > p && mv p pid && exec sleep 600")
    finally:
        thread.join()
        signal.signal(signal.SIGINT, old)
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_hook_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(HookFailed, match=r"ran longer than 0\.3 s") as caught:
        run(tmp_path, "echo $$ > p && mv p pid; echo started; sleep 600", timeout=0.3)
    assert "src.timeout" in (caught.value.hint or "")
    # On a computer that is very busy the hook has not even begun by then.
    assert not (tmp_path / "pid").exists() or not is_running(int((tmp_path / "pid").read_text()))


def test_an_output_that_breaks_ends_the_hook_too(tmp_path: Path) -> None:
    def broken(line: str) -> None:
        raise BrokenPipeError(line)

    with pytest.raises(BrokenPipeError):
        run(tmp_path, "echo $$ > pid; while :; do echo y; done", on_line=broken)
    assert not is_running(int((tmp_path / "pid").read_text()))


SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"


def environment_inside(folder: Path, environ: dict[str, str], **values: Any) -> dict[str, str]:
    run(folder, python("import json, os; json.dump(dict(os.environ), open('seen.json', 'w'))"),
        environ={**ENVIRON, **environ}, **values)
    seen: dict[str, str] = json.loads((folder / "seen.json").read_text())
    return seen


def test_the_hook_sees_no_secret_under_any_name(tmp_path: Path) -> None:
    environ = {
        "TENCENTCLOUD_SECRET_ID": SECRET_ID, "TENCENTCLOUD_SECRET_KEY": SECRET_KEY,
        "TENCENTCLOUD_TOKEN": "t" * 40, "TENCENT_TOKEN": "u" * 40, "TENCENTCLOUD_SECURITY_TOKEN": "v" * 30,
        "TENCENT_API_KEY": "api", "TKE_WEB_IDENTITY_TOKEN_FILE": "/var/run/token",
        "tencent_secret_key": "low-er", "MY_COPY": SECRET_KEY, "PAIR": f"{SECRET_ID}:{SECRET_KEY}",
        "OTHER_ID": "AKIDaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "OTHER_KEY": "key-of-the-other-account", "COPY_OF_OTHER": "key-of-the-other-account",
        "TENCENT_APP_ID": "1250000000", "TENCENTCLOUD_REGION": "ap-guangzhou", "NPM_TOKEN": "npm-needs-this",
        "FORCE_COLOR": "1", "NODE_ENV": "production", "EMPTY": "",
    }
    dotenv = {"TENCENT_SECRET_ID": "AKIDfromdotenvfromdotenvfromdotenv",
              "TENCENT_SECRET_KEY": "dotenv-secret-key", "SITE_TITLE": "from .env",
              "NODE_ENV": "development", "SNEAKY": "x=dotenv-secret-key"}
    seen = environment_inside(tmp_path, environ, dotenv=dotenv, stage="prod", env={
        "API": "https://api.example.com", "LIMITS": {"a": [1, True, None]}, "LEAK": SECRET_KEY, "NUMBER": 7})
    everything = "\n".join(f"{name}={value}" for name, value in seen.items())
    for secret in (SECRET_ID, SECRET_KEY, "t" * 40, "u" * 40, "v" * 30, "AKID", "key-of-the-other-account",
                   "dotenv-secret-key", "low-er", "/var/run/token"):
        assert secret not in everything
    assert "TENCENT_API_KEY" not in seen
    expected = {"STAGE": "prod", "TENCENT_APP_ID": "1250000000", "TENCENTCLOUD_REGION": "ap-guangzhou",
                "NPM_TOKEN": "npm-needs-this", "FORCE_COLOR": "1", "NODE_ENV": "production", "EMPTY": "",
                "SITE_TITLE": "from .env", "API": "https://api.example.com",
                "LIMITS": '{"a": [1, true, null]}', "NUMBER": "7"}
    assert {name: seen.get(name) for name in expected} == expected


def test_short_values_under_a_secret_name_hide_nothing_else(tmp_path: Path) -> None:
    environ = {"TENCENT_TOKEN": "1", "TENCENT_SECRET_KEY": "", "DEBUG": "1", "BLANK": ""}
    seen = environment_inside(tmp_path, environ)
    assert (seen["DEBUG"], seen["BLANK"]) == ("1", "")
    assert "TENCENT_TOKEN" not in seen


@pytest.mark.parametrize("command", [
    "false\necho done", "echo one\nfalse\necho done\n", "\n\n  exit 3\n  echo done", "# first\nfalse\necho done",
    "no-such-command-anywhere\necho done", "cd nowhere\necho done", "false\r\necho done", "(echo a; false)\necho done",
    "if true; then\n  false\nfi\necho done", "for x in 1 2; do\n  false\ndone\necho done"])
def test_the_first_line_that_fails_is_the_last(tmp_path: Path, command: str) -> None:
    lines: list[str] = []
    with pytest.raises(HookFailed):
        run(tmp_path, command, on_line=lines.append)
    assert "done" not in lines


@pytest.mark.parametrize("command", [
    "false || true\necho done", "set +e\nfalse\necho done", "if false; then\n  echo x\nfi\necho done",
    "false; echo done", "echo a \\\n  b\necho done", "cat <<END\nfalse\nEND\necho done",
    "# only\n# remarks\n\necho done", "! true\necho done", "false | true\necho done", "echo done\n"])
def test_what_is_meant_to_go_on_goes_on(tmp_path: Path, command: str) -> None:
    assert run(tmp_path, command)[-1] == "done"


@pytest.mark.parametrize(("command", "wanted"), [
    ("npm ci\nnpm run build", "npm ci && npm run build"), ("npm run build\n", "npm run build"),
    ("\n# remark\nnpm ci\n\n  REM and another\n  :: one more\n  npm run build", "npm ci && npm run build"),
    ("npm run ^\n  build ^\n  -- --x\ndir", "npm run build -- --x && dir"), ("a && b", "a && b"), ("remove it\nb",
                                                                                                "remove it && b")])
def test_on_windows_lines_become_one_command(command: str, wanted: str) -> None:
    assert script(command, windows=True) == wanted


def test_a_single_command_is_left_as_it_is() -> None:
    assert script("npm run build") == "npm run build"
    assert script("npm ci\nnpm run build\n") == "set -e; npm ci\nnpm run build\n"


TTY = "import os, sys; print(sys.stdout.isatty(), sys.stderr.isatty(), sys.stdin.isatty(), end=' ')\n" \
      "print(os.get_terminal_size(1).columns if sys.stdout.isatty() else '', os.environ.get('FORCE_COLOR'))"


def on_a_terminal(folder: Path, command: str, columns: int | None = 90) -> list[str]:
    lines: list[str] = []
    run_hook(project(folder, source={"hook": command}), environ=ENVIRON, output=lines.append, columns=columns)
    return lines


def test_on_a_terminal_the_hook_has_one_too_and_its_files_get_no_colours(tmp_path: Path) -> None:
    assert on_a_terminal(tmp_path, python(TTY)) == ["True True False 90 None"]
    assert on_a_terminal(tmp_path, python(TTY), columns=None) == ["False False False  None"]
    colours = "import sys; print('\\x1b[32mok\\x1b[0m' if sys.stdout.isatty() else 'ok')"
    assert on_a_terminal(tmp_path, python(colours) + " > file; " + python(colours)) == ["\x1b[32mok\x1b[0m"]
    assert (tmp_path / "file").read_text() == "ok\n"


def test_what_is_printed_on_a_terminal_comes_whole_and_in_order(tmp_path: Path) -> None:
    lines = on_a_terminal(tmp_path, python("for n in range(20000): print(n, 'x' * 50)"))
    assert lines == [f"{n} {'x' * 50}" for n in range(20000)]
    assert on_a_terminal(tmp_path, r"printf 'a\rb\r\nc\t\351\n'; printf 'no end'") == ["b", "c\t�", "no end"]


def test_nothing_waits_for_a_key_on_a_terminal(tmp_path: Path) -> None:
    command = ("git init -q . && git -c user.name=a -c user.email=b commit -q --allow-empty -m one"
               " && git log --oneline && read x || echo no input")
    lines = on_a_terminal(tmp_path, command)
    assert lines[-1] == "no input" and any("one" in line for line in lines)


def test_a_terminal_that_a_background_process_keeps_open_does_not_hold_it_up(tmp_path: Path) -> None:
    lines = on_a_terminal(tmp_path, "sleep 600 & echo $! > pid; echo built")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert lines == ["built"]


def test_a_failure_on_a_terminal_has_a_tail_without_escapes(tmp_path: Path) -> None:
    with pytest.raises(HookFailed) as caught:
        on_a_terminal(tmp_path, r"printf '\033[31mbad\033[0m\n'; exit 1")
    assert caught.value.tail == ("bad",)
