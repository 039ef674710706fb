"""Damaged files of the embedded cloud: said as that, with what to do, and nothing deleted by itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sitepub.embedded import cloud as local_cloud
from tests.conftest import running_cloud
from tests.e2e.conftest import Sitepub, make_sitepub
from tests.terminal.screen import sitepub

RESET = "`sitepub local reset` deletes everything in the embedded cloud"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a site in it, and a project beside it; to be copied."""
    top = tmp_path_factory.mktemp("whole")
    site = top / "site"
    site.mkdir()
    (site / "serverless.yml").write_text("component: website\nname: damaged\ninputs: {src: ./src}\n")
    (site / "src").mkdir()
    (site / "src" / "index.html").write_text("<h1>Hello</h1>")
    (site / "src" / "film.bin").write_bytes(os.urandom(300_000))
    with running_cloud(top / "data") as cloud:
        make_sitepub(cloud, top / "home").deploy(site)
    return top


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole / "data", tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def environ(data: Path, home: Path) -> Iterator[Mapping[str, str]]:
    values = {**os.environ, "SITEPUB_LOCAL_DATA": str(data), "HOME": str(home)}
    yield values
    local_cloud.stop(data, environ=values)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def overwrite(file: Path) -> None:
    file.write_bytes(b"not what it was\n" * 400)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def folder(file: Path) -> None:
    if file.is_dir():
        shutil.rmtree(file)
    else:
        file.unlink(missing_ok=True)
    file.mkdir()
    (file / "precious").write_text("x")


def a_file(place: Path) -> None:
    shutil.rmtree(place)
    place.write_text("", encoding="utf-8")


def missing(file: Path) -> None:
    file.unlink()


def wrong_types(file: Path) -> None:
    file.write_text('{"account": 3, "other_account": [], "temporary": null}', encoding="utf-8")


def wrong_rows(file: Path) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("INSERT INTO resources (collection, name, value) VALUES ('cdn-domain', 'a.example', ?)",
                           (b'{"host": 3}',))
    connection.close()


DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    *((name, damage) for name in ("cloud.sqlite3", "access-log.sqlite3", "services.sqlite3")
      for damage in (cut, overwrite, folder)),
    ("cloud.sqlite3", empty), ("cloud.sqlite3", missing), ("services.sqlite3", wrong_rows),
    *(("identity.json", damage) for damage in (cut, overwrite, empty, folder, wrong_types)),
    ("ca.pem", overwrite), ("ca.key", empty), ("ca.pem", folder), ("ca-issuing.pem", cut),
    ("content", a_file), ("lock", folder), ("cloud.json", folder), ("server.log", folder),
]


def everything(data: Path) -> dict[str, bytes]:
    """What was there, but for the journals and logs of the run itself."""
    return {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm")) and path.name not in ("server.log", "lock")}


@pytest.mark.parametrize(("name", "damage"), DAMAGES, ids=lambda value: getattr(value, "__name__", value))
def test_a_damaged_file_is_named_with_what_to_do_and_stays(
        environ: Mapping[str, str], data: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(data / name)
    before = everything(data)
    code, screen = sitepub("local", "start", environ=environ)
    assert code == 1, screen.noted
    assert "This is a bug" not in screen.noted and "Traceback" not in screen.noted
    assert f"{data / name} is damaged" in screen.noted
    assert RESET in screen.noted
    after = everything(data)
    assert {key: after.get(key) for key in before} == before, "nothing was deleted or changed"
    code, screen = sitepub("local", "reset", "--yes", environ=environ)
    assert code == 0, screen.noted
    assert not data.exists()


def deploying(data: Path, home: Path, whole: Path, tmp_path: Path, *, change: bool = True) -> tuple[Sitepub, Path]:
    site = tmp_path / "site"
    shutil.copytree(whole / "site", site, ignore=shutil.ignore_patterns(".git"))
    if change:
        (site / "src" / "new.html").write_text("<h1>New</h1>")
    environ = {**os.environ, "SITEPUB_LOCAL_DATA": str(data), "SITEPUB_HOME": str(home / "sitepub"), "HOME": str(home)}
    from tests.conftest import LocalCloud

    nothing = LocalCloud("http://127.0.0.1:0", "", "", "", "", data, 0)
    return Sitepub(nothing, environ), site


def spoil_pages(data: Path, table: str) -> None:
    """Overwrite the pages of a table: SQLite opens the file and finds out when it reads them."""
    connection = sqlite3.connect(data / "cloud.sqlite3")
    page, size = connection.execute("SELECT rootpage FROM sqlite_master WHERE name=?", (table,)).fetchone()[0], 4096
    connection.close()
    with (data / "cloud.sqlite3").open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xa5" * size)


@pytest.mark.parametrize("table", ["bodies", "objects", "configurations"])
def test_a_database_that_turns_out_to_be_damaged_is_said_by_the_command_that_meets_it(
        data: Path, home: Path, whole: Path, tmp_path: Path, environ: Mapping[str, str], table: str) -> None:
    assert environ["SITEPUB_LOCAL_DATA"] == str(data)
    spoil_pages(data, table)
    sitepub_, site = deploying(data, home, whole, tmp_path)
    run = sitepub_("deploy", "--local", cwd=site)
    assert run.code == 1, run.err + run.out
    assert "damaged" in run.err and RESET in run.err, run.err
    assert "This is a bug" not in run.err and "Traceback" not in run.err


def test_content_that_is_missing_is_said_to_who_reads_it(environ: Mapping[str, str], data: Path) -> None:
    shutil.rmtree(data / "content")
    (data / "content").mkdir()
    assert sitepub("local", "start", "--port", "0", environ=environ)[0] == 0
    running = local_cloud.find(data)
    assert running is not None
    import urllib.error
    import urllib.request

    request = urllib.request.Request(f"{running.address.endpoint}/film.bin", headers={
        "Host": f"damaged-dev-{running.app_id}.cos-website.ap-guangzhou.localhost"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
    assert caught.value.code == 400 and b"an object's content is missing" in caught.value.read()


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_is_said_as_that(home: Path, whole: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], check=False,
                      capture_output=True).returncode:
        pytest.skip("no mounts here")
    data = small / "data"
    try:
        sitepub_, site = deploying(data, home, whole, tmp_path)
        (site / "src" / "huge.bin").write_bytes(os.urandom(5_000_000))
        run = sitepub_("deploy", "--local", cwd=site)
        assert run.code in (1, 4), run.err
        assert "the disk is full" in run.err and "This is a bug" not in run.err
        assert RESET not in run.err
        local_cloud.stop(data, environ=sitepub_.environ)
        (small / "filler").write_bytes(b"x" * max(0, os.statvfs(small).f_bavail * os.statvfs(small).f_frsize))
        run = sitepub_("deploy", "--local", cwd=site)
        assert (run.code == 1 and "full" in run.err.lower()) or "No space left" in run.err, run.err
    finally:
        local_cloud.stop(data, environ={"SITEPUB_HOME": str(home / "sitepub")})
        subprocess.run(["umount", "-l", str(small)], check=False)
