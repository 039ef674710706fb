"""Which files are projects, and what they take from the folder above."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sitepub.config.finding import find_config, look_for_projects
from sitepub.config.load import load_project
from sitepub.errors import ConfigError
from tests.config.loading import load, only, place, problems, site


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_yml_comes_before_yaml_before_json(tmp_path: Path) -> None:
    assert find_config(tmp_path) is None
    for name in ("serverless.json", "serverless.yaml", "serverless.yml"):
        file = write(tmp_path / name, site())
        assert find_config(tmp_path) == file


def test_other_files_beside_the_one_that_is_read_are_a_warning(tmp_path: Path) -> None:
    write(tmp_path / "serverless.json", "{}")
    project = load(tmp_path, site())
    assert "serverless.json lies beside it and is not read" in only(list(project.warnings)).message


def test_a_folder_with_a_site_is_that_site(tmp_path: Path) -> None:
    file = write(tmp_path / "serverless.yml", site())
    write(tmp_path / "child" / "serverless.yml", site())
    assert look_for_projects(tmp_path).files == [file]


def test_a_folder_without_a_file_means_its_children_in_name_order(tmp_path: Path) -> None:
    files = [write(tmp_path / name / "serverless.yml", site()) for name in ("b", "a", "c")]
    write(tmp_path / ".hidden" / "serverless.yml", site())
    write(tmp_path / "node_modules" / "serverless.yml", site())
    write(tmp_path / "empty" / "notes.txt", "")
    assert look_for_projects(tmp_path).files == sorted(files)


def test_a_folder_whose_file_has_no_component_means_its_children_too(tmp_path: Path) -> None:
    write(tmp_path / "serverless.yml", "app: shop\n")
    child = write(tmp_path / "a" / "serverless.yml", site())
    assert look_for_projects(tmp_path).files == [child]


def test_children_with_another_component_are_skipped_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path / "api" / "serverless.yml", "component: scf\nname: api\n")
    site_file = write(tmp_path / "site" / "serverless.yml", site())
    broken = write(tmp_path / "broken" / "serverless.yml", "a: [")
    found = look_for_projects(tmp_path)
    assert found.files == [broken, site_file]
    assert "skipped: its component is `scf`" in only(found.warnings).message


def test_no_project_anywhere_is_an_error_that_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no serverless\.yml") as raised:
        look_for_projects(tmp_path)
    assert raised.value.hint is not None
    assert "sitepub init" in raised.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
@pytest.mark.parametrize(("make", "why"), [
    (lambda file: file.symlink_to("nowhere.yml"), "No such file"),
    (lambda file: file.symlink_to(file.name), "symbolic"),
    (lambda file: os.mkfifo(file), "a named pipe"), (lambda file: file.mkdir(), "a folder"),
    (lambda file: file.symlink_to("/dev/zero"), "a device"),
], ids=["nowhere", "loop", "pipe", "folder", "device"])
def test_what_bears_the_name_and_is_no_file_is_not_said_to_be_missing(
    tmp_path: Path, make: Callable[[Path], object], why: str
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    make(here / "serverless.yml")
    write(tmp_path / "other" / "serverless.yml", site())
    for folder in (here, tmp_path):
        assert here / "serverless.yml" in look_for_projects(folder).files
    with pytest.raises(ConfigError, match=why):
        load_project(here / "serverless.yml")
    write(here / "serverless.yaml", site())
    assert find_config(here) == here / "serverless.yaml"


def test_app_stage_and_org_come_from_the_parent_when_the_site_has_none(tmp_path: Path) -> None:
    write(tmp_path / "serverless.yml", "app: shop\nstage: ${env:STAGE, 'test'}\norg: acme\nname: ignored\n")
    project = load(tmp_path / "site", site("bucketName: ${app}-${stage}-${org}"))
    assert (project.app, project.stage, project.org, project.name) == ("shop", "test", "acme", "site")
    assert project.bucket_name == "shop-test-acme"
    project = load(tmp_path / "site", site(top="app: own\nstage: prod"))
    assert (project.app, project.stage, project.org) == ("own", "prod", "acme")


def test_a_mistake_in_the_parent_is_told_there(tmp_path: Path) -> None:
    write(tmp_path / "serverless.yml", "app: 'my shop'\norg: ${env:NOPE}\n")
    found = problems(tmp_path / "site", site())
    assert [(p.position and Path(p.position.file).parent, *place(p)) for p in found] == [
        (tmp_path, 1, 6), (tmp_path, 2, 6)]


def test_a_parent_that_is_a_site_itself_gives_nothing(tmp_path: Path) -> None:
    write(tmp_path / "serverless.yml", site(top="app: shop"))
    assert load(tmp_path / "site", site()).app == "site"


def test_a_parent_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path / "serverless.yml", "a: [")
    project = load(tmp_path / "site", site())
    assert "app, stage and org are not taken from it" in only(list(project.warnings)).message


def test_positions_name_the_file_from_the_current_folder(tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a" / "serverless.yml", site("x: 1"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as raised:
        load_project(Path("a/serverless.yml"), environ={})
    assert str(raised.value.position) == str(Path("a/serverless.yml")) + ":5:3"
    assert file.exists()


@pytest.mark.parametrize(("below", "named"), [
    ("src", True), ("src/assets", True), ("网站/图片", True), (".", False), ("elsewhere/other", False)])
def test_below_a_site_its_folder_is_named(tmp_path: Path, below: str, named: bool) -> None:
    root = tmp_path if named else tmp_path / "one"
    root.mkdir(exist_ok=True)
    write(root / "serverless.yml", site())
    folder = tmp_path / below if named else tmp_path / "two" / below
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.raises(ConfigError) as raised:
        look_for_projects(folder)
    hint = raised.value.hint or ""
    assert (f"is in {tmp_path}: run it there" in hint) is named
    assert ("sitepub init" in hint) is not named
