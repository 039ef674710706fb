"""Mistakes in the certificates of hosts are said before the site is built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import LocalCloud
from tests.domains.openssl import Authority
from tests.terminal.screen import sitepub

PROJECT = """component: website
app: early
name: early
inputs:
  src: {{src: ., hook: touch built, dist: site}}
  region: ap-guangzhou
{rest}
"""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    authority, found = Authority(tmp_path_factory.mktemp("authority")), tmp_path_factory.mktemp("pairs")
    for name, pair in (("other", authority.leaf("other", "other.early.test")),
                       ("old", authority.leaf("old", "a.early.test", begin="20200101000000Z", end="20200201000000Z"))):
        (found / f"{name}.pem").write_text(pair.pem)
        (found / f"{name}.key").write_text(pair.key_pem)
    return found


def _deploy(folder: Path, cloud: LocalCloud, rest: str, *more: str) -> tuple[int, str]:
    (folder / "site").mkdir()
    (folder / "site/index.html").write_text("x")
    (folder / "serverless.yml").write_text(PROJECT.format(rest=rest))
    code, screen = sitepub("plan", "--local", "--cwd", str(folder), *more,
                           environ={**os.environ, "SITEPUB_LOCAL_DATA": str(cloud.data)})
    return code, screen.noted


@pytest.mark.parametrize(("rest", "words"), [
    ("  hosts: [{host: a.early.test, https: {switch: on}}]", "https is switched on and no certificate is named"),
    ("  https: {switch: on}\n  hosts: [{host: a.early.test}]", "https is switched on and no certificate is named"),
    ("  hosts: [{host: a.early.test, https: {http2: on, switch: on}}]", "no certificate is named"),
    ("  hosts: [{host: a.early.test, https: {certInfo: {certificate: none.pem, privateKey: none.key}}}]", "none.pem"),
    ("  hosts: [{host: a.early.test, https: {certInfo: {certificate: other.pem, privateKey: other.key}}}]",
     "a.early.test"),
    ("  hosts: [{host: a.early.test, https: {certInfo: {certificate: old.pem, privateKey: old.key}}}]", "expired"),
    ("  hosts: [{host: other.early.test, https: {certInfo: {certificate: other.pem, privateKey: old.key}}}]", "key"),
    ("  hosts: [{host: a.early.test, edge: cos, https: {certInfo: {certificate: x.pem, privateKey: x.key}}}]", "x.pem"),
    ("  hosts: [{host: a.early.test, https: {certInfo: auto, clientCertInfo: {certificate: ca.pem}}}]", "ca.pem"),
    ("  https: {certInfo: {certificate: lost.pem, privateKey: lost.key}}\n  hosts: [{host: a.early.test}]",
     "lost.pem")])
def test_it_is_refused_and_nothing_was_built(tmp_path: Path, home: Path, local_cloud: LocalCloud, rest: str, words: str,
                                             pairs: Path) -> None:
    del home
    for file in pairs.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    code, noted = _deploy(tmp_path, local_cloud, rest)
    assert code == 2, noted
    assert words in noted and "serverless.yml:" in noted
    assert not (tmp_path / "built").exists()


def test_what_may_be_right_is_built(tmp_path: Path, home: Path, local_cloud: LocalCloud, pairs: Path) -> None:
    del home
    for file in pairs.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    code, noted = _deploy(tmp_path, local_cloud, "  hosts: [{host: other.early.test, dns: off, https: {certInfo:"
                          " {certificate: other.pem, privateKey: other.key}}}]")
    assert (tmp_path / "built").exists(), noted
    assert code == 0, noted
