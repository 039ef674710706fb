"""``sitepub dev`` on a folder that is published as it is: whatever happens, the bucket ends equal to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import running_cloud
from tests.dev.dev_process import Site, browser, running, until


def test_what_is_saved_moved_and_deleted_goes_live(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        site.write({"posts/00.html": "changed", "posts/new.html": "new"})
        site.wait_until_equal()
        (site.published / "posts/01.html").unlink()
        site.wait_until_equal()
        (site.published / "posts").rename(site.published / "articles")
        site.wait_until_equal()
        site.write({"articles/02.html": "changed after the folder was renamed", "deep/er/still.html": "x"})
        site.wait_until_equal()
        shutil.rmtree(site.published / "deep")
        site.wait_until_equal()
        assert dev.failures == []


def test_atomic_saves_as_vim_does_them(site: Site, home: Path) -> None:
    page = site.published / "posts/00.html"
    with running(site, home) as dev:
        for number in range(5):
            swap, backup = page.with_name(".00.html.swp"), page.with_name("00.html~")
            swap.write_bytes(b"b0VIM")
            (page.parent / "4913").touch()
            (page.parent / "4913").unlink()
            page.rename(backup)
            page.write_text(f"from vim {number}")
            backup.unlink()
            swap.unlink()
            site.wait_until_equal()
        deleted = [key for event in dev.published for key in event["changed"] if event["changes"]["deleted"]]
        assert deleted == [], "a save is never a deletion"


def test_atomic_saves_as_other_editors_do_them(site: Site, home: Path) -> None:
    page = site.published / "posts/00.html"
    with running(site, home) as dev:
        # VS Code writes in place; with atomic saves, and many tools, a new file is renamed over the old one.
        page.write_text("in place")
        site.wait_until_equal()
        beside = page.with_name("00.html.tmp.123")
        beside.write_text("renamed over")
        beside.replace(page)
        site.wait_until_equal()
        # JetBrains: write beside, move the old one away, move the new one in.
        new, old = page.with_name("00.html___jb_tmp___"), page.with_name("00.html___jb_old___")
        new.write_text("from an IDE")
        page.rename(old)
        new.rename(page)
        old.unlink()
        site.wait_until_equal()
        assert {key for event in dev.published[1:] for key in event["changed"]} == {"posts/00.html"}


def test_a_storm_of_thousands_of_events(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        for number in range(5000):
            path = site.published / f"storm/{number % 50:02}/{number % 700:03}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            if number % 7 == 3 and path.exists():
                path.unlink()
            else:
                path.write_text(f"storm {number}")
        site.write({"posts/00.html": "after the storm"})
        site.wait_until_equal()
        assert dev.process.poll() is None


def test_a_checkout_of_another_branch(site: Site, home: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words], cwd=site.root,
                       check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "other")
    shutil.rmtree(site.published / "css")
    (site.published / "posts/03.html").rename(site.published / "posts/moved.html")
    site.write({f"posts/{number:02}.html": "of the other branch" for number in range(10, 20)})
    site.write({f"more/{number:03}.html": f"more {number}" for number in range(2000)})
    git("add", ".")
    git("commit", "-qm", "two")
    with running(site, home, "--allow-delete") as dev:
        for branch in ("main", "other", "main"):
            git("checkout", "-q", branch)
            site.wait_until_equal()
        assert dev.failures == [] and len(dev.published) <= 1 + 3 * 4, "few publishes for thousands of files"


def test_the_folder_taken_away_and_made_anew(site: Site, home: Path) -> None:
    with running(site, home):
        aside = site.root / "aside"
        site.published.rename(aside)
        site.write({"index.html": "another site", "error.html": "e",
                    **{f"posts/{number:02}.html": "anew" for number in range(30)}})
        site.wait_until_equal()
        site.write({"posts/00.html": "still watched"})
        site.wait_until_equal()
        shutil.rmtree(site.published)
        aside.rename(site.published)
        site.wait_until_equal()


def test_a_mistake_in_the_configuration_is_shown_and_its_repair_counts(site: Site, home: Path) -> None:
    with running(site, home) as dev, browser(site) as seen:
        good = (site.root / "serverless.yml").read_text()
        (site.root / "serverless.yml").write_text(good.replace('"bucketName"', '"bucketNam"'))
        until(lambda: dev.failures, "the mistake")
        assert "bucketNam" in dev.failures[0]["message"] and dev.failures[0]["line"] == 1
        site.write({"posts/00.html": "work goes on"})
        site.wait_until_equal()
        until(lambda: [one["event"] for one in seen] == ["state", "failed", "publishing", "published", "failed"]
              or [one["event"] for one in seen] == ["state", "failed", "published", "failed"], "it is still shown")
        assert "bucketNam" in seen[-1]["message"]
        site.configure(src={"src": "./site", "exclude": ["posts/*5.html"]})
        until(lambda: "posts/05.html" not in site.in_bucket(), "the new configuration")
        assert "posts/04.html" in site.in_bucket()
        (site.root / ".sitepubignore").write_text("css/\n")
        until(lambda: "css/site.css" not in site.in_bucket(), "the ignore file")
        (site.root / ".sitepubignore").unlink()
        site.configure(src="./site")
        site.wait_until_equal()
        assert len(dev.failures) == 1


def test_a_folder_without_its_index_keeps_the_last_good_site(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        (site.published / "index.html").rename(site.root / "kept")
        until(lambda: dev.failures, "the failure")
        assert dev.failures[0]["code"] == "MissingIndex" and "index.html" in site.in_bucket()
        (site.root / "kept").rename(site.published / "index.html")
        site.write({"posts/00.html": "x"})
        site.wait_until_equal()


def test_deleting_most_of_a_site_is_refused_here_too(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        shutil.rmtree(site.published / "posts")
        until(lambda: dev.failures, "the refusal")
        assert dev.failures[0]["code"] == "MassDeletion" and "posts/00.html" in site.in_bucket()


def test_the_embedded_cloud_stopped_and_started_again(
        make_site: Callable[..., Site], tmp_path: Path, home: Path) -> None:
    data = tmp_path / "own-cloud"
    with contextlib.ExitStack() as stack:
        with running_cloud(data) as cloud:
            site = make_site(cloud)
            site.write({"index.html": "1", "error.html": "e", "a.html": "a"})
            dev = stack.enter_context(running(site, home))
        site.write({"index.html": "saved while it was away", "b.html": "new"})
        dev.wait_for_line("waiting")
        site.cloud = stack.enter_context(running_cloud(data))
        site.wait_until_equal()
        site.write({"a.html": "and afterwards"})
        site.wait_until_equal()
        assert dev.failures == []
        assert dev.end() == 130


def test_polling_sees_the_same(site: Site, home: Path) -> None:
    with running(site, home, "--poll"):
        site.write({"posts/00.html": "changed", "new/page.html": "new"})
        (site.published / "posts/01.html").unlink()
        site.wait_until_equal()
        (site.published / "posts").rename(site.published / "articles")
        site.wait_until_equal()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_links_within_the_folder_follow_what_they_lead_to(site: Site, home: Path) -> None:
    (site.published / "blog").symlink_to("posts", target_is_directory=True)
    with running(site, home):
        site.write({"posts/00.html": "changed under two names"})
        until(lambda: site.in_bucket().get("blog/00.html") == site.on_disk()["posts/00.html"], "both names")


def test_custom_domains_are_left_to_deploy_and_that_is_said(site: Site, home: Path) -> None:
    host = f"www.{site.name}.com"
    site.configure(hosts=[{"host": host}])
    with running(site, home) as dev:
        dev.wait_for_line("left to `sitepub deploy`")
        [line] = [line for line in dev.lines if "left to `sitepub deploy`" in line]
        assert line.startswith(host) and f"create {host} on the CDN" in line
        site.write({"posts/00.html": "changed"})
        site.wait_until_equal()
        assert sum("left to" in line for line in dev.lines) == 1 and dev.failures == []


def test_it_ends_at_once_leaves_one_release_and_no_lock(site: Site, home: Path) -> None:
    with running(site, home) as dev:
        for number in range(3):
            site.write({"posts/00.html": f"{number}"})
            site.wait_until_equal()
        assert dev.end() == 130
    environ = dict(os.environ, SITEPUB_LOCAL_DATA=str(site.cloud.data), SITEPUB_HOME=str(home / "sitepub"))
    plan = subprocess.run([sys.executable, "-m", "sitepub", "plan", "--local", "--json"], cwd=site.root, env=environ,
                          capture_output=True, text=True, check=True)
    assert '"status": "unchanged"' in plan.stdout
    state_bucket = Site(site.root, site.cloud, "sitepub-state-ap-guangzhou", site.published).in_bucket()
    ours = [key.partition(f"{site.name}/dev/{site.name}/")[2] for key in state_bucket if f"/{site.name}/" in key]
    assert {key.partition("/")[0] for key in ours} == {"releases", "shards", "state.json.gz"}
