"""A region that does not exist is refused where it is written, with the name that was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.config.checks.regions import REGIONS, near_region
from sitepub.config.load import load_project
from tests.config.loading import load, only, place, problems, site
from tests.conftest import LocalCloud
from tests.e2e.conftest import make_sitepub

PUBLIC = (
    "ap-beijing", "ap-nanjing", "ap-shanghai", "ap-guangzhou", "ap-chengdu", "ap-chongqing", "ap-shenzhen-fsi",
    "ap-shanghai-fsi", "ap-beijing-fsi", "ap-hongkong", "ap-singapore", "ap-jakarta", "ap-seoul", "ap-bangkok",
    "ap-tokyo", "na-siliconvalley", "na-ashburn", "sa-saopaulo", "eu-frankfurt",
)
"""As the page of regions and endpoints of COS has them (436/6224)."""


@pytest.mark.parametrize(("written", "meant"), [
    ("ap-guangzhu", "ap-guangzhou"), ("ap-guangzou", "ap-guangzhou"), ("ap-guangzhou-3", "ap-guangzhou"),
    ("cn-guangzhou", "ap-guangzhou"), ("ap-shangai", "ap-shanghai"), ("cn-shanghai-fsi", "ap-shanghai-fsi"),
    ("ap-shenzhen", "ap-shenzhen-fsi"), ("ap-hong-kong", "ap-hongkong"), ("na-siliconvaley", "na-siliconvalley"),
    ("eu-franfurt", "eu-frankfurt"), ("ap-sanghai", "ap-shanghai"), ("us-ashburn", "na-ashburn"),
    ("ap-guangzhou-fsi", "ap-guangzhou"), ("cn-south", "ap-guangzhou"), ("cn-north", "ap-beijing-1"),
    ("cn-east", "ap-shanghai"), ("ap-singapor", "ap-singapore"), ("ap-beijing-2", "ap-beijing")])
def test_the_nearest_region_is_named(tmp_path: Path, written: str, meant: str) -> None:
    problem = only(problems(tmp_path, site(f"region: {written}")))
    assert place(problem) == (5, 11)
    assert problem.message == "there is no such region"
    assert problem.hint is not None and f"`{meant}`" in problem.hint and "--yes" in problem.hint


@pytest.mark.parametrize(("written", "meant"), [
    ("guangzhou", "ap-guangzhou"), ("AP-Guangzhou", "ap-guangzhou"), ("ap_shanghai", "ap-shanghai"),
    ("Shanghai", "ap-shanghai"), ("广州", "ap-guangzhou"), ("中国香港", "ap-hongkong"), ("上海（中国）", "ap-shanghai"),
    ("深圳金融", "ap-shenzhen-fsi"), ("北京 ap-beijing", "ap-beijing"), ("新加坡(ap-singapore)", "ap-singapore"),
    ("东京", "ap-tokyo"), ("硅谷", "na-siliconvalley"), ("gz", "ap-guangzhou"), ("Hong Kong", "ap-hongkong")])
def test_what_cannot_be_a_region_has_a_nearest_one_too(tmp_path: Path, written: str, meant: str) -> None:
    problem = only(problems(tmp_path, site(f"region: {written}")))
    assert "expected a region" in problem.message and f"`{meant}`" in (problem.hint or "")


@pytest.mark.parametrize("written", ["xx-yyyyyyyyyy", "us-qqqqqq-1"])
def test_without_a_near_one_all_are_named(tmp_path: Path, written: str) -> None:
    assert "eu-frankfurt" in (only(problems(tmp_path, site(f"region: {written}"))).hint or "")


def test_wherever_a_region_can_be_said(tmp_path: Path) -> None:
    text = site("region: ${env:WHERE, 'ap-guangzhou'}")
    inside = only(problems(tmp_path, text, environ={"WHERE": "ap-guangzhu"}))
    assert place(inside)[0] == 5
    over = only(problems(tmp_path, site("region: ap-guangzhou"), inputs=["region=ap-guangzhu"]))
    assert over.position is not None and "--inputs" in str(over.position)
    (tmp_path / ".env").write_text("WHERE=ap-chengduu\n")
    assert "`ap-chengdu`" in (only(problems(tmp_path, text)).hint or "")
    topic = only(problems(tmp_path, site("logs: {topicId: t-1, region: ap-shangai}")))
    assert "`ap-shanghai`" in (topic.hint or "")
    found = problems(tmp_path, site("region: ap-guangzhu\nlogs: {topicId: t-1, region: ap-shangai}\nacll: x"))
    assert len(found) == 3, "all at once"


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_of_today_is_taken(tmp_path: Path, region: str) -> None:
    assert load(tmp_path, site(f"region: {region}")).region == region
    assert near_region(region) == region


def test_the_list_holds_the_published_ones() -> None:
    assert set(PUBLIC) <= set(REGIONS) and len(set(REGIONS)) == len(REGIONS)


def test_a_newer_one_is_a_warning_where_it_was_agreed_to(tmp_path: Path) -> None:
    file = tmp_path / "serverless.yml"
    file.write_text(site("region: ap-osaka"))
    project = load_project(file, environ={}, new_region=True)
    assert project.region == "ap-osaka"
    assert [warning.message for warning in project.warnings] == ["this region is not known"]


def test_deploy_plan_and_dev_refuse_and_nothing_is_made(local_cloud: LocalCloud, home: Path, tmp_path: Path) -> None:
    program = make_sitepub(local_cloud, home)
    (tmp_path / "public").mkdir()
    (tmp_path / "public/index.html").write_text("hello")
    (tmp_path / "serverless.yml").write_text(site("region: ap-guangzhu"))
    for command in (["deploy"], ["deploy", "--dry-run"], ["plan"], ["dev"],
                    ["deploy", "--inputs", "region=eu-franfurt"]):
        run = program(*command, "--local", cwd=tmp_path)
        assert run.code == 2, run.err
        assert "there is no such region" in run.err and "Did you mean `" in run.err
    told = program("deploy", "--local", "--json", cwd=tmp_path).json["error"]
    assert (told["line"], told["column"]) == (5, 11)
    assert program("info", "--local", cwd=tmp_path).code == 1, "there is no such site"
    newer = program("deploy", "--local", "--json", "--yes", "--inputs", "region=ap-osaka", cwd=tmp_path)
    assert newer.code == 0 and newer.json["region"] == "ap-osaka"
    assert program("info", "--local", "--inputs", "region=ap-osaka", cwd=tmp_path).code == 0
    assert program("plan", "--local", "--yes", "--inputs", "region=ap-osaka", cwd=tmp_path).code == 0
    removed = program("remove", "--local", "--yes", "--inputs", "region=ap-osaka", cwd=tmp_path)
    assert removed.code == 0, removed.err
    assert "this region is not known" in str(newer.json["warnings"])
