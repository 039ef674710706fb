"""Previews through the program itself: deployed from a branch, looked at, listed, expired, pruned, removed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sitepub.actions.previews import removing
from sitepub.errors import CloudError
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_settings import regions_of_buckets
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor

PAGES = {"index.html": "<link rel=stylesheet href=/css/a.css><h1>live</h1>", "error.html": "no",
         "css/a.css": "h1{color:red}", "robots.txt": "User-agent: *\nAllow: /\n"}
WHO = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c"}


@pytest.fixture
def account(local_cloud: LocalCloud) -> Cloud:
    return Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                 local_cloud.address)


@pytest.fixture
def states(account: Cloud) -> Iterator[CosObjectStore]:
    store = CosObjectStore(account, f"sitepub-state-{account.region}-{account.app_id}")
    yield store
    store.close()


def git(site: Site, *words: str) -> None:
    subprocess.run(["git", *words], cwd=site.folder, env={**WHO, "HOME": str(site.folder), "PATH": "/usr/bin:/bin"},
                   check=True, capture_output=True)


def repository(site: Site) -> None:
    git(site, "init", "-q", "-b", "main")
    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "one")


def left_of(account: Cloud, states: CosObjectStore, site: Site) -> list[str]:
    """Buckets and states that remain of the previews of a site."""
    prefix = f"{site.name}/dev/{site.name}/previews/"
    live = f"{site.name}-dev-{account.app_id}"
    return [*(one for one in regions_of_buckets(account) if one.startswith(f"{site.name}-") and one != live),
            *(one.key for one in states.list(prefix))]


def test_a_preview_from_its_first_deploy_to_its_end(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor, account: Cloud, states: CosObjectStore
) -> None:
    site = make_site("pv-story", PAGES)
    repository(site)
    live = sitepub.deploy(site.folder)
    git(site, "checkout", "-q", "-b", "feature/New-Look")
    site.write({"index.html": PAGES["index.html"].replace("live", "new")})
    shown = sitepub.deploy(site.folder, "--preview")
    assert shown["preview"]["name"] == "feature-new-look" and shown["preview"]["branch"] == "feature/New-Look"
    assert shown["bucket"] != live["bucket"] and shown["url"] != live["url"]
    assert b"<h1>new" in visitor.get(shown["url"]).body and b"<h1>live" in visitor.get(live["url"]).body
    assert visitor.get(shown["url"], "/css/a.css").body == b"h1{color:red}", "links from the root work"
    assert visitor.get(shown["url"], "/robots.txt").body == b"User-agent: *\nDisallow: /\n"
    assert visitor.get(live["url"], "/robots.txt").body == PAGES["robots.txt"].encode()
    releases = sitepub("releases", "--local", "--json", cwd=site.folder).json
    assert releases["total"] == 1, "a preview is no release of the site"
    assert len(sitepub("stages", "--local", "--json", cwd=site.folder).json["stages"]) == 1

    [one] = sitepub("previews", "--local", "--json", cwd=site.folder).json["previews"]
    assert one["url"] == shown["url"] and one["branch"] == "feature/New-Look" and not one["expired"]
    assert "feature-new-look" in sitepub("previews", "list", "--local", cwd=site.folder).out
    short = sitepub.deploy(site.folder, "--preview", "short", "--expires", "1s")
    assert short["previews_removed"] == []
    time.sleep(1.1)
    again = sitepub.deploy(site.folder, "--stage", "dev", "--no-build")
    assert again["previews_removed"] == ["short"] and b"<h1>new" in visitor.get(live["url"]).body
    assert visitor.get(short["url"]).status == 404

    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "two")
    sitepub.deploy(site.folder, "--preview")
    git(site, "checkout", "-q", "main")
    assert sitepub("previews", "prune", "--local", "--json", cwd=site.folder).json["previews"] == []
    git(site, "merge", "-q", "--ff-only", "feature/New-Look")
    refused = sitepub("previews", "prune", "--local", cwd=site.folder)
    assert refused.code == 5 and "was merged into main" in refused.out
    git(site, "branch", "-q", "-D", "feature/New-Look")
    dry = sitepub("previews", "prune", "--local", "--json", "--dry-run", cwd=site.folder).json
    assert "was deleted" in dry["previews"][0]["why"] and dry["removed"] == []
    gone = sitepub("previews", "prune", "--local", "--json", "--yes", cwd=site.folder).json
    assert [each["name"] for each in gone["removed"]] == ["feature-new-look"]
    assert left_of(account, states, site) == []
    assert b"<h1>new" in visitor.get(live["url"]).body


def test_one_is_removed_by_its_name_and_all_go_with_their_site(
    sitepub: Sitepub, make_site: MakeSite, account: Cloud, states: CosObjectStore
) -> None:
    site = make_site("pv-removed", PAGES)
    sitepub.deploy(site.folder)
    first = sitepub.deploy(site.folder, "--preview", "one")
    sitepub.deploy(site.folder, "--preview", "Two/2")
    store = CosObjectStore(account, first["bucket"])
    store.put("theirs.txt", b"mine", {})
    removed = sitepub("preview", "remove", "one", "--local", "--json", "--yes", cwd=site.folder)
    assert removed.code == 0, removed.err
    [left] = removed.json["removed"][0]["left"]
    assert [one["key"] for one in left["objects"]] == ["theirs.txt"], "what sitepub did not make stays"
    assert [one.key for one in store.list()] == ["theirs.txt"]
    store.delete(["theirs.txt"])
    store.close()
    unknown = sitepub("previews", "remove", "one", "--local", "--yes", cwd=site.folder)
    assert unknown.code == 1 and "no preview one" in unknown.err
    refused = sitepub("remove", "--local", cwd=site.folder)
    assert refused.code == 5 and "the preview two-2" in refused.err
    whole = sitepub("remove", "--local", "--json", "--yes", cwd=site.folder)
    assert whole.code == 0 and whole.json["previews"] == ["two-2"], whole.err
    assert left_of(account, states, site) == [first["bucket"]]


def test_what_is_wrong_with_a_preview_is_said_before_anything_is_done(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("pv-wrong", PAGES)
    for words, code, said in (
            (["--preview"], 2, "no git branch"), (["--preview", "!"], 2, "cannot be called"),
            (["--expires", "3d"], 2, "belongs to --preview"),
            (["--preview", "a", "--expires", "31d"], 2, "30 d at most"),
            (["--preview", "a", "--expires", "soon"], 2, "a time like 7 d")):
        run = sitepub("deploy", "--local", *words, cwd=site.folder)
        assert (run.code, said in run.err) == (code, True), run.err
    assert sitepub("previews", "--local", "--json", cwd=site.folder).json["previews"] == []


def test_a_branch_of_a_fresh_or_partial_clone_is_not_taken_for_deleted(
    sitepub: Sitepub, make_site: MakeSite, tmp_path: Path
) -> None:
    """A CI system has one branch only; and a colleague's branch may never have been pushed."""
    site = make_site("pv-clones", PAGES)
    repository(site)
    git(site, "checkout", "-q", "-b", "mine")
    (site.folder / "more.txt").write_text("1")
    git(site, "add", "-A")
    git(site, "commit", "-q", "-m", "mine alone")
    sitepub.deploy(site.folder, "--preview")
    git(site, "checkout", "-q", "main")
    for number, options in enumerate((["--depth", "1", "--no-local"], ["--single-branch", "--no-local"])):
        clone = tmp_path / f"clone{number}"
        subprocess.run(["git", "clone", "-q", "-b", "main", *options, f"file://{site.folder}", str(clone)], check=True,
                       capture_output=True)
        pruned = sitepub("previews", "prune", "--local", "--json", "--yes", cwd=clone)
        assert pruned.code == 0 and pruned.json["previews"] == [], pruned.out
    shutil.rmtree(site.folder / ".git")
    run = sitepub("previews", "prune", "--local", "--json", "--yes", cwd=site.folder)
    assert run.json["previews"] == [] and "not known here" in run.err


def test_a_promoted_preview_is_the_site_with_its_own_robots_txt(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    site = make_site("pv-promoted", PAGES, env={"API": "https://${stage}.example.com"})
    live = sitepub.deploy(site.folder)["url"]
    site.write({"index.html": "<h1>new</h1>", "robots.txt": "User-agent: *\nAllow: /new\n", "b.css": "b{}"})
    shown = sitepub.deploy(site.folder, "--preview", "new")["url"]
    dry = sitepub("promote", "--preview", "new", "--dry-run", "--local", "--json", cwd=site.folder)
    assert dry.code == 0 and {one["key"] for one in dry.json["steps"]} == {"index.html", "robots.txt", "b.css"}
    done = sitepub("promote", "--preview", "new", "--local", "--json", cwd=site.folder)
    assert done.code == 0, done.err
    assert done.json["changes"]["copied"] == 2 and done.json["changes"]["uploaded"] == 1, "robots.txt was held back"
    assert done.json["of"].startswith("preview new:")
    for path, content in site.published().items():
        assert visitor.get(live, f"/{path}").body == content
    assert sitepub("plan", "--local", "--json", cwd=site.folder).json["status"] == "unchanged"
    assert b"Disallow: /" in visitor.get(shown, "/robots.txt").body, "the preview stays as it is"

    elsewhere = sitepub("promote", "--preview", "new", "--to", "testing", "--local", "--json", cwd=site.folder)
    assert elsewhere.code == 5 and "env.API" in elsewhere.json["error"]["message"], "a build may hold it"
    allowed = sitepub("promote", "--preview", "new", "--to", "testing", "--local", "--json", "--yes", cwd=site.folder)
    assert allowed.code == 0 and visitor.get(allowed.json["url"]).body == b"<h1>new</h1>"
    assert sitepub("rollback", "--local", "--json", cwd=site.folder).code == 0
    assert b"<h1>live" in visitor.get(live).body

    for words, code, said in ((["--preview", "other"], 1, "no preview other"), ([], 2, "a stage or a preview"),
                              (["testing", "--preview", "new"], 2, "cannot be promoted together")):
        run = sitepub("promote", *words, "--local", cwd=site.folder)
        assert (run.code, said in run.err) == (code, True), run.err


def test_an_expired_preview_that_cannot_be_removed_is_a_warning(
    sitepub: Sitepub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site("pv-stays", PAGES)
    sitepub.deploy(site.folder)
    sitepub.deploy(site.folder, "--preview", "old", "--expires", "1s")
    time.sleep(1.1)

    def fails(*_given: object, **_more: object) -> None:
        raise CloudError("the cloud has a bad day", status=500)

    with monkeypatch.context() as patch:
        patch.setattr(removing, "remove", fails)
        report = sitepub.deploy(site.folder)
        run = sitepub("previews", "prune", "--local", cwd=site.folder)
    assert report["previews_removed"] == [] and report["status"] == "ok"
    assert any("old has expired and could not be removed: the cloud has a bad day" in one for one in report["warnings"])
    assert run.code == 4 and "bad day" in run.err
    assert sitepub.deploy(site.folder)["previews_removed"] == ["old"], "the next deploy tries again"
