"""An author at work: a real browser on the local preview of a real ``sitepub dev``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chromium import Page, RunChromium
from tests.dev.dev_process import Site, running

PYTHON = sys.executable.replace("\\", "/")
PAGE = ("<!doctype html><html><head><title>{0}</title><link rel=stylesheet href=/css/site.css></head>"
        "<body><h1>{0}</h1></body></html>")
COLOR = "getComputedStyle(document.querySelector('h1')).color"
FAILURE = "document.querySelector('sitepub-failure')?.shadowRoot.querySelector('pre').textContent"
CONNECTED = "navigator.locks.query().then(found => found.held.length > 0)"


@pytest.fixture(scope="module")
def browser(chromium: RunChromium) -> Iterator[Page]:
    with chromium() as page:
        yield page


def open_page(browser: Page, url: str) -> None:
    browser.open(url)
    browser.evaluate("window.mark = 'still here', 0")
    browser.wait_for(CONNECTED)


def title_is(title: str) -> str:
    return f"document.querySelector('h1').textContent === '{title}'"


def test_pages_reload_and_styles_are_swapped(browser: Page, site: Site, home: Path) -> None:
    site.write({"index.html": PAGE.format("One"), "css/site.css": "h1{color:rgb(1,1,1)}"})
    with running(site, home) as dev:
        open_page(browser, dev.published[0]["url"])
        assert browser.evaluate(COLOR) == "rgb(1, 1, 1)"
        site.write({"css/site.css": "h1{color:rgb(2,2,2)}"})
        browser.wait_for(f"{COLOR} === 'rgb(2, 2, 2)'")
        assert browser.evaluate("window.mark") == "still here"
        site.write({"index.html": PAGE.format("Two")})
        browser.wait_for(title_is("Two"))
        assert browser.evaluate("window.mark") is None
        assert "script" not in (site.published / "index.html").read_text()


def test_a_broken_build_lies_over_the_page_until_it_is_repaired(
        browser: Page, make_site: Callable[..., Site], home: Path) -> None:
    site = make_site(dev={"watch": "source"}, src={"src": "./", "hook": f"{PYTHON} build.py", "dist": "./site"})
    (site.root / "build.py").write_text(
        "import pathlib, sys\n"
        "text = pathlib.Path('source/index.md').read_text()\n"
        "if 'BROKEN' in text: sys.exit('line 7: this cannot be built')\n"
        "pathlib.Path('site').mkdir(exist_ok=True)\n"
        f"pathlib.Path('site/index.html').write_text({PAGE!r}.format(text))\n"
        "pathlib.Path('site/error.html').write_text('e')\n")
    site.write({"index.md": "One"}, "source")
    with running(site, home) as dev:
        open_page(browser, dev.published[0]["url"])
        site.write({"index.md": "BROKEN"}, "source")
        assert "line 7: this cannot be built" in browser.wait_for(FAILURE)
        assert browser.evaluate(title_is("One"))
        # The same as before: nothing is published, and still all is well again.
        site.write({"index.md": "One"}, "source")
        browser.wait_for(f"!({FAILURE})")
        site.write({"index.md": "Two"}, "source")
        browser.wait_for(title_is("Two"))


def test_a_mistake_in_the_configuration_is_seen_in_the_browser_too(browser: Page, site: Site, home: Path) -> None:
    site.write({"index.html": PAGE.format("One")})
    with running(site, home) as dev:
        open_page(browser, dev.published[0]["url"])
        good = (site.root / "serverless.yml").read_text()
        (site.root / "serverless.yml").write_text(good.replace('"bucketName"', '"bucketNam"'))
        assert "serverless.yml:1" in browser.wait_for(FAILURE)
        (site.root / "serverless.yml").write_text(good)
        browser.wait_for(f"!({FAILURE})")
        assert dev.process.poll() is None
