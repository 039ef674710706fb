"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from email.utils import formatdate
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions.doctor import clock_skew, examine
from tests.conftest import LocalCloud
from tests.terminal.screen import Screen, sitepub


@pytest.fixture
def environ(home: Path, local_cloud: LocalCloud) -> Mapping[str, str]:
    del home
    return {**os.environ, "SITEPUB_LOCAL_DATA": str(local_cloud.data)}


def doctor(environ: Mapping[str, str], folder: Path, *argv: str
           ) -> tuple[int, dict[str, dict[str, Any]], Screen]:
    code, screen = sitepub("doctor", "--json", "--cwd", str(folder), *argv, environ=environ)
    return code, {check["name"]: check for check in screen.object["checks"]}, screen


def test_on_the_embedded_cloud_all_is_well(environ: Mapping[str, str], local_cloud: LocalCloud,
                                           tmp_path: Path) -> None:
    code, checks, screen = doctor(environ, tmp_path, "--local")
    assert code == 0, screen.printed
    assert screen.object["status"] == "ok"
    assert {"sitepub", "python", "system", "libraries", "configuration folder", "cache folder", "data folder",
            "project", "credentials", "cloud", "clock", "account", "embedded cloud"} <= set(checks)
    assert local_cloud.endpoint in checks["cloud"]["message"]
    assert local_cloud.secret_id not in screen.printed and local_cloud.secret_key not in screen.printed


def test_a_project_s_bucket_is_looked_for(environ: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text("component: website\nname: doctored\ninputs:\n  src: ./\n")
    code, checks, screen = doctor(environ, tmp_path, "--local")
    assert code == 0, screen.printed
    assert "doctored" in checks["project"]["message"]
    assert "deploy creates it" in checks["bucket"]["message"]


def test_mistakes_in_the_project_file_are_found(environ: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text("component: website\nname: x\ninputs:\n  src: ./\n  regon: x\n")
    code, checks, _screen = doctor(environ, tmp_path, "--local")
    assert code == 1
    assert checks["project"]["verdict"] == "fail"
    assert "serverless.yml:5:" in checks["project"]["message"]


def test_without_credentials_and_network_both_are_told(environ: Mapping[str, str], tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens at this proxy, so the real cloud is out of reach wherever this test runs.
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2-secret@127.0.0.1:9")
    code, checks, screen = doctor(environ, tmp_path)
    assert code == 1
    assert checks["credentials"]["verdict"] == checks["cloud"]["verdict"] == "fail"
    assert "sitepub login" in checks["credentials"]["hint"]
    assert checks["proxy"]["message"] == "127.0.0.1:9, with a user and a password"
    assert "account" not in checks
    assert "hunter2-secret" not in screen.printed


def test_a_certificate_file_that_is_missing_is_told(environ: Mapping[str, str], tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    code, checks, _screen = doctor({**environ, "SSL_CERT_FILE": "/no/such.pem"}, tmp_path)
    assert code == 1
    assert checks["certificates"]["verdict"] == "fail"


def test_tools_of_a_node_project_are_looked_for(environ: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"hexo": "^7.0.0"}}))
    code, checks, _screen = doctor({**environ, "PATH": str(tmp_path)}, tmp_path, "--local")
    assert code == 0, "a missing tool is a warning: the site may be built elsewhere"
    assert checks["node"] == {"name": "node", "verdict": "warn", "message": "not found",
                              "hint": "The site has a package.json: install Node.js to build it."}
    assert checks["hexo"]["hint"] == "Run: npm install"
    hexo = tmp_path / "node_modules" / "hexo"
    hexo.mkdir(parents=True)
    (hexo / "package.json").write_text('{"version": "7.3.0"}')
    assert doctor(environ, tmp_path, "--local")[1]["hexo"]["message"] == "7.3.0"


def test_a_folder_that_cannot_be_written_fails(environ: Mapping[str, str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    code, checks, _screen = doctor({**environ, "SITEPUB_HOME": str(blocked)}, tmp_path, "--local")
    assert code == 1
    assert checks["cache folder"]["verdict"] == "fail"


def test_looking_at_folders_leaves_none(environ: Mapping[str, str], tmp_path: Path, home: Path) -> None:
    doctor(environ, tmp_path, "--local")
    assert not (home / "sitepub" / "config").exists()


def test_for_people_each_finding_is_a_line(environ: Mapping[str, str], tmp_path: Path) -> None:
    code, screen = sitepub("doctor", "--local", "--cwd", str(tmp_path), environ=environ)
    assert code == 0
    starts = ("ok    ", "warn  ", "fail  ", " " * 28)
    assert all(line.startswith(starts) for line in screen.printed.splitlines())


@pytest.mark.parametrize(("ahead", "skew"), [(0, 0), (0.9, 0), (100, 100), (-100, -99), (-0.5, 0)])
def test_the_clock_is_compared_within_what_a_date_can_tell(ahead: float, skew: float) -> None:
    date = formatdate(1_700_000_000 + ahead, usegmt=True)
    assert clock_skew(date, 1_700_000_000.0, 1_700_000_000.0) == pytest.approx(skew, abs=1e-6)


def test_without_a_date_nothing_is_said_about_the_clock() -> None:
    assert clock_skew(None, 1.0, 2.0) is None
    assert clock_skew("yesterday", 1.0, 2.0) is None


def test_a_site_with_slots_needs_a_javascript_engine_for_trials(
        environ: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "serverless.yml").write_text(
        "component: website\nname: blog\ninputs:\n  src: ./p\n  hosts: [{host: www.example.com, edge: edgeone}]\n"
        "  releases: {slots: 2}\n")

    def found() -> tuple[str, str | None]:
        [one] = [one for one in examine(tmp_path, local=True, profile=None, stage=None, inputs=(), environ=environ)
                 if one.name == "edge functions"]
        return one.verdict.value, one.hint

    assert found() == ("ok", None)
    real = metadata.version

    def version(name: str) -> str:
        if name == "quickjs-ng":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    verdict, hint = found()
    assert verdict == "warn" and "sitepub[edge]" in (hint or "")
