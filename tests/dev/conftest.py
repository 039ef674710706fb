"""Sites for dev."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import LocalCloud
from tests.dev.dev_process import Site

PAGES = {"index.html": "<h1>Hello</h1>", "error.html": "<h1>Not here</h1>", "css/site.css": "body{}",
         **{f"posts/{number:02}.html": f"<p>post {number}</p>" for number in range(40)}}


@pytest.fixture
def make_site(tmp_path: Path, local_cloud: LocalCloud) -> Callable[..., Site]:
    def make(cloud: LocalCloud | None = None, published: str = "site", **inputs: object) -> Site:
        name = f"dev-{uuid.uuid4().hex[:8]}"
        root = tmp_path / name
        root.mkdir()
        site = Site(root, cloud or local_cloud, name, root / published)
        site.configure(**{"src": f"./{published}", "bucketName": name, **inputs})
        return site

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A folder of pages that is published as it is."""
    made = make_site()
    made.write(PAGES)
    return made
