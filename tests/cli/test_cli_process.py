"""The program as a process: pipes, signals, real terminals."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import sitepub as sitepub_package

SITEPUB = [sys.executable, "-m", "sitepub"]
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and terminals")


def run(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    full = {**os.environ, "PYTHONIOENCODING": "utf-8", **environ}
    return subprocess.run([*SITEPUB, *argv], capture_output=True, text=True, encoding="utf-8",
                          stdin=subprocess.DEVNULL, env=full)


def test_the_process_ends_with_the_exit_code_and_keeps_the_streams_apart() -> None:
    done = run("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    done = run("nonsense", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "Usage"


@posix_only
@pytest.mark.parametrize("words", [("info", "--local"), ("releases", "--local"), ("check", "--offline"), ("plan",)])
def test_a_current_folder_that_was_deleted_is_said(words: tuple[str, ...], tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *SITEPUB, *words], cwd=gone,
                          env={**os.environ, "PYTHONPATH": str(Path.cwd())}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "The current folder is gone" in done.stderr and "hint: " in done.stderr


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_a_python_that_is_too_old_is_said_before_anything_it_cannot_read(version: tuple[int, int, int]) -> None:
    source = Path(sitepub_package.__file__).read_text(encoding="utf-8")
    assert "f\"" not in source and "__future__" not in source
    ast.parse(source, feature_version=(3, 7))
    old = SimpleNamespace(version_info=version, version=".".join(map(str, version)), executable="/usr/bin/python",
                          exit=sys.exit)
    with pytest.raises(SystemExit) as ended:
        exec(compile(source.replace("import sys\n", ""), "sitepub/__init__.py", "exec"), {"sys": old})
    assert "needs Python 3.11 or newer, and this is Python " + old.version in str(ended.value)


def test_without_credentials_the_exit_code_is_3(home: Path) -> None:
    done = run("whoami", "--cwd", str(home))
    assert done.returncode == 3
    assert "sitepub login" in done.stderr


@pytest.mark.parametrize(("environ", "colored"), [
    ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({}, False),
])
def test_colours_in_a_pipe_only_when_forced(environ: dict[str, str], colored: bool) -> None:
    assert ("\x1b[" in run("nonsense", **environ).stderr) is colored


@posix_only
@pytest.mark.parametrize("argv", [["--help"], ["deploy", "--help"], ["completion", "bash"],
                                  ["local", "status", "--json"]])
def test_a_reader_that_goes_away_is_no_error(argv: list[str], home: Path) -> None:
    del home
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([*SITEPUB, *argv], stdout=writing, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode == (1 if argv[0] == "local" else 0), "the code of the work"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("argv", [["--help"], ["completion", "bash"], ["local", "status", "--json"]])
def test_a_full_disk_is_told_once_and_plainly(argv: list[str], home: Path) -> None:
    del home
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([*SITEPUB, *argv], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.count("No space left on device") == 1 and "Traceback" not in done.stderr


@posix_only
def test_closed_streams_do_not_stop_it(home: Path) -> None:
    del home
    for argv in ("--help", "local status", "nonsense"):
        done = subprocess.run(f'"{sys.executable}" -m sitepub {argv} <&- >&- 2>&-', shell=True)
        assert done.returncode == {"--help": 0, "local status": 1, "nonsense": 2}[argv]


def test_output_survives_a_console_that_knows_ascii_only(home: Path) -> None:
    folder = home / "文章"
    folder.mkdir()
    done = subprocess.run([*SITEPUB, "local", "status", "--json", "--data", str(folder)], capture_output=True,
                          env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert json.loads(done.stdout.decode("ascii"))["data"] == str(folder.resolve())


class Pty:
    """The program on a pseudo terminal of its own."""

    def __init__(self, *argv: str, **environ: str) -> None:
        import pty

        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [*SITEPUB, *argv],
                      {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environ})
        self.shown = ""

    def expect(self, text: str, seconds: float = 30) -> None:
        import select

        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.terminal], [], [], 0.2)[0] and not self._read():
                break
        assert text in self.shown, self.shown

    def _read(self) -> bool:
        try:
            block = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.shown += block.decode("utf-8", "replace")
        return bool(block)

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@posix_only
def test_a_key_is_asked_for_without_being_shown_and_not_stored_unchecked(home: Path) -> None:
    # A proxy nobody listens at: the cloud cannot be asked, so nothing may be stored.
    program = Pty("login", "--cwd", str(home), HTTPS_PROXY="http://127.0.0.1:9",
                  https_proxy="http://127.0.0.1:9")
    program.expect("SecretId: ")
    program.type("AKIDtypedtypedtyped1234\n")
    program.expect("SecretKey: ")
    program.type("typed-secret-key\n")
    program.expect("error:")
    assert program.end() == 1
    assert "typed-secret-key" not in program.shown
    assert "AKIDtypedtypedtyped1234" not in program.shown
    assert not list(home.rglob("profiles.ini"))


@posix_only
def test_ctrl_c_at_a_question_ends_with_130_and_leaves_the_terminal_usable(home: Path) -> None:
    import termios

    program = Pty("login", "--cwd", str(home))
    program.expect("SecretId: ")
    program.type("\x03")
    program.expect("Interrupted.")
    echo = termios.tcgetattr(program.terminal)[3] & termios.ECHO
    assert program.end() == 130
    assert echo


@posix_only
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_end_it_with_130_and_a_word(name: str, home: Path) -> None:
    program = Pty("login", "--cwd", str(home))
    program.expect("SecretId: ")
    os.kill(program.pid, getattr(signal, name))
    program.expect("Interrupted.")
    assert program.end() == 130
    assert "Traceback" not in program.shown


def test_without_a_terminal_login_asks_nothing(home: Path) -> None:
    done = run("login", "--cwd", str(home))
    assert done.returncode == 5
    assert "--secret-key-stdin" in done.stderr


@posix_only
def test_colours_and_prompts_on_a_real_terminal(home: Path) -> None:
    program = Pty("nonsense")
    assert program.end() == 2
    assert "\x1b[1;31merror:\x1b[0m" in program.shown
    program = Pty("nonsense", NO_COLOR="1")
    assert program.end() == 2
    assert "\x1b" not in program.shown
    data = home / "cloud"
    data.mkdir()
    (data / "identity.json").write_text("{}")
    program = Pty("local", "reset", "--data", str(data))
    program.expect("[y/N] ")
    program.type("n\n")
    assert program.end() == 5
    assert data.is_dir()
    program = Pty("local", "reset", "--data", str(data))
    program.expect("[y/N] ")
    program.type("y\n")
    assert program.end() == 0
    assert not data.exists()
