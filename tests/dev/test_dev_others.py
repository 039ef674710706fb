"""Others at the same site while dev runs: a deploy, a second dev, a removal."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dev.conftest import PAGES
from tests.dev.dev_process import Site, environment, running, until
from tests.e2e.conftest import Sitepub

HOLDER = """\
import sys
from sitepub.publish.locking.lock import Lock
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos.object_store import CosObjectStore
port, app_id, bucket, prefix = sys.argv[1:]
cloud = Cloud(Credentials(*sys.stdin.readline().split()), app_id, "ap-guangzhou", Embedded("127.0.0.1", int(port)))
with Lock(CosObjectStore(cloud, bucket), prefix):
    print("held", flush=True)
    sys.stdin.readline()
"""


def prefix_of(site: Site) -> str:
    return f"{site.name}/dev/{site.name}/"


def state_bucket(site: Site) -> str:
    return f"sitepub-state-ap-guangzhou-{site.cloud.app_id}"


@contextlib.contextmanager
def locked(site: Site) -> Iterator[subprocess.Popen[str]]:
    """Another process deploys the site until the block ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(site.cloud.port), site.cloud.app_id, state_bucket(site), prefix_of(site)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None and holder.stdout is not None
    try:
        holder.stdin.write(f"{site.cloud.secret_id} {site.cloud.secret_key}\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.stdin.write("\n")
        holder.stdin.flush()
        holder.wait(30)
    finally:
        holder.kill()
        holder.communicate()


def seen_by_a_visitor(site: Site, path: str, patience: float = 20.0) -> str:
    host = f"{site.name}-{site.cloud.app_id}.cos-website.ap-guangzhou.localhost:{site.cloud.port}"
    request = urllib.request.Request(f"http://127.0.0.1:{site.cloud.port}/{path}", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=patience) as answer:
        return str(answer.read().decode())


def test_while_another_deploys_dev_waits_and_visitors_do_not(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        site.wait_until_equal()
        before = site.in_bucket()
        with locked(site):
            site.write({"posts/00.html": "saved meanwhile"})
            dev.wait_for_line("waiting, and trying again")
            assert "post 0" in seen_by_a_visitor(site, "posts/00.html"), "who waits for its own turn delays no visitor"
            site.write({"posts/01.html": "saved meanwhile, too", "new.html": "new"})
            (site.published / "posts/02.html").unlink()
            assert site.in_bucket() == before
        site.wait_until_equal()
        assert sum("waiting" in line for line in dev.lines) == 1 and dev.failures == []
        assert any("is deploying this site" in line for line in dev.lines)
        assert "saved meanwhile" in seen_by_a_visitor(site, "posts/00.html")


def test_a_deploy_that_was_killed_holds_dev_up_for_a_moment_only(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        site.wait_until_equal()
        with contextlib.suppress(BrokenPipeError), locked(site) as holder:
            site.write({"posts/00.html": "saved meanwhile"})
            dev.wait_for_line("waiting, and trying again")
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            site.wait_until_equal()
        assert dev.failures == []


def test_two_at_one_site_publish_side_by_side(site: Site, home: Path) -> None:
    with running(site, home) as one, running(site, home) as other:
        for number in range(12):
            site.write({f"posts/{number:02}.html": f"for both {number}"})
            site.wait_until_equal()
        assert one.failures == [] == other.failures
    assert plan(site, home) == "unchanged"


@pytest.mark.parametrize("reported", [False, True], ids=["saved at once", "after dev has said it"])
def test_a_site_that_is_removed_is_published_again_as_a_whole_by_the_next_save(
        site: Site, home: Path, reported: bool) -> None:
    with running(site, home) as dev:
        site.wait_until_equal()
        removed = Sitepub(site.cloud, environment(site.cloud, home))("remove", "--local", "--yes", cwd=site.root)
        assert removed.code == 0 and site.in_bucket() == {}
        if reported:
            dev.wait_for_line("was removed from")
        site.write({"posts/00.html": "saved afterwards"})
        site.wait_until_equal()
        assert dev.failures == [] and sum("create bucket" in line for line in dev.lines) == 2
        dev.wait_for_line("was removed from")
        assert sum("was removed from" in line for line in dev.lines) == 1
    assert plan(site, home) == "unchanged"


def test_what_others_have_in_the_bucket_is_not_replaced_without_a_yes(
        site: Site, make_site: Callable[..., Site], home: Path) -> None:
    run = Sitepub(site.cloud, environment(site.cloud, home))("deploy", "--local", cwd=site.root)
    assert run.code == 0
    mine = make_site(bucketName=site.name)
    mine.write({"index.html": "of another site", "error.html": "e"})
    before = site.in_bucket()
    with running(mine, home, wait=False) as dev:
        until(lambda: dev.failures, "the refusal")
        assert dev.failures[0]["code"] == "ForeignObjects" and "--yes" in dev.failures[0]["hint"]
        assert "index.html" in dev.failures[0]["message"] and site.in_bucket() == before
    with running(mine, home, "--yes"):
        assert site.in_bucket() == before | mine.on_disk()


def test_the_site_of_another_project_is_not_replaced_by_a_save(
        site: Site, make_site: Callable[..., Site], home: Path) -> None:
    with running(site, home):
        before = site.in_bucket()
    twin = make_site()
    twin.name = site.name
    twin.config = site.config
    twin.configure()
    twin.write(dict.fromkeys(PAGES, "of the twin"))
    with running(twin, home, wait=False) as dev:
        until(lambda: dev.failures, "the refusal")
        twin.write({"index.html": "of the twin, saved again"})
        until(lambda: len(dev.failures) > 1, "the second refusal")
        assert {failure["code"] for failure in dev.failures} == {"OtherProject"}
        assert site.in_bucket() == before
    with running(twin, home, "--yes") as dev:
        twin.write({"index.html": "of the twin, for ever"})
        until(lambda: site.in_bucket() == twin.on_disk(), "the site of the twin")
        assert dev.failures == []


def test_of_several_sites_one_has_to_be_named(site: Site, make_site: Callable[..., Site], home: Path) -> None:
    make_site()
    run = Sitepub(site.cloud, environment(site.cloud, home))("dev", "--local", cwd=site.root.parent)
    assert run.code == 2 and "there are 2" in run.err and "--cwd" in run.err
    (site.root / "nothing").mkdir()
    run = Sitepub(site.cloud, environment(site.cloud, home))("dev", "--local", "--json", cwd=site.root / "nothing")
    assert run.code == 2 and "there is no serverless.yml" in run.json["error"]["message"]
    with running(site, home, "--stage", "prod") as dev:
        site.wait_until_equal()
        assert dev.failures == []
    assert plan(site, home, "--stage", "prod") == "unchanged"


def plan(site: Site, home: Path, *options: str) -> str:
    run = Sitepub(site.cloud, environment(site.cloud, home))("plan", "--local", "--json", *options, cwd=site.root)
    assert run.code == 0, run.err
    return str(run.json["status"])
