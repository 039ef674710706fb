"""The embedded cloud's life: started once, found again, ended, wiped."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions.connect import connect
from sitepub.config.project import Project, Source
from sitepub.embedded import cloud as local_cloud
from sitepub.embedded import process as local_process
from sitepub.embedded.cloud import CloudOptions, EmbeddedCloud
from sitepub.embedded.data_folder import data_folder
from sitepub.errors import Refused, SitepubError
from tests.terminal.screen import Screen, sitepub


@pytest.fixture
def environ(home: Path) -> Iterator[Mapping[str, str]]:
    """An environment whose embedded cloud is ended afterwards."""
    values = dict(os.environ)
    yield values
    local_cloud.stop(data_folder(values), environ=values)
    shutil.rmtree(home, ignore_errors=True)


def local(environ: Mapping[str, str], *argv: str, **options: Any) -> tuple[int, Screen]:
    return sitepub("local", *argv, environ=environ, **options)


def start(environ: Mapping[str, str], *argv: str) -> dict[str, Any]:
    code, screen = local(environ, "start", "--json", *argv)
    assert code == 0, screen.noted
    return screen.object


def answers(endpoint: str) -> bool:
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=60)
    try:
        connection.request("GET", "/-/health")
        return connection.getresponse().status == 403  # from us, who did not say the secret
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


def test_it_starts_tells_about_itself_and_ends_without_a_trace(environ: Mapping[str, str]) -> None:
    told = start(environ, "--port", "0")
    assert told["status"] == "ok" and told["action"]
    assert set(told) == {"version", "action", "status", "next", "endpoint", "app_id", "secret_id", "secret_key",
                         "region", "data", "pid", "edge_http", "edge_https", "dns", "ca"}
    assert told["secret_id"].startswith("AKID") and "…" not in told["secret_id"]
    assert answers(told["endpoint"])
    code, screen = local(environ, "status", "--json")
    assert code == 0
    assert screen.object["pid"] == told["pid"] and screen.object["bytes"] > 0
    code, screen = local(environ, "stop")
    assert (code, screen.printed) == (0, "The embedded cloud was stopped.\n")
    assert not local_process.alive(told["pid"])
    assert not answers(told["endpoint"])
    assert not (Path(told["data"]) / "cloud.json").exists()


def test_stopping_and_asking_when_it_does_not_run(environ: Mapping[str, str]) -> None:
    assert local(environ, "stop")[0] == 0
    code, screen = local(environ, "status", "--json")
    assert code == 1
    assert screen.object["running"] is False and screen.object["pid"] is None
    assert not data_folder(environ).exists(), "asking makes nothing"


def test_starting_again_changes_nothing_and_other_wishes_are_refused(environ: Mapping[str, str]) -> None:
    told = start(environ, "--port", "0")
    again = {**told, "status": "unchanged"}
    assert start(environ) == again
    port = told["endpoint"].rsplit(":", 1)[1]
    assert start(environ, "--port", port) == again
    other = "7" if port != "7" else "8"
    for wish in (["--port", other], ["--latency", "5"], ["--faults", "PUT:503=0.1"], ["--force-download"]):
        code, screen = local(environ, "start", *wish)
        assert code == 5
        assert "sitepub local stop" in screen.noted


def test_a_restart_keeps_identity_and_port(environ: Mapping[str, str]) -> None:
    first = start(environ, "--port", "0")
    local(environ, "stop")
    second = start(environ)
    assert second["pid"] != first["pid"]
    assert {**second, "pid": 0} == {**first, "pid": 0}


def test_a_port_that_another_program_has_now_is_named(environ: Mapping[str, str]) -> None:
    port = int(start(environ, "--port", "0")["endpoint"].rpartition(":")[2])
    local_cloud.stop(data_folder(environ), environ=environ)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        code, screen = local(environ, "start")
        assert code == 0
        assert f"Another program uses port {port}:" in screen.noted
        assert str(port) not in screen.printed
    local_cloud.stop(data_folder(environ), environ=environ)
    code, screen = local(environ, "start")
    assert "Another program" not in screen.noted, "it has its new port again"


def test_many_processes_starting_it_at_once_end_with_one_server(environ: Mapping[str, str]) -> None:
    def begin(_: int) -> dict[str, Any]:
        done = subprocess.run([sys.executable, "-m", "sitepub", "local", "start", "--port", "0", "--json"],
                              capture_output=True, text=True, env=dict(environ), stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    with ThreadPoolExecutor(5) as threads:
        told = list(threads.map(begin, range(5)))
    assert len({server["pid"] for server in told}) == 1


def test_it_outlives_the_command_that_started_it_and_holds_none_of_its_streams(
        environ: Mapping[str, str]) -> None:
    # communicate() returns only when nobody holds the pipes any more.
    done = subprocess.run([sys.executable, "-m", "sitepub", "local", "start", "--port", "0", "--json"],
                          capture_output=True, text=True, env=dict(environ), timeout=60)
    assert answers(json.loads(done.stdout)["endpoint"])


def test_a_stale_description_is_not_believed(environ: Mapping[str, str]) -> None:
    told = start(environ, "--port", "0")
    os.kill(told["pid"], getattr(signal, "SIGKILL", signal.SIGTERM))
    data = Path(told["data"])
    while local_process.alive(told["pid"]):
        time.sleep(0.01)
    assert (data / "cloud.json").exists()
    assert local_cloud.find(data) is None
    # Its number now belongs to another process, which must not be ended.
    description = json.loads((data / "cloud.json").read_text())
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (data / "cloud.json").write_text(json.dumps({**description, "pid": sleeper.pid}))
        assert local_cloud.stop(data, environ=environ) is False
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.communicate()
    assert start(environ)["app_id"] == told["app_id"]


def test_the_server_of_another_folder_is_not_ours(environ: Mapping[str, str], tmp_path: Path) -> None:
    told = start(environ, "--port", "0")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(Path(told["data"]) / "cloud.json", other)
    assert local_cloud.find(other) is None
    assert local_cloud.stop(other, environ=environ) is False
    assert answers(told["endpoint"])


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"endpoint": 3}', '{"endpoint": "http://127.0.0.1"}'])
def test_a_damaged_description_counts_as_not_running(content: str, tmp_path: Path) -> None:
    (tmp_path / "cloud.json").write_text(content)
    assert local_cloud.find(tmp_path) is None


def test_faults_that_do_not_exist_are_a_usage_mistake(environ: Mapping[str, str]) -> None:
    code, screen = local(environ, "start", "--faults", "nonsense=2")
    assert code == 2
    assert "unknown kind 'nonsense', expected one of 429, 500, 503" in screen.noted


def test_a_start_that_fails_shows_the_end_of_the_log(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
                                                         ) -> None:
    monkeypatch.setattr(local_cloud, "_NO_PORT", None)
    with _taken_port() as port:
        code, screen = local(environ, "start", "--port", port)
    assert code == 1
    assert "ended at once, with exit code" in screen.noted
    assert "cannot listen" in screen.noted and "server.log" in screen.noted


def test_a_port_of_another_program_is_said_with_what_to_do(environ: Mapping[str, str]) -> None:
    with _taken_port() as port:
        code, screen = local(environ, "start", "--port", port)
        assert (code, screen.printed) == (1, "")
        assert f"cannot listen on port {port}: another program has it" in screen.noted
        assert "--port 0" in screen.noted and "Errno" not in screen.noted
        there = subprocess.run([sys.executable, "-m", "sitepub", "local", "start", "--foreground", "--port", port],
                               env=dict(environ), stderr=subprocess.PIPE, text=True, check=False)
    assert there.returncode == 1
    assert "another program has it" in there.stderr


def test_every_answer_has_the_same_beginning(environ: Mapping[str, str], tmp_path: Path) -> None:
    for words, status in ((("local", "status"), "ok"), (("local", "start", "--port", "0"), "ok"),
                          (("local", "start"), "unchanged"), (("local", "status"), "ok"), (("local", "zone"), "ok"),
                          (("local", "stop"), "ok"), (("local", "stop"), "unchanged"),
                          (("local", "reset", "--yes"), "ok"), (("local", "reset", "--yes"), "unchanged"),
                          (("init", "--list"), "ok"), (("logout",), "unchanged"), (("completion", "fish"), "ok"),
                          (("init", "website", str(tmp_path / "new")), "ok")):
        _code, screen = sitepub(*words, "--json", environ=environ)
        found = screen.object
        name = " ".join(words[:2]) if words[0] == "local" else words[0]
        assert list(found)[:3] == ["version", "action", "status"], words
        assert (found["version"], found["action"], found["status"]) == (1, name, status), words
        assert isinstance(found["next"], list)
    for group in ("local", "ci"):
        code, screen = sitepub(group, "--json", environ=environ)
        assert (code, screen.object["error"]["code"]) == (2, "Usage")


@contextlib.contextmanager
def _taken_port() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


def test_the_server_gets_no_real_credentials(environ: Mapping[str, str]) -> None:
    keys = {"TENCENTCLOUD_SECRET_KEY": "x", "TENCENT_TOKEN": "y"}
    told = local_process.environment({**environ, **keys, "A": "b"})
    assert told["A"] == "b"
    assert not [name for name in told if name.startswith("TENCENT")]


def test_data_may_lie_elsewhere(environ: Mapping[str, str], tmp_path: Path) -> None:
    values = {**environ, "SITEPUB_LOCAL_DATA": str(tmp_path / "chosen")}
    assert data_folder(values) == (tmp_path / "chosen").resolve()
    assert data_folder(values, tmp_path / "named") == (tmp_path / "named").resolve()
    try:
        assert start(values, "--port", "0")["data"] == str((tmp_path / "chosen").resolve())
        assert local(environ, "status")[0] == 1
        assert local(environ, "status", "--data", str(tmp_path / "chosen"))[0] == 0
    finally:
        assert local(values, "stop")[0] == 0


def test_reset_ends_it_and_deletes_its_folder_after_asking(environ: Mapping[str, str]) -> None:
    told = start(environ, "--port", "0")
    data = Path(told["data"])
    code, screen = local(environ, "reset")
    assert code == 5 and "--yes" in screen.noted
    assert local(environ, "reset", tty=True, typed="n\n")[0] == 5
    assert answers(told["endpoint"])
    code, screen = local(environ, "reset", "--yes", "--json")
    assert (code, screen.object["deleted"]) == (0, True)
    assert not data.exists() and not local_process.alive(told["pid"])
    assert local(environ, "reset", "--yes")[0] == 0, "nothing to delete is fine"
    assert start(environ, "--port", "0")["secret_key"] != told["secret_key"]


@pytest.mark.parametrize("names", [
    ["photo.jpg"], ["identity.json", ".git"], ["identity.json", "package.json"],
])
def test_reset_deletes_nothing_that_is_not_its_own(names: list[str], environ: Mapping[str, str],
                                                   tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("{}")
    code, screen = local(environ, "reset", "--yes", "--data", str(folder))
    assert code == 5
    assert "Nothing was deleted" in screen.noted
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


@pytest.mark.skipif(os.name == "nt", reason="there it stays a child")
def test_in_the_foreground_it_is_the_process_itself(environ: Mapping[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sitepub", "local", "start", "--foreground", "--port", "0", "--json"],
        stdout=subprocess.PIPE, text=True, env=dict(environ))
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["pid"] == process.pid
        assert start(environ) == {**told, "status": "unchanged"}, "one form, wherever it runs"
        assert local(environ, "start", "--foreground")[0] == 5
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def a_project(folder: Path) -> Project:
    return Project(root=folder, file=folder / "serverless.yml", app="a", stage="dev", name="n",
                   source=Source(folder), region="ap-beijing")


def test_local_never_reads_real_credentials(environ: Mapping[str, str], tmp_path: Path) -> None:
    values = {**environ, "TENCENTCLOUD_SECRET_ID": "only-half-a-pair"}
    cloud = connect(a_project(tmp_path), local=True, profile="missing", environ=values)
    running = local_cloud.find(data_folder(values))
    assert isinstance(running, EmbeddedCloud)
    assert cloud.embedded == running.address
    assert (cloud.app_id, cloud.region) == (running.app_id, "ap-beijing")
    assert cloud.credentials == running.credentials
    screen = Screen()
    screen.result(cloud.credentials.secret_key)
    assert cloud.credentials.secret_key not in screen.printed, "hidden from now on"


def test_without_local_the_key_of_the_environment_is_used(environ: Mapping[str, str],
                                                          tmp_path: Path) -> None:
    values = {**environ, "TENCENTCLOUD_SECRET_ID": "AKIDx1x1x1x1x1x1", "TENCENT_APP_ID": "1250000000",
              "TENCENTCLOUD_SECRET_KEY": "k2k2k2k2k2"}
    cloud = connect(a_project(tmp_path), local=False, profile=None, environ=values)
    assert (cloud.app_id, cloud.embedded) == ("1250000000", None)


def test_a_lock_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with (local_process.file_lock(file, patience=0), pytest.raises(Refused),
          local_process.file_lock(file, patience=0.1)):
        raise AssertionError("two hold it")
    with local_process.file_lock(file, patience=0):
        pass


def test_a_folder_that_cannot_be_made_is_told_plainly(environ: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, screen = local(environ, "start", "--data", str(tmp_path / "file" / "below"))
    assert code == 1
    assert "Not a directory" in screen.noted and "This is a bug" not in screen.noted
    with pytest.raises((OSError, SitepubError)):
        local_cloud.start(tmp_path / "file" / "below", CloudOptions(), environ=environ)


@pytest.mark.parametrize(("variable", "argv"), [
    ("SITEPUB_HOME", ("start", "--port", "0")), ("SITEPUB_LOCAL_DATA", ("start", "--port", "0")),
    ("SITEPUB_LOCAL_DATA", ("start", "--foreground"))])
def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(
        environ: Mapping[str, str], tmp_path: Path, variable: str, argv: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file/below"
    code, screen = local({**environ, variable: str(place)}, *argv)
    assert code == 1 and f"cannot write to {place}" in screen.noted
    assert "Set SITEPUB_HOME to a folder that you may write to" in screen.noted
