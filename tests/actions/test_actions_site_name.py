"""The name that `init` gives a site: readable where it can be, and not the same for two projects."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.actions.init import init
from sitepub.actions.site_name import site_name
from sitepub.actions.starters import TEMPLATES
from sitepub.config.identifiers import is_identifier
from sitepub.config.load import load_project
from sitepub.config.project import derived_bucket_name
from tests.terminal.screen import sitepub

pytestmark = pytest.mark.usefixtures("home")

HASH = r"-[0-9a-f]{6}"


@pytest.mark.parametrize(("folder", "name"), [
    ("/w/my-site", "my-site"), ("/w/My Blog!", "my-blog"), ("/w/2026", "2026"), ("/w/a__b..c", "a-b-c"),
    ("/w/Café Ünïque", "cafe-unique"), ("/w/Straße", "strasse"), ("/w/ＢＬＯＧ", "blog"),
    ("/w/notes – old", "notes-old"),
    ("/w/acme/site", "acme-site"), ("/w/acme/public", "acme-public"), ("/w/acme/Docs", "acme-docs"),
    ("/w/acme/_", "acme"), ("/w/acme/website-starter", "acme-website-starter"),
])
def test_a_name_in_latin_letters_is_kept_and_a_common_one_gets_the_folder_above(folder: str, name: str) -> None:
    assert site_name(Path(folder)) == name


@pytest.mark.parametrize(("folder", "form"), [
    ("/w/博客", f"site{HASH}"), ("/w/作品集", f"site{HASH}"), ("/w/博客 blog", f"blog{HASH}"),
    ("/w/Блог", f"site{HASH}"),
    ("/w/블로그", f"site{HASH}"), ("/w/🎉 party", f"party{HASH}"), ("/w/サイト", f"site{HASH}"),
    ("/w/" + "a" * 300, f"a{{33}}{HASH}"),
    ("/w/projects/site", f"site{HASH}"), ("/app", f"app{HASH}"), ("/", f"site{HASH}"), ("/_", f"site{HASH}"),
    ("/w/博客/site", f"site{HASH}"),
])
def test_what_cannot_stay_is_replaced_by_a_hash(folder: str, form: str) -> None:
    name = site_name(Path(folder))
    assert re.fullmatch(form, name)
    assert site_name(Path(folder)) == name


def test_no_two_of_many_folders_get_the_same_name() -> None:
    words = ["博客", "播客", "作品集", "🎉", "🎊", "Блог", "Благ", "블로그", "site", "public",
             "_", "a" * 60, "a" * 61, "x 一", "x 二"]
    folders = [Path(f"/w/{above}/{word}") for above in ("ann", "bob", "客") for word in words]
    names = [site_name(folder) for folder in folders]
    assert len(set(names)) == len(names)
    for name in names:
        assert is_identifier(name) and len(name) <= 40
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", derived_bucket_name(name, name, "dev", "1250000000"))


def test_another_computer_gives_another_name_where_the_folder_says_nothing(tmp_path: Path) -> None:
    names = {site_name(Path("/app"), {**os.environ, "SITEPUB_HOME": str(tmp_path / computer)}) for computer in "ab"}
    assert len(names) == 2


def test_the_home_of_a_user_says_nothing_about_a_site(home: Path) -> None:
    assert re.fullmatch(f"docs{HASH}", site_name(home / "docs"))


@given(st.text(st.characters(exclude_characters="/\0"), max_size=80))
def test_any_folder_gets_a_name_that_sites_may_have(text: str) -> None:
    name = site_name(Path("/w") / text)
    assert is_identifier(name) and name == name.lower() and len(name) <= 40


@pytest.mark.parametrize("template", [None, *(template.name for template in TEMPLATES)])
def test_the_projects_of_two_folders_are_two_sites(template: str | None, tmp_path: Path) -> None:
    found = set()
    for name in ("博客", "作品集", "ann/site", "bob/site", "客/site"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        if template is None:
            (folder / "index.html").write_text("")
        init(template, Path() if template else None, folder=folder, here=folder)
        project = load_project(folder / "serverless.yml", environ={})
        found.add((project.name, project.bucket("1250000000")))
    assert len(found) == 5


def test_a_template_without_a_folder_of_ones_own_is_named_after_the_folder_above(tmp_path: Path) -> None:
    names = set()
    for above in ("ann", "bob", "客"):
        (tmp_path / above).mkdir()
        assert sitepub("init", "website-starter", "--cwd", str(tmp_path / above))[0] == 0
        names.add(load_project(tmp_path / above / "website-starter" / "serverless.yml", environ={}).name)
    assert len(names) == 3
