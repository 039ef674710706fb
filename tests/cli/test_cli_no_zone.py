"""A host on the embedded cloud whose zone nobody has: nothing is waited for, and what to do is said."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sitepub.embedded import cloud as local_cloud
from sitepub.embedded.data_folder import data_folder
from tests.terminal.screen import Screen, sitepub


@pytest.fixture
def environ(home: Path) -> Iterator[dict[str, str]]:
    values = dict(os.environ)
    assert str(home) in values["SITEPUB_HOME"]
    yield values
    local_cloud.stop(data_folder(values), environ=values)


def run(environ: dict[str, str], *argv: str) -> tuple[int, Screen]:
    return sitepub(*argv, environ=environ)


def test_a_host_goes_online_once_its_zone_is_there(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/index.html").write_text("<h1>hello")
    (tmp_path / "serverless.yml").write_text(
        "component: website\nname: zoned\ninputs:\n  src: {src: ./src, error: index.html}\n  https: auto\n  hosts:\n"
        "    - host: blog.example.com\n    - host: 博客.example.com\n")
    at = ("--local", "--cwd", str(tmp_path))
    for stage, words in ((), "sitepub deploy --local"), (("--stage", "prod"), "sitepub deploy --stage prod --local"):
        code, screen = run(environ, "info", *stage, *at)
        assert (code, f"deploy it with: {words}\n" in screen.noted) == (1, True)

    began = time.monotonic()
    code, screen = run(environ, "deploy", *at)
    assert code == 4
    assert time.monotonic() - began < 60, "nobody can add the record, so nothing is waited for"
    assert screen.noted.count("sitepub local zone example.com, then run again") == 2
    assert "_dnsauth" not in screen.noted
    code, screen = run(environ, "plan", *at)
    assert "`sitepub local zone example.com` adds it" in screen.printed

    code, screen = run(environ, "local", "zone", "example.com")
    assert code == 0
    code, screen = run(environ, "deploy", *at)
    assert code == 0, screen.noted
    assert "https://blog.example.com.localhost:" in screen.printed
