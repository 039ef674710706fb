"""Pictures from Chromium: a plan, the page of visits, and a failed Hexo build over the page that is open."""

from __future__ import annotations

import base64
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sitepub.actions.init import init
from sitepub.logs.report import report
from sitepub.logs.stats import Stats
from sitepub.logs.visit import Visit
from tests.chromium import Page, run_chromium
from tests.conftest import running_cloud
from tests.dev.dev_process import Site, running
from tests.starters.built import install

WIDTH, HEIGHT = 1100, 720
FAILURE = "document.querySelector('sitepub-failure')?.shadowRoot.querySelector('pre').textContent"
PATHS = ("/", "/", "/", "/2026/11/start-here/", "/2026/11/start-here/", "/about/", "/archives/", "/tags/hexo/",
         "/css/style.css", "/images/lantern.svg", "/atom.xml", "/old-post/", "/favicon.ico")


def shot(page: Page, file: Path, height: int = HEIGHT) -> None:
    """WebP, because a page of text is a third of a PNG."""
    page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height, deviceScaleFactor=1, mobile=False)
    time.sleep(0.3)
    found = page.call("Page.captureScreenshot", format="webp", quality=82)
    file.write_bytes(base64.b64decode(found["data"]))


def plan(page: Page, terminal: Path, file: Path) -> None:
    """The first command of the terminal's picture."""
    page.open(terminal.as_uri())
    page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=False)
    page.evaluate("document.documentElement.setAttribute('viewBox', "
                  "'0 0 ' + document.documentElement.viewBox.baseVal.width + ' 335'), 0")
    shot(page, file, WIDTH * 335 // int(page.evaluate("document.documentElement.viewBox.baseVal.width")))


def visits(page: Page, folder: Path, file: Path) -> None:
    """A day of a blog. The figures are random, the page is what ``sitepub logs --stats --html`` writes."""
    rand = random.Random(7)
    start = datetime(2026, 11, 20, 0, tzinfo=UTC)
    stats = Stats(since=start, until=start + timedelta(hours=24))
    for minute in range(24 * 60):
        busy = 1 + 5 * max(0.0, 1 - abs(minute / 60 - 14) / 9)
        for _ in range(rand.randrange(round(busy) + 1)):
            path = rand.choice(PATHS)
            status = 404 if path in ("/old-post/", "/favicon.ico") else 304 if rand.random() < 0.2 else 200
            size = 0 if status == 304 else rand.randrange(2_000, 40_000)
            stats.add(Visit(start + timedelta(minutes=minute), status, "GET", "blog.example.com", path,
                            bytes=size, seconds=rand.uniform(0.004, 0.05),
                            cache="hit" if rand.random() < 0.8 else "miss", client="192.0.2.7", id=str(rand.random()),
                            referer=rand.choice(("", "", "https://search.example/", "https://forum.example/t/12"))))
    text = report(stats, title="my-blog (prod)", source="the CDN's topic in CLS", made=start + timedelta(hours=24))
    written = folder / "visits.html"
    written.write_text(text, encoding="utf-8")
    page.open(written.as_uri())
    shot(page, file)


def failed_build(page: Page, folder: Path, file: Path) -> None:
    """Hexo cannot read a post; the page that was open stays, and says so."""
    blog = init("hexo-starter", None, folder=folder / "my-blog", here=folder).folder
    install("hexo-starter", blog)
    home = folder / "home"
    home.mkdir()
    with running_cloud(folder / "cloud" / "data") as cloud:
        site = Site(blog, cloud, "my-blog", blog / "public")
        with running(site, home) as dev:
            page.open(dev.published[0]["url"])
            post = blog / "source" / "_posts" / "start-here.md"
            text = post.read_text(encoding="utf-8")
            post.write_text(text.replace("---\n", "---\ntags: [hexo\n", 1), encoding="utf-8")
            page.wait_for(FAILURE)
            shot(page, file)
            post.write_text(text, encoding="utf-8")


def make(folder: Path, pictures: Path) -> None:
    with run_chromium("--hide-scrollbars") as page:
        plan(page, pictures / "terminal.svg", pictures / "plan.webp")
        visits(page, folder, pictures / "visits.webp")
        failed_build(page, folder, pictures / "failed-build.webp")
