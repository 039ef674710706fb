"""Run the real program as a user does: a process of its own, against the embedded cloud of this worker."""

from __future__ import annotations

import functools
import http.client
import json
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sitepub.cli.schemas.outputs import OUTPUTS, output_schema
from tests.conftest import LocalCloud
from tests.program import starting


@dataclass(frozen=True)
class Run:
    """What a run of sitepub left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.out)
        assert isinstance(value, dict), "--json gives one object"
        return value


@dataclass(frozen=True)
class Sitepub:
    """The program, in a home of its own, with ``--local`` meaning ``cloud``."""

    cloud: LocalCloud
    environ: Mapping[str, str]

    def start(self, *arguments: str, cwd: Path, **extra: str) -> subprocess.Popen[str]:
        """Start it, for signals: with an interpreter of its own, which can be interrupted while it loads modules."""
        return subprocess.Popen(
            [sys.executable, "-m", "sitepub", *arguments], cwd=cwd, env={**self.environ, **extra}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )

    def __call__(self, *arguments: str, cwd: Path, **extra: str) -> Run:
        done = Run(*starting.run("sitepub", arguments, cwd=cwd, environ={**self.environ, **extra}, timeout=300))
        if "--json" in arguments and arguments[0] in OUTPUTS and not {"--follow", "-f"} & {*arguments} and done.out:
            keeps_its_word(arguments[0], done.json)
        return done

    def deploy(self, folder: Path, *options: str, **extra: str) -> dict[str, Any]:
        """Deploy, and insist that it worked."""
        run = self("deploy", "--local", "--json", *options, cwd=folder, **extra)
        assert run.code == 0, run.err + run.out
        assert_whole_plan_applied(run.json)
        return run.json


def follows(name: str, report: Mapping[str, Any]) -> None:
    """An answer is as `sitepub schema --output` says."""
    _validator(name).validate(report)


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(output_schema(name))


def keeps_its_word(command: str, report: Mapping[str, Any]) -> None:
    """Every answer in these tests is as its schema says: of one site, of several, a plan before it, an error."""
    if "projects" in report:
        for each in report["projects"]:
            keeps_its_word(command, {"version": 1, "action": command, "next": [], **each})
    elif report.get("status") == "error":
        follows("error", report)
    elif report.get("status") != "planned" and "action" in report and report["action"] == command:
        follows(command, report)


def assert_whole_plan_applied(report: Mapping[str, Any]) -> None:
    """Of a host that is set up or taken down every step of the plan was done, or was found not to be needed."""
    for host in report.get("hosts", ()):
        if host["status"] in ("online", "unchanged", "removed"):
            assert {step["result"] for step in host["steps"]} <= {"done", "not needed"}, host


@dataclass(frozen=True)
class Page:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Visitor:
    """An anonymous visitor: http.client against the website endpoint's name below ``localhost``."""

    cloud: LocalCloud

    def get(self, url: str, path: str = "/", method: str = "GET", **headers: str) -> Page:
        host = urllib.parse.urlsplit(url).netloc
        connection = http.client.HTTPConnection(self.cloud.host, self.cloud.port, timeout=30)
        try:
            connection.request(method, path, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return Page(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@pytest.fixture
def sitepub(local_cloud: LocalCloud, home: Path) -> Sitepub:
    return make_sitepub(local_cloud, home)


def make_sitepub(cloud: LocalCloud, home: Path) -> Sitepub:
    environ = {name: value for name, value in os.environ.items() if name not in {"CI"}}
    environ |= {"SITEPUB_LOCAL_DATA": str(cloud.data), "SITEPUB_HOME": str(home / "sitepub"),
                "HOME": str(home), "npm_config_cache": os.environ.get("npm_config_cache", str(Path.home() / ".npm")),
                "PYTHONIOENCODING": "utf-8"}
    return Sitepub(cloud, environ)


@pytest.fixture
def visitor(local_cloud: LocalCloud) -> Visitor:
    return Visitor(local_cloud)


@dataclass
class Site:
    """A folder with a serverless.yml, to be written by a test."""

    folder: Path
    name: str
    inputs: dict[str, Any] = field(default_factory=dict)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.folder / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def configure(self, **inputs: Any) -> None:
        self.inputs.update(inputs)
        config = {"component": "website", "name": self.name, "inputs": {"src": "./src", **self.inputs}}
        (self.folder / "serverless.yml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")

    def published(self) -> dict[str, bytes]:
        """Path below the web root → content."""
        root = self.folder / "src"
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(tmp_path: Path) -> MakeSite:
    def make(name: str, files: Mapping[str, str | bytes] | None = None, **inputs: Any) -> Site:
        folder = tmp_path / name
        folder.mkdir()
        site = Site(folder, name)
        site.write(files or {"index.html": "<h1>Hello</h1>", "error.html": "<h1>Not here</h1>",
                             "css/site.css": "body{}"})
        site.configure(**inputs)
        return site

    return make
