"""Another tool writes the same content again, with other headers: `--verify` sees it, and puts them right."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Sitepub
from tests.local.cos.sdk import connected


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> Any:
    return connected(local_cloud)


@pytest.mark.parametrize("wait", [0.0, 1.1])  # LastModified has whole seconds
def test_other_headers_on_the_same_content_are_found_and_put_right(
        sitepub: Sitepub, make_site: MakeSite, client: Any, wait: float) -> None:
    large = b"x" * 200_000
    site = make_site(f"rewritten{int(wait)}", {"index.html": "<h1>hello</h1>", "app.css": "a{}", "same.txt": "same",
                                   "big.js": large, "kept.txt": "kept"})
    bucket = sitepub.deploy(site.folder)["bucket"]
    before = client.head_object(Bucket=bucket, Key="same.txt")
    time.sleep(wait)
    for key, content in (("app.css", b"a{}"), ("index.html", b"<h1>hello</h1>"), ("big.js", large)):
        client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/x-other", CacheControl="no-store",
                          ContentDisposition="attachment")
    client.put_object(Bucket=bucket, Key="same.txt", Body=b"same", ContentType=before["Content-Type"],
                      CacheControl=before["Cache-Control"])
    plan = sitepub("plan", "--local", "--verify", cwd=site.folder).out
    for key in ("app.css", "index.html", "big.js"):
        assert key in plan, plan
    assert "same.txt" not in plan and "kept.txt" not in plan, "what has the right headers is left alone"
    sitepub.deploy(site.folder, "--verify")
    for key in ("app.css", "index.html", "big.js"):
        head = client.head_object(Bucket=bucket, Key=key)
        assert head["Content-Type"] != "text/x-other" and "Content-Disposition" not in head
    assert "Nothing to do" in sitepub("plan", "--local", "--verify", cwd=site.folder).out
