""".env files: which are read, which wins, how a line is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.document import Text
from sitepub.config.variables.dotenv import parse_lines, read_dotenv
from sitepub.errors import Problem
from tests.config.loading import load, only, place, problems, site


def read(text: str) -> tuple[dict[str, str], list[Problem]]:
    """The values, without where they stand, and what is wrong."""
    lines, found = parse_lines(Text(".env", text))
    return {name: value for name, (value, _position) in lines.items()}, found


@pytest.mark.parametrize(("line", "value"), [
    ("A=1", "1"), ("A = 1 ", "1"), ("export A=1", "1"), ("A: 1", "1"), ("A=", ""), ("A=''", ""),
    ("A=a b  # note", "a b"), ("A=a#b", "a#b"), ("A=#b", ""), ("A=x=y", "x=y"), ("A=\"x # y\" # z", "x # y"),
    ("A='x\\ny'", "x\\ny"), ('A="x\\ny\\t\\"z\\" \\\\ \\$"', 'x\ny\t"z" \\ $'), ("A=`it's`", "it's"),
    ("A='one\ntwo'", "one\ntwo"), ('A="one\r\ntwo"', "one\ntwo"), ("A=${B}", "${B}"), ("A=中文", "中文"),
    ("  A=1", "1"), ("A=1\r\nB=2", "1"),
])
def test_a_line_is_read(line: str, value: str) -> None:
    values, found = read(line)
    assert not found
    assert values["A"] == value


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r")))
def test_any_value_survives_double_quotes(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert read(f'A="{quoted}"\nB=2') == ({"A": value, "B": "2"}, [])


@given(st.text(max_size=100))
def test_any_text_is_read_or_refused_with_a_position_inside_it(text: str) -> None:
    _values, found = read(text)
    for problem in found:
        line, column = place(problem)
        assert line is not None
        assert column is not None
        assert 1 <= line <= text.count("\n") + text.count("\r") + 1


def test_of_several_assignments_the_last_counts() -> None:
    assert read("A=1\nA=2\n")[0] == {"A": "2"}


def test_every_mistake_is_told_and_no_value_is_shown() -> None:
    text = "A=1\n= 2\nSECRET hunter2\nB='never closed hunter2\nC=\"x\" hunter2\nD=4\n"
    values, found = read(text)
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
    assert [problem.message for problem in project.warnings] == [
        "is read although it lies above the project", "expected NAME=value"]


def test_a_file_in_the_wrong_encoding_is_told(tmp_path: Path) -> None:
    tmp_path.joinpath(".env").write_bytes("A=中文".encode("gbk"))
    problem = only(problems(tmp_path, site()))
    assert "is not UTF-8" in problem.message
    assert place(problem) == (1, 3)


LOADERS = [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "NODE_OPTIONS", "NODE_PATH", "BASH_ENV",
    "BASH_FUNC_ls", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS", "PERL5OPT", "PERL5LIB", "PERLLIB", "RUBYOPT",
    "RUBYLIB", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_CONFIG_COUNT", "GIT_DIR", "PATH", "Path", "IFS",
    "PROMPT_COMMAND", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "npm_config_script_shell", "NPM_CONFIG_REGISTRY",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "NODE_TLS_REJECT_UNAUTHORIZED", "GCONV_PATH",
    "OPENSSL_CONF", "ZDOTDIR", "SHELL", "HOME", "COMSPEC", "DOTNET_STARTUP_HOOKS", "PHPRC", "LUA_INIT", "GOFLAGS",
    "RUSTC_WRAPPER", "BUNDLE_GEMFILE", "PIP_INDEX_URL", "SITEPUB_HOME", "TENCENTCLOUD_ENDPOINT", "SSLKEYLOGFILE",
    "CORECLR_PROFILER", "SSH_ASKPASS", "XDG_CONFIG_HOME", "PS4", "MAKEFLAGS", "YARN_RC_FILENAME", "PAGER",
    "MANPAGER", "EDITOR", "VISUAL", "BROWSER", "ENV",
]
ORDINARY = [
    "NODE_ENV", "NODE_VERSION", "API_URL", "REACT_APP_HOME", "VITE_PATH", "PORT", "GIT_COMMIT", "GIT_BRANCH", "GIT_SHA",
    "PYTHON_VERSION", "PYTHONUNBUFFERED", "RUBY_VERSION", "CI", "LANG", "TZ", "TENCENT_SECRET_ID",
    "TENCENTCLOUD_SECRET_KEY", "TENCENT_APP_ID", "DATABASE_URL", "HOMEPAGE", "PATH_PREFIX", "PROXY_URL", "STAGE",
    "GENERATE_SOURCEMAP", "NEXT_PUBLIC_ENV", "HEXO_ENV", "HUGO_ENV", "JEKYLL_ENV", "PUBLIC_URL", "ENVIRONMENT", "CCC",
    "COS_BUCKET", "TENCENT_COS_REGION",
]


@pytest.mark.parametrize("name", LOADERS)
def test_variables_of_loaders_are_never_taken_from_a_file(tmp_path: Path, name: str) -> None:
    write(tmp_path, ".env", f"A=1\n  export {name}=/tmp/evil\nB=2\n")
    found = read_dotenv(tmp_path, None)
    assert found.values == {"A": "1", "B": "2"}
    problem = only(found.warnings)
    assert name in problem.message
    assert place(problem) == (2, 10)
    assert "evil" not in repr(problem)


def test_ordinary_variables_are_taken(tmp_path: Path) -> None:
    write(tmp_path, ".env", "".join(f"{name}=1\n" for name in ORDINARY) + "ENV=production\nBROWSER=none\n")
    found = read_dotenv(tmp_path, None)
    assert not found.warnings
    assert set(found.values) == {*ORDINARY, "ENV", "BROWSER"}
    write(tmp_path, ".env", "ENV=/tmp/evil.sh\n")
    assert not read_dotenv(tmp_path, None).values


def parent_and_project(tmp_path: Path) -> tuple[Path, Path]:
    parent, project = tmp_path / "parent", tmp_path / "parent" / "project"
    write(parent, ".env", "NAME=parent\n")
    project.mkdir()
    for place_, mode in ((parent, 0o755), (project, 0o755), (parent / ".env", 0o644)):
        place_.chmod(mode)
    return parent, project


def test_a_file_above_the_project_is_read_and_that_is_said(tmp_path: Path) -> None:
    parent, project = parent_and_project(tmp_path)
    found = read_dotenv(project, None)
    assert found.values == {"NAME": "parent"}
    problem = only(found.warnings)
    assert "above the project" in problem.message
    assert problem.position is not None
    assert problem.position.file == str(parent / ".env")


@pytest.mark.parametrize(("what", "mode", "said"), [
    (".env", 0o666, "others may write to it"), (".env", 0o664, "others may write to it"),
    ("", 0o777, "others may write to its folder"), ("", 0o1777, "others may write to its folder"),
    ("", 0o775, "others may write to its folder"),
])
def test_a_file_above_the_project_that_others_may_write_is_not_read(
    tmp_path: Path, what: str, mode: int, said: str,
) -> None:
    parent, project = parent_and_project(tmp_path)
    (parent / what if what else parent).chmod(mode)
    found = read_dotenv(project, None)
    assert not found.values
    assert said in only(found.warnings).message
    assert "is not read" in only(load(project, site()).warnings).message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("what", [".env", "", ".env-target"])
def test_a_file_above_the_project_of_another_user_is_not_read(tmp_path: Path, what: str) -> None:
    parent, project = parent_and_project(tmp_path)
    if what == ".env-target":
        write(tmp_path / "elsewhere", "env", "NAME=evil\n")
        os.chown(tmp_path / "elsewhere" / "env", 4321, 4321)
        (parent / ".env").unlink()
        (parent / ".env").symlink_to(tmp_path / "elsewhere" / "env")
    else:
        os.chown(parent / what if what else parent, 4321, 4321)
    found = read_dotenv(project, None)
    assert not found.values
    assert "belongs to another user" in only(found.warnings).message


def test_within_a_git_repository_files_above_the_folder_belong_to_the_project(tmp_path: Path) -> None:
    parent, project = parent_and_project(tmp_path)
    parent.joinpath(".git").mkdir()
    parent.chmod(0o775)
    found = read_dotenv(project, None)
    assert found.values == {"NAME": "parent"}
    assert not found.warnings
    parent.chmod(0o1777)  # such as /tmp: a .git in it makes no project of it
    assert not read_dotenv(project, None).values


def test_the_yml_above_a_project_counts_only_when_nobody_else_can_have_written_it(tmp_path: Path) -> None:
    parent, project = parent_and_project(tmp_path)
    parent.joinpath(".env").unlink()
    write(parent, "serverless.yml", "app: above\n")
    parent.joinpath("serverless.yml").chmod(0o644)
    assert load(project, site()).app == "above"
    parent.chmod(0o777)
    assert load(project, site()).app == "site"


def test_a_virtual_environment_named_env_is_no_mistake(tmp_path: Path) -> None:
    tmp_path.joinpath(".env").mkdir()
    assert not load(tmp_path, site()).warnings
