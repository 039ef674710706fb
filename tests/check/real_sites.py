"""Sites that real tools build, and a judge of them that shares nothing with the check: Python's own HTML parser, and
what the embedded website endpoint answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from sitepub.actions.checking.check import checked
from sitepub.actions.checking.report import Report
from sitepub.config.load import load_project
from sitepub.site.folder import publish_folder
from sitepub.site.scan import scan
from tests.e2e.conftest import Visitor
from tests.starters.built import _lock, npm

STORE = Path(tempfile.gettempdir()) / f"sitepub-test-tools-{getattr(os, 'getuid', lambda: 0)()}"
CONFIG = "component: website\nname: real\ninputs:\n  src: {hook: \"true\", dist: %s, error: 404.html}\n"
_ATTRIBUTES = ("href", "src", "poster")
_PASSED_OVER = ("dns-prefetch", "preconnect", "canonical")


def python_tools(name: str, *requirements: str) -> Mapping[str, str]:
    """An environment with programs from PyPI, installed once for all tests."""
    place = STORE / name
    STORE.mkdir(mode=0o700, exist_ok=True)
    with _lock(STORE / f"{name}.lock"):
        if not place.is_dir():
            fresh = Path(tempfile.mkdtemp(dir=STORE))
            run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", str(fresh),
                 *requirements], STORE)
            fresh.rename(place)
    return {**os.environ, "PYTHONPATH": str(place), "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def npm_tools(name: str, *packages: str) -> Path:
    """A folder with node_modules, installed once for all tests."""
    place = STORE / name
    STORE.mkdir(mode=0o700, exist_ok=True)
    with _lock(STORE / f"{name}.lock"):
        if not place.is_dir():
            fresh = Path(tempfile.mkdtemp(dir=STORE))
            wanted = {"private": True, "dependencies": dict.fromkeys(packages, "*")}
            (fresh / "package.json").write_text(json.dumps(wanted), encoding="utf-8")
            run([npm(), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], fresh)
            fresh.rename(place)
    return place


def run(command: list[str], folder: Path, environ: Mapping[str, str] | None = None) -> str:
    program = shutil.which(command[0], path=(environ or os.environ).get("PATH"))
    assert program is not None, command[0]
    ended = subprocess.run([program, *command[1:]], cwd=folder, env=environ, stdin=subprocess.DEVNULL, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=600, check=False)
    assert ended.returncode == 0, f"{command}: {ended.stdout}"
    return ended.stdout


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def report_of(folder: Path, dist: str) -> Report:
    """What is found in what was built there."""
    file = folder / "serverless.yml"
    if not file.exists():
        file.write_text(CONFIG % dist, encoding="utf-8")
    project = load_project(file, stage=None, inputs=(), environ={})
    return checked(project, scan(project, publish_folder(project), environ={}), None)


def found(report: Report) -> set[tuple[str, str]]:
    return {(one.finding.kind.value, one.finding.target) for one in report.findings}


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within_template = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within_template += tag == "template"
        values = dict(attrs)
        if self._within_template or tag == "base" or any(
                one in (values.get("rel") or "").lower().split() for one in _PASSED_OVER):
            return
        self.found += [value for name in _ATTRIBUTES if (value := values.get(name))]

    def handle_endtag(self, tag: str) -> None:
        self._within_template -= tag == "template"


def addresses(root: Path) -> Iterator[str]:
    """Paths within the site that its pages name, percent-encoded."""
    seen = set()
    for page in sorted(root.rglob("*.html")):
        parser = _Addresses()
        parser.feed(page.read_text(encoding="utf-8", errors="replace"))
        name = page.relative_to(root).as_posix()
        base = "http://site/" + quote(name.removesuffix("index.html") if name.endswith("/index.html") or
                                      name == "index.html" else name)
        for value in parser.found:
            try:
                parts = urlsplit(urljoin(base, value.strip()))
            except ValueError:
                continue
            if parts.scheme == "http" and parts.netloc == "site" and "{{" not in value:
                seen.add(quote(unquote(parts.path)))
    yield from sorted(seen)


def judged(visitor: Visitor, url: str, root: Path, report: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """(What answers 404 and was not found, what was found and answers otherwise)."""
    kinds = ("link", "image", "script", "style", "file", "case", "slash")
    claimed = {quote(one["target"]) for one in report["findings"] if one["kind"] in kinds}
    broken = {path for path in addresses(root) if visitor.get(url, path).status == 404}
    invented = {path for path in claimed if visitor.get(url, path).status != 404}
    return broken - claimed, invented
