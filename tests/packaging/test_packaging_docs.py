"""The docs as a website: built from a clone, published by sitepub itself, looked at by a browser and link by link."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest

from tests.chromium import RunChromium
from tests.conftest import LocalCloud
from tests.e2e.conftest import Visitor, make_sitepub
from tests.packaging.clone import checkout
from tests.starters.built import InstallPackages


@dataclass(frozen=True)
class Published:
    url: str
    visitor: Visitor
    pages: list[str]
    """Paths of the HTML files."""

    def get(self, path: str) -> bytes | None:
        answer = self.visitor.get(self.url, path)
        if answer.status in (301, 302) and "location" in answer.headers:
            return self.get(urllib.parse.urlsplit(answer.headers["location"]).path)
        return answer.body if answer.status == 200 else None


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory, local_cloud: LocalCloud, npm_packages: InstallPackages
         ) -> Iterator[Published]:
    place = tmp_path_factory.mktemp("docs")
    home = place / "home"
    home.mkdir()
    folder = checkout(place / "clone") / "docs"
    npm_packages("docs", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        report = make_sitepub(local_cloud, home).deploy(folder, "--yes")
    built = folder / ".vitepress" / "dist"
    pages = [f"/{page.relative_to(built).as_posix()}" for page in sorted(built.rglob("*.html"))]
    yield Published(report["url"], Visitor(local_cloud), pages)


class Links(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.decode(errors="replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        for name in ("href", "src"):
            if tag in ("a", "img", "script", "link") and (found := given.get(name)):
                self.links.append(found)


def test_every_link_and_anchor_of_the_docs_leads_somewhere(docs: Published) -> None:
    assert {"/index.html", "/docs/commands.html", "/docs/zh/windows.html", "/CHANGELOG.html"} <= {*docs.pages}
    read: dict[str, Links | None] = {}

    def page(path: str) -> Links | None:
        if path not in read:
            found = docs.get(path)
            read[path] = Links(found) if found is not None else None
        return read[path]

    broken: list[str] = []
    checked = 0
    for name in docs.pages:
        found = page(urllib.parse.quote(name))
        assert found is not None, name
        for link in found.links:
            target = urllib.parse.urlsplit(urllib.parse.urljoin(urllib.parse.quote(name), link))
            if target.scheme or target.netloc or "/LICENSE" in target.path or name == "/404.html":
                continue
            checked += 1
            there = page(target.path)
            if there is None or (target.fragment and target.fragment != "app"
                                 and urllib.parse.unquote(target.fragment) not in there.ids):
                broken.append(f"{name}: {link}")
    assert checked > 1000
    assert not broken


def test_programs_find_every_page(docs: Published) -> None:
    listed = docs.get("/llms.txt")
    assert listed is not None
    named = {f"/{path}" for path in re.findall(r"\]\(([^)]+)\)", listed.decode())}
    assert named == {page for page in docs.pages if page.startswith("/docs/") and "/zh/" not in page}


def test_a_browser_shows_the_docs_in_both_languages(docs: Published, local_cloud: LocalCloud,
                                                    chromium: RunChromium) -> None:
    with chromium(f"--host-resolver-rules=MAP *.localhost {local_cloud.host}") as page:
        page.open(f"{docs.url}/docs/commands")
        assert page.evaluate("document.querySelector('h1').innerText").startswith("Commands")
        # Hydrated: the page's own scripts run, and found all that they wanted.
        page.wait_for("document.querySelector('#app').__vue_app__ !== undefined")
        loaded = page.evaluate("performance.getEntriesByType('resource').map(e => [e.responseStatus, e.name])")
        assert len(loaded) > 3
        assert [each for each in loaded if each[0] >= 400 or not each[1].startswith(docs.url)] == []
        page.open(f"{docs.url}/docs/zh/windows")
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        assert "Windows" in page.evaluate("document.querySelector('h1').innerText")
