"""One cloud and zone for all tests of shares; the program runs in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sitepub.cli.main import run
from tests.conftest import LocalCloud, running_cloud
from tests.domains.account import Account
from tests.e2e.conftest import Page, keeps_its_word, make_sitepub
from tests.e2e.test_e2e_domains import Guest
from tests.edgeone_zone import made_zone
from tests.terminal.screen import Screen

ZONE = "shared-out.com"


def agent(number: int) -> str:
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{number}.0.0.0 Safari/537.36"


@dataclass
class SharedSite:
    """A site with slots whose pages and files say which version they are of."""

    cloud: LocalCloud
    environ: Mapping[str, str]
    folder: Path
    host: str

    def write(self, version: int) -> None:
        """With file names that stay, and one that has a hash."""
        for old in (self.folder / "src").glob("app.*.js"):
            old.unlink()
        for name, content in {
            "index.html": f'<link rel=stylesheet href=/style.css><script src=/app.{version:08x}.js></script>{version}',
            "docs/index.html": f"docs {version}", "404.html": f"none {version}",
            "style.css": f"body{{--version:{version}}}", f"app.{version:08x}.js": f"version={version}",
        }.items():
            path = self.folder / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def configure(self, **inputs: Any) -> None:
        (self.folder / "serverless.yml").write_text(json.dumps({
            "component": "website", "name": self.folder.name, "inputs": {
                "src": {"src": "./src"}, "region": "ap-guangzhou", "protocol": "http",
                "hosts": [{"host": self.host, "edge": "edgeone"}], **inputs}}), encoding="utf-8")

    def run(self, *arguments: str, code: int = 0, tty: bool = False, typed: str = "") -> Screen:
        screen = Screen(environ=self.environ, tty=tty, typed=typed)
        json_ = () if tty else ("--json",)
        found = run([*arguments, "--local", *json_, "--cwd", str(self.folder)], screen)
        assert found == code, screen.noted + screen.printed
        if not tty:
            keeps_its_word(arguments[0], json.loads(screen.printed))
        return screen

    def do(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        answer = json.loads(self.run(*arguments, code=code).printed)
        assert isinstance(answer, dict)
        return answer

    def refused(self, *arguments: str) -> str:
        """The code of the refusal."""
        return str(self.do(*arguments, code=5)["error"]["code"])

    def get(self, path: str = "/", number: int = 1, **headers: str) -> Page:
        kind = {"Accept": "text/html", "Sec-Fetch-Dest": "document"} if path.endswith("/") or "?" in path else {
            "Accept": "*/*", "Sec-Fetch-Dest": "script"}
        return Guest(self.cloud).get(f"http://{self.host}", path, **{"User-Agent": agent(number), **kind, **headers})

    def version(self, number: int = 1, **headers: str) -> int:
        """Which version a visitor gets: its page, with all of its files."""
        page = self.get("/", number, **headers).body.decode()
        version = int(page.rpartition(">")[2])
        assert self.get("/style.css", number, **headers).body.decode() == f"body{{--version:{version}}}"
        assert self.get(f"/app.{version:08x}.js", number, **headers).body.decode() == f"version={version}"
        return version

    def versions(self, visitors: int = 16) -> set[int]:
        return {self.version(number) for number in range(visitors)}


@pytest.fixture(scope="package")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("shares") / "data", "--pace", "0") as cloud:
        account = Account(cloud)
        account.zone(ZONE)
        made_zone(account.sdk, ZONE)
        yield cloud


def make(cloud: LocalCloud, folder: Path, name: str, **inputs: Any) -> SharedSite:
    site = SharedSite(cloud, {**make_sitepub(cloud, folder).environ, "COLUMNS": "120"}, folder / name, f"{name}.{ZONE}")
    site.folder.mkdir()
    site.configure(releases={"slots": 2}, **inputs)
    site.write(1)
    return site

