"""What happens when things go wrong: failing requests, kills, Ctrl-C, two at once, mistakes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import MakeSite, Run, Site, Sitepub, Visitor, make_sitepub
from tests.e2e.test_e2e_website import objects_in


def many_pages(count: int) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {"index.html": "index", "error.html": "error"}
    for n in range(count):
        files[f"posts/{n}/index.html"] = f"<link rel=stylesheet href=/a/{n}.css>{n}"
        files[f"a/{n}.css"] = f"p{{order:{n}}}"
    return files


def live(visitor: Visitor, url: str, site: Site) -> None:
    """Every file of the site is served as it is in the folder."""
    for name, content in site.published().items():
        page = visitor.get(url, "/" + name)
        assert (page.status, page.body) == (200, content), name


def test_a_fifth_of_all_writes_failing_is_overcome(
    tmp_path: Path, home: Path, make_site: MakeSite
) -> None:
    with running_cloud(tmp_path / "cloud", "--faults", "PUT:503=0.15,PUT:reset=0.05") as cloud:
        site = make_site("faulty", many_pages(60))
        report = make_sitepub(cloud, home).deploy(site.folder)
        assert report["changes"]["uploaded"] == 122
        live(Visitor(cloud), report["url"], site)


@pytest.mark.parametrize("fault", ["PUT:truncate=0.2", "GET:500=0.3", "GET:truncate=0.3", "PUT:500=0.2"])
def test_other_faults_are_overcome_too(tmp_path: Path, home: Path, make_site: MakeSite, fault: str) -> None:
    with running_cloud(tmp_path / "cloud", "--faults", fault) as cloud:
        site = make_site("broken", many_pages(10))
        sitepub = make_sitepub(cloud, home)
        assert sitepub.deploy(site.folder)["changes"]["uploaded"] == 22
        assert sitepub.deploy(site.folder)["changes"]["unchanged"] == 22


def test_a_dead_cloud_fails_and_says_so_and_the_next_run_does_the_rest(
    tmp_path: Path, home: Path, make_site: MakeSite
) -> None:
    data = tmp_path / "cloud"
    site = make_site("half", many_pages(20), releases={"keepAssets": 0})
    with running_cloud(data) as cloud:
        sitepub = make_sitepub(cloud, home)
        sitepub.deploy(site.folder)
        site.write({"index.html": "new index", "a/0.css": "p{}"})
        (site.folder / "src/a/19.css").unlink()
        before = objects_in(cloud, sitepub.deploy(site.folder, "--dry-run")["bucket"])
        switch(cloud, "faults", "PUT:500=1")
        run = sitepub("deploy", "--local", "--json", cwd=site.folder)
        assert run.code in {1, 4}, run.out
        assert run.json["status"] == "error"
        assert objects_in(cloud, run_bucket(sitepub, site)) == before, "nothing was deleted or half written"
        switch(cloud, "faults", "")
        assert sitepub.deploy(site.folder)["changes"]["deleted"] == 1
        live(Visitor(cloud), sitepub.deploy(site.folder)["url"], site)


def run_bucket(sitepub: Sitepub, site: Site) -> str:
    return str(sitepub("info", "--local", "--json", cwd=site.folder).json["bucket"])


def switch(cloud: LocalCloud, what: str, value: str) -> None:
    """Change the cloud's misbehaviour while it runs."""
    connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=60)
    connection.request("POST", f"/-/{what}", value, cloud.allowed)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("after", [0.0, 0.05, 0.15, 0.4])
def test_killed_in_the_middle_and_run_again_ends_the_same(
    tmp_path: Path, home: Path, make_site: MakeSite, after: float
) -> None:
    with running_cloud(tmp_path / "slow", "--latency", "15") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("killed", many_pages(300))
        url = sitepub.deploy(site.folder)["url"]
        for n in range(0, 300, 2):
            site.write({f"a/{n}.css": f"p{{z-index:{n}}}", f"posts/{n}/index.html": f"second {n}"})
        for n in range(290, 300):
            (site.folder / f"src/posts/{n}/index.html").unlink()
        site.configure(headers=[{"files": "posts/1*/**", "set": {"Cache-Control": "max-age=5"}}])
        count_anew(cloud)
        process = sitepub.start("deploy", "--local", "--json", cwd=site.folder)
        wait_for_writes(cloud)
        time.sleep(after)  # where in the middle it dies is what the parameter varies
        process.send_signal(signal.SIGKILL)
        process.communicate()
        switch(cloud, "latency", "0")
        report = sitepub.deploy(site.folder)
        assert report["status"] == "ok"
        visitor = Visitor(cloud)
        live(visitor, url, site)
        assert visitor.get(url, "/posts/295/index.html").status == 404
        assert visitor.get(url, "/posts/12/index.html").headers["cache-control"] == "max-age=5"
        assert sitepub.deploy(site.folder, "--verify")["changes"] == {
            "uploaded": 0, "copied": 0, "headers": 0, "deleted": 0, "unchanged": len(site.published())}


def count_anew(cloud: LocalCloud) -> None:
    """Before what is counted begins: it may have ended before a busy computer lets the test go on."""
    switch(cloud, "requests/reset", "")


def wait_for_writes(cloud: LocalCloud, count: int = 10) -> None:
    """Until the cloud has seen ``count`` PUTs since :func:`count_anew`."""
    connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=60)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection.request("GET", "/-/requests", headers=cloud.allowed)
        if json.loads(connection.getresponse().read())["methods"].get("PUT", 0) >= count:
            connection.close()
            return
        time.sleep(0.005)
    pytest.fail("the deploy never wrote anything")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to one process is POSIX")
def test_ctrl_c_ends_with_130_and_the_next_run_continues(
    tmp_path: Path, home: Path, make_site: MakeSite
) -> None:
    with running_cloud(tmp_path / "slow", "--latency", "30") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("stopped", many_pages(1500))
        count_anew(cloud)
        process = sitepub.start("deploy", "--local", "--json", cwd=site.folder)
        wait_for_writes(cloud, 400)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        assert "Traceback" not in err
        switch(cloud, "latency", "0")
        report = sitepub.deploy(site.folder)
        assert 0 < report["changes"]["uploaded"] < 3002, "what was done was kept"
        live(Visitor(cloud), report["url"], site)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is POSIX")
def test_two_deploys_at_once_do_not_mix(tmp_path: Path, home: Path, make_site: MakeSite) -> None:
    with running_cloud(tmp_path / "slow", "--latency", "20") as cloud:
        sitepub = make_sitepub(cloud, home)
        site = make_site("twice", many_pages(1500))
        count_anew(cloud)
        first = sitepub.start("deploy", "--local", "--json", cwd=site.folder)
        wait_for_writes(cloud)
        os.kill(first.pid, signal.SIGSTOP)
        try:
            second = sitepub("deploy", "--local", "--json", cwd=site.folder)
        finally:
            os.kill(first.pid, signal.SIGCONT)
        assert second.code == 5, second.out
        assert "is deploying this site" in second.json["error"]["message"].lower()
        out, _ = first.communicate(timeout=120)
        assert first.returncode == 0, out


def fails(run: Run, code: int) -> dict[str, Any]:
    assert run.code == code, run.out + run.err
    assert "Traceback" not in run.err
    error = run.json["error"]
    assert isinstance(error, dict)
    assert set(error) >= {"code", "message", "hint", "file", "line", "column", "request_id"}
    return error


def test_every_mistake_in_the_file_is_told_at_once(sitepub: Sitepub, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "component: website\nname: blog\ninputs:\n  src:\n    src: ./src\n    indx: home.html\n"
        "  region: ap-guangzou!\n  protocl: https\n  env:\n    A: ${env:NO_SUCH_THING}\n")
    run = sitepub("deploy", "--local", cwd=tmp_path)
    assert run.code == 2
    for place in ("serverless.yml:6:5", "serverless.yml:7:", "serverless.yml:8:3", "serverless.yml:10:8"):
        assert place in run.err, run.err
    assert "index" in run.err
    assert "protocol" in run.err
    error = fails(sitepub("deploy", "--local", "--json", cwd=tmp_path), 2)
    assert error["line"] is not None


@pytest.mark.parametrize(("files", "inputs", "word"), [
    ({"a.html": "x"}, {}, "index.html"),
    ({"index.html": "x"}, {"src": {"src": "./nowhere"}}, "nowhere"),
    ({"index.html": "x"}, {"src": {"src": "./src", "hook": "exit 0"}}, "dist"),
    ({"index.html": "x", "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"}, {}, "id_rsa"),
])
def test_a_bad_folder_is_refused_before_anything_is_sent(
    sitepub: Sitepub, make_site: MakeSite, files: dict[str, str], inputs: dict[str, object], word: str
) -> None:
    site = make_site("bad", files, **inputs)
    error = fails(sitepub("deploy", "--local", "--json", cwd=site.folder), 2)
    assert word in f"{error['message']} {error['hint']}"
    assert fails(sitepub("info", "--local", "--json", cwd=site.folder), 1 if not inputs or word == "nowhere" else 2)


def test_a_failing_hook_shows_what_it_said(sitepub: Sitepub, make_site: MakeSite) -> None:
    hook = (f'"{sys.executable}" -c "import sys; print(\'half way\');'
            ' print(\'no such theme\', file=sys.stderr); sys.exit(3)"')
    site = make_site("hooked", None, src={"src": "./src", "hook": hook, "dist": "./out"})
    run = sitepub("deploy", "--local", cwd=site.folder)
    assert run.code == 1
    for words in ("half way", "no such theme", "3"):
        assert words in run.err
    error = fails(sitepub("deploy", "--local", "--json", cwd=site.folder), 1)
    line = (site.folder / "serverless.yml").read_text(encoding="utf-8").splitlines()[error["line"] - 1]
    assert error["file"].endswith("serverless.yml") and line[error["column"] - 1:].startswith(json.dumps(hook))


def test_without_credentials_the_real_cloud_is_refused_with_what_to_do(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("nobody")
    error = fails(sitepub("deploy", "--json", cwd=site.folder), 3)
    hint = str(error["hint"])
    assert "sitepub login" in hint
    assert "--local" in hint


def test_a_folder_without_a_project_says_so(sitepub: Sitepub, tmp_path: Path) -> None:
    error = fails(sitepub("deploy", "--local", "--json", cwd=tmp_path), 2)
    assert "serverless.yml" in str(error["message"])


def test_children_of_a_parent_folder_are_deployed_each_with_its_own_result(
    sitepub: Sitepub, make_site: MakeSite, tmp_path: Path
) -> None:
    make_site("b-good")
    make_site("a-bad", None, src="./nowhere")
    make_site("c-good")
    refused = sitepub("deploy", "--local", cwd=tmp_path)
    assert refused.code == 5 and "--yes" in refused.err, refused.err
    for line in ("a-bad: a-bad, stage dev", "b-good: b-good, stage dev", "(a-bad, b-good, c-good)"):
        assert line in refused.err
    assert sitepub("info", "--local", cwd=tmp_path / "b-good").code == 1, "nothing was deployed"
    assert sitepub("deploy", "--local", "--dry-run", cwd=tmp_path / "b-good").code == 0
    assert fails(sitepub("deploy", "--local", "--json", cwd=tmp_path), 5)["code"] == "NotConfirmed"
    run = sitepub("deploy", "--local", "--json", "--yes", cwd=tmp_path)
    assert run.code == 4
    projects = run.json["projects"]
    assert [(p["name"], p["status"]) for p in projects] == [("a-bad", "error"), ("b-good", "ok"), ("c-good", "ok")]
