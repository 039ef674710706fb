"""Visitors of the preview while a whole site changes again and again: no visitor sees half of a publish."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest

from tests.dev.dev_process import Site, running, until

PAGES = [f"p{number:02}.html" for number in range(60)]
KEPT = 3
"""Versions whose hashed assets are kept, as a visitor may fetch a page before a publish and its assets after it."""
BUILD = f"""\
import pathlib, shutil, sys
version = int(pathlib.Path("source/version").read_text())
out = pathlib.Path(sys.argv[1])
shutil.rmtree(out, ignore_errors=True)
out.mkdir()
for number in range(max(0, version - {KEPT - 1}), version + 1):
    (out / f"app.{{number:08x}}.css").write_text(f"/* version {{number}} */")
(out / "site.css").write_text(f"/* version {{version}} */")
for name in ["index.html", "error.html", *(f"p{{number:02}}.html" for number in range({len(PAGES)}))]:
    (out / name).write_text(f"version {{version}} <link href=app.{{version:08x}}.css> {{name}}")
"""
VERSIONS = 5


class Visitor:
    """Goes from one page to the next, and fetches the assets of each. Versions may only rise."""

    def __init__(self, site: Site) -> None:
        self.seen: set[int] = set()
        self.wrong: list[str] = []
        self._host = f"{site.name}-{site.cloud.app_id}.cos-website.ap-guangzhou.localhost:{site.cloud.port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", site.cloud.port, timeout=60)
        self._version = 0

    def get(self, path: str) -> str:
        self._connection.request("GET", f"/{path}", headers={"Host": self._host})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            self.wrong.append(f"{path}: {answer.status}")
            return ""
        return text

    def look_at(self, path: str) -> str:
        """A file that has the same name in every version."""
        text = self.get(path)
        found = re.search(r"version (\d+)", text)
        if found is not None:
            version = int(found[1])
            if version < self._version:
                self.wrong.append(f"{path} is of version {version} after something of version {self._version}")
            self._version = max(self._version, version)
            self.seen.add(version)
        return text

    def stroll(self, end: threading.Event) -> None:
        for path in cycle(PAGES):
            if end.is_set():
                return
            self.look_at("site.css")  # goes live before the pages do
            page = self.look_at(path)
            for asset in re.findall(r"app\.[0-9a-f]+\.css", page):
                style = self.get(asset)
                if style and int(asset.split(".")[1], 16) != int(re.findall(r"\d+", style)[0]):
                    self.wrong.append(f"{asset} holds {style}")


@contextlib.contextmanager
def visited(site: Site) -> Iterator[list[Visitor]]:
    end = threading.Event()
    visitors = [Visitor(site) for _ in range(4)]
    threads = [threading.Thread(target=visitor.stroll, args=(end,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    try:
        yield visitors
    finally:
        end.set()
        for thread in threads:
            thread.join(70)


@pytest.mark.parametrize("how", ["a hook that writes everything anew", "a folder that is exchanged"])
def test_no_visitor_sees_half_of_a_publish(make_site: Callable[..., Site], home: Path, how: str) -> None:
    python = sys.executable.replace("\\", "/")
    hooked = how.startswith("a hook")
    site = make_site(**({"dev": {"watch": "source"}, "src": {
        "src": "./", "hook": f"{python} build.py site", "dist": "./site"}} if hooked else {}))
    (site.root / "build.py").write_text(BUILD)
    site.write({"version": "0"}, "source")
    if not hooked:
        build(site, site.published)
    with running(site, home) as dev:
        site.wait_until_equal()
        with visited(site) as visitors:
            for version in range(1, VERSIONS):
                site.write({"version": str(version)}, "source")
                if not hooked:
                    build(site, site.root / "next")
                    site.published.rename(site.root / "former")
                    (site.root / "next").rename(site.published)
                    shutil.rmtree(site.root / "former")
                until(lambda: all(version in visitor.seen for visitor in visitors),  # noqa: B023
                      f"version {version} seen by all")
        assert [visitor.wrong for visitor in visitors] == [[]] * 4
        assert dev.failures == []


def build(site: Site, out: Path) -> None:
    subprocess.run([sys.executable, "build.py", str(out)], cwd=site.root, check=True)
