"""Many pages at once, in processes side by side: the same findings, flat memory, an end with Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sitepub.check.addresses import parse
from sitepub.check.check import check, pages_of
from sitepub.check.findings import Kind
from sitepub.check.reading import css, feeds, html
from sitepub.check.reading.positions import places_of
from sitepub.check.reading.srcset import addresses_in
from sitepub.check.site import Site
from sitepub.check.work import workers
from tests.amount import times
from tests.check.small_site import checked, snapshot_of

NAV = "".join(f'<li><a href="/cat/{number}/" class="link">{number}</a></li>' for number in range(30))


def page(number: int, pages: int) -> str:
    body = "".join(f'<h2 id="h{part}-{number}"><a href="#h{part}-{number}">#</a></h2><p>{"text " * 60}'
                   f'<a href="/post/{(number + part * 7) % pages}/#h1-{(number + part * 7) % pages}">x</a>'
                   f'<img src="/img/{part}.png" srcset="/img/{part}.png 1x, /img/{part}@2.png 2x"></p>'
                   for part in range(12))
    fault = '<a href="/nowhere/">' if number % 50 == 0 else ""
    return f'<!DOCTYPE html><html><link rel=stylesheet href=/a.css><body><ul>{NAV}</ul>{body}{fault}</body></html>'


def large_site(folder: Path, pages: int) -> Path:
    for name in (*(f"cat/{number}/index.html" for number in range(30)), "index.html", "404.html", "a.css"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<p>" if name.endswith("html") else "", encoding="utf-8")
    (folder / "img").mkdir(exist_ok=True)
    for number in range(12):
        (folder / f"img/{number}.png").write_bytes(b"1")
        (folder / f"img/{number}@2.png").write_bytes(b"1")
    for number in range(pages):
        path = folder / f"post/{number}"
        path.mkdir(parents=True, exist_ok=True)
        (path / "index.html").write_text(page(number, pages), encoding="utf-8")
    return folder


_MEASURE = """
import resource, sys, time
from pathlib import Path
from tests.check.test_check_large import check_folder
started = time.monotonic()
checked = check_folder(Path(sys.argv[1]))
own, theirs = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(checked.pages, len(checked.findings), checked.findings[0].count, time.monotonic() - started, own, theirs)
"""


def check_folder(folder: Path) -> object:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    from sitepub.site.content_types import content_type
    from sitepub.site.snapshot import SiteFile, Snapshot

    snapshot = Snapshot({key: SiteFile(key, path.stat().st_size, "", {"Content-Type": content_type(key)}, "", path)
                         for key, path in files.items()}, folder)
    return check(Site(keys={file.key: file.size for file in snapshot}, pages=pages_of(snapshot)), snapshot)


def test_memory_does_not_grow_with_the_pages(tmp_path: Path) -> None:
    """Each measured in a process of its own; in a long run 10,000 pages, within the 20 seconds that are promised."""
    few, many = 900, times(2700, quick=1800, long=10_000)
    measured = []
    for pages in (few, many):
        folder = large_site(tmp_path / str(pages), pages)
        ended = subprocess.run([sys.executable, "-c",
        _MEASURE, str(folder)], capture_output=True, text=True, check=True)
        read, findings, count, seconds, own, theirs = map(float, ended.stdout.split())
        assert (read, findings, count) == (pages + 32, 1, len(range(0, pages, 50)))
        measured.append((own, theirs))
        assert seconds < 20 or many < 10_000 or os.getloadavg()[0] > 3
    per_page = (measured[1][0] - measured[0][0]) / (many - few)
    assert per_page < 8, f"kB of the parent for each page: {measured}"
    assert measured[1][1] - measured[0][1] < 15_000, f"kB of the largest child: {measured}"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_ctrl_c_ends_it_and_leaves_no_process(tmp_path: Path) -> None:
    folder = large_site(tmp_path / "src", 4000)
    (tmp_path / "serverless.yml").write_text("component: website\nname: large\ninputs:\n  src: ./src\n",
    encoding="utf-8")
    environ = {**os.environ, "SITEPUB_HOME": str(tmp_path / "home")}
    process = subprocess.Popen([sys.executable, "-m", "sitepub", "check", "--offline"], cwd=tmp_path, env=environ,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    mark = "sitepub.check.work.worker"
    until = time.monotonic() + 60
    while not _children(process.pid, mark) and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    children = _children(process.pid, mark)
    assert children, "the workers have started"
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in err, err
    assert time.monotonic() - started < 5
    until = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [child for child in children if Path(f"/proc/{child}/cmdline").exists()
                and mark in Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8")]
    assert folder.is_dir()


def _children(parent: int, mark: str) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            if ppid == parent and mark in (place / "cmdline").read_text(encoding="utf-8"):
                found.append(int(place.name))
        except (OSError, ValueError):
            continue
    return found


def test_a_module_of_the_checked_project_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sitepub", "msgspec", "selectolax"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('loaded')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = checked(tmp_path / "site", {"index.html": '<a href="/nowhere">'}, processes=1).findings
    assert [one.kind for one in found] == [Kind.LINK]


def test_a_worker_that_is_killed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sitepub.errors import SitepubError

    ask = workers._Worker.ask

    def killed(self: workers._Worker, site: bytes, batch: list[object]) -> object:
        self.process.kill()
        return ask(self, site, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(workers._Worker, "ask", killed)
    with pytest.raises(SitepubError, match="has ended"):
        checked(tmp_path, {"index.html": "<p>"}, processes=1)


HOSTILE = ["<div>" * 200_000, "<a href=" * 100_000, '<a href="' + "/.." * 300_000 + '">',
"<" * 500_000, "<!--" * 100_000,
           '<img srcset="' + "a, " * 40_000 + '">', '<img srcset="' + "(" * 400_000 + '">',
           "<style>" + "url(" * 40_000,
           "<style>" + "/*" * 200_000, "<style>" + "@import '" * 40_000, '<style>a{b:url("' + "\\" * 300_000,
           "<svg>" * 19_000, '<p style="' + "image-set(" * 50_000 + '">', "<a href='#" + "%" * 300_000 + "'>",
           "&#x41;" * 100_000, "<template>" * 10_000, "\0" * 300_000, '<base href="' + "a/" * 200_000 + '"><a href=x>']


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_pages_take_a_moment(tmp_path: Path, text: str) -> None:
    started = time.process_time()
    checked(tmp_path, {"index.html": text, "a.css": text.removeprefix("<style>"), "robots.txt": text, "x.xml": text,
                       "sitemap.txt": "https://" + text})
    assert time.process_time() - started < 10


def test_the_readers_take_any_text() -> None:
    snippet = '<a href="x"><img srcset="a 1x"><style>@import "a"; b{c:url(d)}</style><urlset><url><loc>a</loc></url>'
    for end in range(len(snippet)):
        text = snippet[:end]
        html.read(text)
        list(css.references_in(text))
        list(addresses_in(text))
        feeds.in_xml(text.encode())
        parse(text)
        places_of(snippet, text, 3)


def test_a_page_that_is_too_deep_is_named(tmp_path: Path) -> None:
    assert [one.partition(":")[0] for one in checked(tmp_path, {"deep.html": "<div>" * 30_000}).unread] == ["deep.html"]
    assert snapshot_of(tmp_path, {"a.html": ""}).files
