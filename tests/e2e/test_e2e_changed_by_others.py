"""What another tool did to the bucket or to a domain since the last deploy is found, reported and put right."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Site, Sitepub, Visitor

Change = Callable[[CosObjectStore], object]


def delete_all(store: CosObjectStore) -> None:
    store.delete([one.key for one in store.list()])


def other_headers(store: CosObjectStore) -> None:
    time.sleep(1.1)  # a listing tells whole seconds
    store.put("z.txt", b"last", {"Content-Type": "text/x-other"})


CHANGES: dict[str, tuple[Change, str]] = {
    "emptied": (delete_all, "index.html is gone from the bucket"),
    "index deleted": (lambda store: store.delete(["index.html"]), "index.html is gone from the bucket"),
    "index replaced": (lambda store: store.put("index.html", b"other", {"Content-Type": "text/html"}),
                       "index.html was replaced"),
    "another page deleted": (lambda store: store.delete(["about/index.html"]), "about/index.html is gone"),
    "an asset replaced": (lambda store: store.put("css/site.css", b"other", {"Content-Type": "text/css"}),
                          "css/site.css was replaced"),
    "the last key deleted": (lambda store: store.delete(["z.txt"]), "z.txt is gone"),
    "the same content with other headers": (other_headers, "z.txt was written again"),
}


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site("changed-by-others", {"index.html": "home", "about/index.html": "about", "css/site.css": "a{}",
                                "z.txt": "last", "404.html": "lost"})


@pytest.fixture
def bucket(local_cloud: LocalCloud, sitepub: Sitepub, site: Site) -> Iterator[CosObjectStore]:
    """The site's bucket, with the site in it."""
    name = str(sitepub.deploy(site.folder)["bucket"])
    account = Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                    local_cloud.address)
    store = CosObjectStore(account, name)
    yield store
    store.close()


def a_day_later(home: Path) -> None:
    for mark in (home / "sitepub" / "cache" / "checked").iterdir():
        os.utime(mark, (time.time() - 2 * 86400,) * 2)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("planned", [True, False], ids=["planned", "a day later"])
def test_plan_finds_it_and_so_does_a_deploy_after_it_or_of_the_next_day(
    sitepub: Sitepub, site: Site, bucket: CosObjectStore, visitor: Visitor, home: Path, name: str, planned: bool
) -> None:
    change, words = CHANGES[name]
    url = sitepub("info", "--local", "--json", cwd=site.folder).json["url"]
    change(bucket)
    if planned:
        plan = sitepub("plan", "--local", "--json", cwd=site.folder)
        assert plan.json["status"] == "planned" and words in plan.err
    else:
        a_day_later(home)
    deployed = sitepub("deploy", "--local", "--yes", "--json", cwd=site.folder)
    assert deployed.code == 0 and words in deployed.err, deployed.err
    assert visitor.get(url).body == b"home" and visitor.get(url, "/about/").body == b"about"
    assert visitor.get(url, "/z.txt").headers["content-type"].startswith("text/plain")
    assert sitepub("plan", "--local", "--json", cwd=site.folder).json["status"] == "unchanged"


def test_nothing_was_changed_and_nothing_is_said(sitepub: Sitepub, site: Site, bucket: CosObjectStore, home: Path
                                                 ) -> None:
    bucket.put("of-others.txt", b"not the site's", {"Content-Type": "text/plain"})
    plan = sitepub("plan", "--local", "--json", cwd=site.folder)
    assert plan.json["status"] == "unchanged" and "compared" not in plan.err
    a_day_later(home)
    again = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert again.json["changes"]["uploaded"] == 0 and "compared" not in again.err
