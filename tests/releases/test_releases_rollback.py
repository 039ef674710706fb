"""Going back and forward, and what differs, through the program itself."""

from __future__ import annotations

import json
import random
import sys
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.actions.releases.difference import compare
from sitepub.publish.states.manifest import Entry
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor


def release(sitepub: Sitepub, site: Site, files: Mapping[str, str | bytes | None], **inputs: Any) -> str:
    """Deploy with these files changed (``None``: deleted); the id of the release."""
    for name, content in files.items():
        if content is None:
            (site.folder / "src" / name).unlink()
        else:
            site.write({name: content})
    if inputs:
        site.configure(**inputs)
    return str(sitepub.deploy(site.folder, "--allow-delete")["release"])


def seen(visitor: Visitor, url: str, *paths: str) -> dict[str, tuple[int, bytes]]:
    pages = {path: visitor.get(url, f"/{path}") for path in paths}
    return {path: (page.status, page.body) for path, page in pages.items()}


def test_back_forward_and_further_back(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("rel-back", {"index.html": "one", "css/site.css": "1", "old.html": "old"})
    one = sitepub.deploy(site.folder)
    two = release(sitepub, site, {"index.html": "two", "css/site.css": "2", "old.html": None, "new.html": "new"})
    three = release(sitepub, site, {"index.html": "three"})
    url = one["url"]
    back = sitepub("rollback", "--local", "--json", cwd=site.folder).json
    assert (back["of"], back["bytes"]) == (two, 0)
    assert seen(visitor, url, "index.html") == {"index.html": (200, b"two")}
    further = sitepub("rollback", "--local", "--json", "--allow-delete", cwd=site.folder).json
    assert further["of"] == one["release"]
    pages = seen(visitor, url, "index.html", "old.html", "new.html", "css/site.css")
    assert pages["index.html"] == (200, b"one") and pages["old.html"] == (200, b"old")
    assert pages["new.html"][0] == 404 and pages["css/site.css"] == (200, b"1")
    forward = sitepub("rollback", three, "--local", "--json", "--allow-delete", cwd=site.folder).json
    assert forward["of"] == three and seen(visitor, url, "index.html")["index.html"] == (200, b"three")
    plan = sitepub("plan", "--local", "--json", "--verify", cwd=site.folder).json
    assert plan["status"] == "unchanged", "the folder is release three, and so is the bucket"
    listed = sitepub("releases", "--local", "--json", cwd=site.folder).json["releases"]
    assert len(listed) == 6 and listed[0]["of"] == three and listed[0]["live"] is True


def test_headers_and_website_settings_come_back(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("rel-settings", {"index.html": "home", "start.html": "start", "lost.html": "lost"})
    site.configure(headers=[{"files": "*.html", "set": {"Cache-Control": "max-age=7"}}])
    one = sitepub.deploy(site.folder)
    site.configure(src={"src": "./src", "index": "start.html"},
                   headers=[{"files": "*.html", "set": {"Cache-Control": "max-age=9"}}])
    sitepub.deploy(site.folder)
    assert visitor.get(one["url"]).body == b"start"
    back = sitepub("rollback", one["release"], "--local", "--json", cwd=site.folder)
    assert back.code == 0, back.err
    page = visitor.get(one["url"])
    assert (page.body, page.headers["cache-control"]) == (b"home", "max-age=7")


def test_a_dry_run_changes_nothing(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("rel-dry", {"index.html": "one"})
    one = sitepub.deploy(site.folder)
    release(sitepub, site, {"index.html": "two"})
    planned = sitepub("rollback", "--dry-run", "--local", "--json", cwd=site.folder).json
    assert planned["of"] == one["release"] and planned["status"] == "planned"
    assert visitor.get(one["url"]).body == b"two"
    assert len(sitepub("releases", "--local", "--json", cwd=site.folder).json["releases"]) == 2


def test_names_guards_and_refusals(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("rel-named", {"index.html": "one", **{f"{number}.html": "x" for number in range(30)}})
    sitepub.deploy(site.folder)
    assert sitepub("rollback", "--local", cwd=site.folder).code == 1, "there is nothing before the first release"
    sitepub("mark", "live", "stable", "--local", cwd=site.folder)
    small = release(sitepub, site, {f"{number}.html": None for number in range(30)})
    assert sitepub("rollback", "stable", "--local", "--json", cwd=site.folder).code == 0
    refused = sitepub("rollback", small, "--local", cwd=site.folder)
    assert refused.code == 5 and "--allow-delete" in refused.err
    assert sitepub("rollback", "20200101T000000Z-000000", "--local", cwd=site.folder).code == 1
    same = sitepub("rollback", "live", "--local", "--json", cwd=site.folder).json
    assert same["changes"]["uploaded"] == same["changes"]["copied"] == 0


def test_going_back_to_what_is_live_asks_little(sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud) -> None:
    site = make_site("rel-same", {"index.html": "one"})
    id = sitepub.deploy(site.folder)["release"]

    def requests(*, reset: bool = False) -> int:
        request = urllib.request.Request(f"{local_cloud.endpoint}/-/requests{'/reset' if reset else ''}",
                                         headers=local_cloud.allowed, method="POST" if reset else "GET")
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
        return 0 if reset else sum(json.loads(body)["methods"].values())

    requests(reset=True)
    assert sitepub("rollback", id, "--local", "--json", cwd=site.folder).json["changes"]["copied"] == 0
    assert requests() <= 4  # the last one: is that release the newest, or is the state an old copy?


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_anywhere_the_next_one_ends_it(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("rel-kill", {"index.html": "one", **{f"{number}.html": f"one {number}" for number in range(200)}})
    one = sitepub.deploy(site.folder)
    two = release(sitepub, site, {"index.html": "two", **{f"{number}.html": f"two {number}" for number in range(200)}})
    for target, word in ((one["release"], b"one"), (two, b"two")):
        process = sitepub.start("rollback", target, "--local", cwd=site.folder)
        time.sleep(random.uniform(0.2, 1.5))
        process.kill()
        process.communicate(timeout=60)
        done = sitepub("rollback", target, "--local", "--json", cwd=site.folder)
        assert done.code == 0, done.err
        assert all(visitor.get(one["url"], f"/{number}.html").body.startswith(word) for number in range(0, 200, 9))
        assert visitor.get(one["url"]).body == word


def test_what_differs(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("rel-differs", {"index.html": "one\nsame\n", "gone.html": "gone", "pic.bin": b"\x00\x01",
                                 "same.txt": "s"})
    one = sitepub.deploy(site.folder)["release"]
    two = release(sitepub, site, {"index.html": "two\nsame\n", "gone.html": None, "new.html": "new",
                                  "pic.bin": b"\x00\x02"})
    found = sitepub("diff", one, two, "--patch", "--local", "--json", cwd=site.folder).json
    changes = {change["key"]: change for change in found["changes"]}
    assert {key: change["change"] for key, change in changes.items()} == {
        "index.html": "content", "gone.html": "removed", "new.html": "added", "pic.bin": "content"}
    assert "-one\n+two\n same" in changes["index.html"]["patch"]
    assert "-gone" in changes["gone.html"]["patch"] and "+new" in changes["new.html"]["patch"]
    assert changes["pic.bin"]["patch"] == "(no text)"
    site.write({"index.html": "three\nsame\n"})
    folder = sitepub("diff", "-p", "--local", cwd=site.folder)
    assert "~ index.html" in folder.out and "-two" in folder.out and "+three" in folder.out
    against_live = sitepub("diff", one, "--local", "--json", cwd=site.folder).json
    assert {change["key"] for change in against_live["changes"]} == set(changes)
    assert sitepub("diff", two, "--local", "--json", cwd=site.folder).json["changes"] == []


entries = st.builds(Entry, st.sampled_from(["a" * 32, "b" * 32]), st.integers(0, 2), st.sampled_from(["h", "i"]))
manifests = st.dictionaries(st.sampled_from(list("abcdef")), entries)


@given(manifests, manifests)
def test_compare_finds_what_differs_and_no_more(before: dict[str, Entry], after: dict[str, Entry]) -> None:
    found = {one.key: one for one in compare(before, after)}
    assert list(found) == sorted(found)
    for key in before.keys() | after.keys():
        assert (key in found) == (before.get(key) != after.get(key))
    for one in found.values():
        assert (one.before, one.after) == (before.get(one.key), after.get(one.key))
        assert (one.kind == "added") == (one.before is None) and (one.kind == "removed") == (one.after is None)


