""".env files: which are read, which wins, how a line is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.document import Text
from sitepub.config.dotenv import parse_dotenv, read_dotenv
from tests.config.loading import load, only, place, problems, site


@pytest.mark.parametrize(("line", "value"), [
    ("A=1", "1"), ("A = 1 ", "1"), ("export A=1", "1"), ("A: 1", "1"), ("A=", ""), ("A=''", ""),
    ("A=a b  # note", "a b"), ("A=a#b", "a#b"), ("A=#b", ""), ("A=x=y", "x=y"), ("A=\"x # y\" # z", "x # y"),
    ("A='x\\ny'", "x\\ny"), ('A="x\\ny\\t\\"z\\" \\\\ \\$"', 'x\ny\t"z" \\ $'), ("A=`it's`", "it's"),
    ("A='one\ntwo'", "one\ntwo"), ('A="one\r\ntwo"', "one\ntwo"), ("A=${B}", "${B}"), ("A=中文", "中文"),
    ("  A=1", "1"), ("A=1\r\nB=2", "1"),
])
def test_a_line_is_read(line: str, value: str) -> None:
    values, found = parse_dotenv(Text(".env", line))
    assert not found
    assert values["A"] == value


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r")))
def test_any_value_survives_double_quotes(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert parse_dotenv(Text(".env", f'A="{quoted}"\nB=2')) == ({"A": value, "B": "2"}, [])


@given(st.text(max_size=100))
def test_any_text_is_read_or_refused_with_a_position_inside_it(text: str) -> None:
    _values, found = parse_dotenv(Text(".env", text))
    for problem in found:
        line, column = place(problem)
        assert line is not None
        assert column is not None
        assert 1 <= line <= text.count("\n") + text.count("\r") + 1


def test_of_several_assignments_the_last_counts() -> None:
    assert parse_dotenv(Text(".env", "A=1\nA=2\n"))[0] == {"A": "2"}


def test_every_mistake_is_told_and_no_value_is_shown() -> None:
    text = "A=1\n= 2\nSECRET hunter2\nB='never closed hunter2\nC=\"x\" hunter2\nD=4\n"
    values, found = parse_dotenv(Text(".env", text))
    assert values == {"A": "1", "D": "4"}
    assert [place(p)[0] for p in found] == [2, 3, 4, 5]
    assert "hunter2" not in repr(found)


def test_mistakes_are_told_together_with_those_of_the_yml(tmp_path: Path) -> None:
    tmp_path.joinpath(".env").write_text("A=1\nnonsense\n")
    found = problems(tmp_path, site("replace: maybe"))
    assert [(p.position and Path(p.position.file).name, *place(p)) for p in found] == [
        (".env", 2, 1), ("serverless.yml", 5, 12)]


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath(name).write_text(text)


def test_the_stage_file_wins_over_env_and_the_project_over_its_parents(tmp_path: Path) -> None:
    project = tmp_path / "a" / "b" / "project"
    write(project, ".env.prod", "ONE=stage\n")
    write(project, ".env", "ONE=plain\nTWO=plain\n")
    write(project.parent, ".env.prod", "TWO=parent\nTHREE=parent-stage\n")
    write(project.parent, ".env", "THREE=parent\nFOUR=parent\n")
    write(project.parent.parent, ".env", "FOUR=grand\nFIVE=grand\n")
    write(tmp_path, ".env", "SIX=too far\n")
    found = read_dotenv(project, "prod")
    assert found.values == {"ONE": "stage", "TWO": "plain", "THREE": "parent-stage", "FOUR": "parent",
                            "FIVE": "grand"}
    assert read_dotenv(project, None).values["ONE"] == "plain"


def test_the_real_environment_wins(tmp_path: Path) -> None:
    write(tmp_path, ".env", "NAME=from-file\n")
    text = site("bucketName: b-${env:NAME}")
    assert load(tmp_path, text).bucket_name == "b-from-file"
    assert load(tmp_path, text, environ={"NAME": "real"}).bucket_name == "b-real"


def test_the_stage_may_come_from_env_and_decides_which_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, ".env", "STAGE=prod\nNAME=plain\n")
    write(tmp_path, ".env.prod", "NAME=prod-name\n")
    write(tmp_path, ".env.test", "NAME=test-name\n")
    text = site("bucketName: ${env:NAME}", top="stage: ${env:STAGE}")
    project = load(tmp_path, text)
    assert (project.stage, project.bucket_name) == ("prod", "prod-name")
    project = load(tmp_path, text, stage="test")
    assert (project.stage, project.bucket_name) == ("test", "test-name")
    project = load(tmp_path, text, environ={"STAGE": "test"})
    assert (project.stage, project.bucket_name) == ("test", "test-name")


def test_what_the_files_set_is_handed_on_but_never_shown(tmp_path: Path) -> None:
    write(tmp_path, ".env", "TENCENT_SECRET_KEY=hunter2hunter2\n")
    project = load(tmp_path, site())
    assert project.dotenv == {"TENCENT_SECRET_KEY": "hunter2hunter2"}
    assert "hunter2" not in repr(project)


def test_a_mistake_in_the_parents_file_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, ".env", "nonsense\nNAME=parent\n")
    project = load(tmp_path / "site", site("bucketName: ${env:NAME}"))
    assert project.bucket_name == "parent"
    assert "expected NAME=value" in only(list(project.warnings)).message


def test_a_file_in_the_wrong_encoding_is_told(tmp_path: Path) -> None:
    tmp_path.joinpath(".env").write_bytes("A=中文".encode("gbk"))
    problem = only(problems(tmp_path, site()))
    assert "is not UTF-8" in problem.message
    assert place(problem) == (1, 3)
