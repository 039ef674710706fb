"""Whatever the locale is: names of files are their bytes, and the terminal gets its own encoding."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeSite, Sitepub

NAME = "文章-😀.html"
CHINESE = ("GB18030", "GBK")


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with locales of other encodings."""
    if sys.platform != "linux" or shutil.which("localedef") is None:
        pytest.skip("no localedef")
    folder = tmp_path_factory.mktemp("locales")
    for encoding in CHINESE:
        subprocess.run(["localedef", "-c", "-i", "zh_CN", "-f", encoding,
                        str(folder / f"zh.{encoding}")], check=False, capture_output=True)
    return folder


def try_it(make_site: MakeSite, sitepub: Sitepub, name: str, locale: Mapping[str, str], encoding: str) -> None:
    site = make_site(name, {"index.html": "<h1>1</h1>", "目录/a.html": "a"})
    (site.folder / "src" / NAME).write_bytes(b"page")
    site.folder.joinpath("hook.sh").write_bytes(b"echo \xc9\xfa\xb3\xc9\nmkdir -p out && cp -r src/. out/\n" + (
        b'printf %s "$PYTHONUTF8/$PYTHONIOENCODING/$LC_ALL" > out/environment.txt\n'))
    site.configure(src={"src": "./", "hook": "sh hook.sh", "dist": "./out"})
    environ = {**sitepub.environ, **locale}
    environ.pop("PYTHONIOENCODING")
    for words in (["plan", "--local"], ["deploy", "--local"]):
        run = subprocess.run([sys.executable, "-m", "sitepub", *words], cwd=site.folder, env=environ,
                             capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
        said = (run.stdout + run.stderr).decode(encoding)
        assert run.returncode == 0, said
        assert "Traceback" not in said
        assert "生成" in said
        assert "文章" in said or words[0] == "deploy"
    bucket = sitepub("info", "--local", "--json", cwd=site.folder).json["bucket"]
    from tests.e2e.test_e2e_website import objects_in

    assert {NAME, "目录/a.html", "index.html"} <= set(objects_in(sitepub.cloud, bucket))
    left = (site.folder / "out" / "environment.txt").read_text()
    assert left == f"{locale.get('PYTHONUTF8', '')}/{locale.get('PYTHONIOENCODING', '')}/{locale['LC_ALL']}"


@pytest.mark.parametrize("encoding", CHINESE)
def test_names_in_utf8_in_a_chinese_locale(
    make_site: MakeSite, sitepub: Sitepub, locales: Path, encoding: str,
) -> None:
    if not (locales / f"zh.{encoding}").exists():
        pytest.skip("this system has no such character map")
    try_it(make_site, sitepub, f"locale-{encoding.lower()}", {"LC_ALL": f"zh.{encoding}", "LOCPATH": str(locales)},
           encoding)


@pytest.mark.parametrize(("locale", "extra"), [
    ("C", {"PYTHONUTF8": "0"}), ("POSIX", {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})])
def test_names_in_utf8_without_a_locale(
    make_site: MakeSite, sitepub: Sitepub, locale: str, extra: Mapping[str, str],
) -> None:
    try_it(make_site, sitepub, f"locale-{locale.lower()}-{len(extra)}", {"LC_ALL": locale, **extra}, "utf-8")


def test_names_that_are_no_utf8_are_refused_with_their_bytes(make_site: MakeSite, sitepub: Sitepub) -> None:
    site = make_site("locale-bytes")
    Path(os.fsdecode(os.fsencode(site.folder / "src") + b"/\xce\xc4\xd5\xc2.html")).write_text("page", encoding="utf-8")
    for extra in ({"LC_ALL": "C", "PYTHONUTF8": "0"}, {}):
        run = sitepub("plan", "--local", cwd=site.folder, **extra)
        assert run.code == 2
        assert "is not valid UTF-8" in run.err
        assert r"\udcce\udcc4" in run.err
