from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.bucket_settings import Website
from sitepub.errors import ExitCode, Position, SiteError
from sitepub.site.folder import publish_folder
from tests.site.sample import project, write


def refusal(root: Path, source: dict[str, Any] | None = None, **values: Any) -> SiteError:
    placed = {"position": Position("serverless.yml", 4), **(source or {})}
    with pytest.raises(SiteError) as caught:
        publish_folder(project(root, source=placed, **values))
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.position == Position("serverless.yml", 4)
    return caught.value


def built(root: Path, **source: Any) -> dict[str, Any]:
    return {"hook": "make", "dist": root / "dist", "dist_beside_source": root / "app/dist", **source}


def test_without_a_hook_the_source_is_published(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", "dist/index.html": ""})
    assert publish_folder(project(tmp_path, source={"dist": tmp_path / "dist"})) == tmp_path


def test_with_a_hook_dist_is_published_first_from_the_project_then_from_the_source(tmp_path: Path) -> None:
    write(tmp_path, {"app/dist/index.html": ""})
    made = project(tmp_path, source=built(tmp_path, folder=tmp_path / "app"))
    assert publish_folder(made) == tmp_path / "app/dist"
    write(tmp_path, {"dist/index.html": ""})
    assert publish_folder(made) == tmp_path / "dist"


def test_a_hook_without_dist_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": ""})
    assert "src.dist" in refusal(tmp_path, {"hook": "make"}).message


def test_a_missing_folder_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, {"public/index.html": ""})
    error = refusal(tmp_path, {"folder": tmp_path / "pubilc"})
    assert str(tmp_path / "pubilc") in error.message
    assert error.hint == "did you mean public?"
    error = refusal(tmp_path, built(tmp_path))
    assert "There is public: set src.dist" in (error.hint or "")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    write(tmp_path, {"site": "a file"})
    error = refusal(tmp_path, {"folder": tmp_path / "site"})
    assert "not a folder" in error.message
    assert "src names the folder" in (error.hint or "")


def test_an_empty_folder_is_refused_and_so_is_one_with_nothing_to_publish(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    assert "made nothing" in refusal(tmp_path, built(tmp_path)).message
    write(tmp_path / "dist", {".DS_Store": "x", ".env": "A=b", ".git/HEAD": "x"})
    assert "is empty" in refusal(tmp_path, built(tmp_path)).message


@pytest.mark.parametrize(("files", "hint"), [
    ({"Index.html": ""}, "there is Index.html"),
    ({"indx.html": "", "a.html": ""}, "there is indx.html"),
    ({"browser/index.html": "", "x.txt": ""}, "websitePath: browser"),
    ({"a.html": "", "b.html": ""}, "there are a.html, b.html: set src.index"),
    ({"about.html": ""}, "there is about.html: set src.index"),
    ({"a.txt": ""}, "no HTML file"),
])
def test_a_missing_index_document_is_refused_with_what_is_there(
    tmp_path: Path, files: dict[str, str], hint: str
) -> None:
    write(tmp_path / "web", files)
    error = refusal(tmp_path, {"folder": tmp_path / "web"})
    assert "index.html is missing" in error.message
    assert hint in (error.hint or "")


def test_another_index_document_counts(tmp_path: Path) -> None:
    write(tmp_path / "web", {"home.html": ""})
    made = project(tmp_path, source={"folder": tmp_path / "web"}, website=Website(index="home.html"))
    assert publish_folder(made) == tmp_path / "web"


def test_website_path_is_applied_and_stays_inside(tmp_path: Path) -> None:
    write(tmp_path, {"web/a/b/index.html": "", "outside/index.html": "", "web/index.html": ""})
    source: dict[str, Any] = {"folder": tmp_path / "web", "website_path": "a/b"}
    assert publish_folder(project(tmp_path, source=source)) == tmp_path / "web/a/b"
    assert "leads out of" in refusal(tmp_path, {**source, "website_path": "../outside"}).message
    if os.name != "nt":
        (tmp_path / "web/link").symlink_to(tmp_path / "outside")
        assert "leads out of" in refusal(tmp_path, {**source, "website_path": "link"}).message
    assert "does not exist" in refusal(tmp_path, {**source, "website_path": "nowhere"}).message
