"""The generated scripts, run in a bare shell as each CI system runs them, against the embedded cloud."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sitepub.actions.ci.setup import ci_texts
from sitepub.ci.systems.github import action
from tests.ci.forge import Comments, Forge, bare_shell, comment_server
from tests.conftest import LocalCloud
from tests.e2e.conftest import Run, Visitor
from tests.terminal.screen import sitepub

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the scripts are for a POSIX shell")
_NAME = "ci-forge"
_CONFIG = f"""\
component: website
name: {_NAME}
stages:
  main: prod
  testing: testing
  'feature/*': '${{branch}}'
  prod:
    inputs: {{env: {{WHERE: live}}}}
inputs:
  src:
    hook: mkdir -p dist && cp *.html dist/ && echo building with "[$${{TENCENTCLOUD_SECRET_KEY-none}}]"
    dist: ./dist
  env: {{WHERE: test, BRANCH: '${{git:branch}}'}}
  preview: {{expires: 2 d}}
"""
_FILES = {"serverless.yml": _CONFIG, "index.html": "<h1>first</h1>", "error.html": "<h1>no</h1>",
          ".gitignore": "dist/\n"}


@dataclass(frozen=True)
class Machine:
    """Where runs take place."""

    forge: Forge
    cloud: LocalCloud
    home: Path
    script: list[str]
    closing: list[str]

    def run(self, commit: str, name: str, variables: Mapping[str, str], *, script: list[str] | None = None,
            local: bool = True, config: str | None = None) -> tuple[Run, Path]:
        folder = self.forge.machine(commit, name)
        if config is not None:
            (folder / "serverless.yml").write_text(config)
        environ = {"HOME": str(self.home), "SITEPUB_HOME": str(self.home / "sitepub"),
                   "SITEPUB_LOCAL_DATA": str(self.cloud.data), "PYTHONIOENCODING": "utf-8", **variables}
        return bare_shell(script or self.script, folder, environ, programs=self.home / "bin", local=local), folder


@pytest.fixture(scope="module")
def machine(local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    place = tmp_path_factory.mktemp("ci")
    forge = Forge(place / "forge").make()
    (forge.work / "serverless.yml").write_text(_CONFIG)
    texts = ci_texts(("gitlab",), forge.work)[1]
    jobs = yaml.safe_load(texts[".gitlab-ci.yml"])
    home = place / "home"
    home.mkdir()
    return Machine(forge, local_cloud, home, jobs[".sitepub"]["script"], jobs["sitepub-closed"]["script"])


def _gitlab(commit: str, **more: str) -> dict[str, str]:
    return {"CI": "true", "GITLAB_CI": "true", "CI_COMMIT_SHA": commit, "CI_JOB_URL": "https://gitlab.example/job/1",
            "GITLAB_USER_LOGIN": "ann", **more}


def _request(commit: str, comments: Comments, number: str = "7", **more: str) -> dict[str, str]:
    return _gitlab(commit, CI_MERGE_REQUEST_IID=number, CI_MERGE_REQUEST_SOURCE_BRANCH_NAME="feature/x",
                   CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", CI_MERGE_REQUEST_PROJECT_PATH="team/site",
                   CI_MERGE_REQUEST_SOURCE_PROJECT_PATH="team/site", CI_MERGE_REQUEST_PROJECT_ID="42",
                   CI_API_V4_URL=comments.address, **more)


@pytest.fixture(scope="module")
def comments() -> Iterator[Comments]:
    with comment_server() as server:
        yield server


def test_three_branches_are_three_stages_side_by_side(machine: Machine, comments: Comments, home: Path) -> None:
    del home
    visitor = Visitor(machine.cloud)
    commits = {}
    for branch, stage in (("main", "prod"), ("testing", "testing"), ("feature/x", "feature-x")):
        commit = commits[branch] = machine.forge.push(branch, {**_FILES, "page.html": f"<p>{branch}</p>"})
        run, _folder = machine.run(commit, f"push-{stage}", _gitlab(commit, CI_COMMIT_BRANCH=branch))
        assert run.code == 0, run.err + run.out
        assert f"{_NAME}, stage {stage}" in run.out
        assert "\x1b[0Ksection_start:" in run.err and ":hook\r\x1b[0Khook" in run.err, "a group for the hook"
        assert "building with [none]" in run.err
        url = run.out.partition("deploy: ok, ")[2].partition(";")[0]
        assert visitor.get(url, "/page.html").body == f"<p>{branch}</p>".encode()
        where = "live" if stage == "prod" else "test"
        env = visitor.get(url, "/env.js").body.decode()
        assert f'"{where}"' in env and f'"{branch}"' in env
        commits[stage] = url
    for branch, stage in (("main", "prod"), ("testing", "testing"), ("feature/x", "feature-x")):
        assert visitor.get(commits[stage], "/page.html").body == f"<p>{branch}</p>".encode()

    _code, screen = sitepub("releases", "--local", "--json", "--stage", "prod", "--cwd", str(machine.forge.work),
                            environ={**os.environ, "SITEPUB_LOCAL_DATA": str(machine.cloud.data)})
    (release,) = screen.object["releases"]
    assert (release["actor"], release["where"], release["branch"], release["commit"]) == (
        "ann", "https://gitlab.example/job/1", "main", commits["main"])

    # A request that would change the stage of main.
    commit = machine.forge.push("feature/x", {"page.html": "<p>better</p>", "new.html": "<p>new</p>"})
    run, _folder = machine.run(commit, "request", _request(commit, comments, GITLAB_TOKEN=comments.token))
    assert run.code == 0, run.err
    (said,) = comments.bodies("42", "7")
    assert "| Stage | `prod` (of `main`) |" in said and "| New | `new.html` |" in said
    assert "[run](https://gitlab.example/job/1)" in said
    assert visitor.get(commits["prod"], "/page.html").body == b"<p>main</p>", "a plan changes nothing"
    preview = said.partition("| Preview | ")[2].partition(" |")[0]
    assert visitor.get(preview, "/page.html").body == b"<p>better</p>"
    assert "| Check | nothing found |" in said
    commit = machine.forge.push("feature/x", {"other.html": "<p>other</p><a href='gone.html'>x</a>"})
    run, _folder = machine.run(commit, "request-again", _request(commit, comments, GITLAB_TOKEN=comments.token))
    assert run.code == 0, run.err
    (said,) = comments.bodies("42", "7")
    assert "`other.html`" in said and "gone" in said.partition("Findings")[2], "the comment is kept up to date"
    assert visitor.get(preview, "/other.html").status == 200
    run, _folder = machine.run(commit, "closed", _request(commit, comments, GITLAB_TOKEN=comments.token),
                               script=machine.closing)
    assert run.code == 0, run.err
    (said,) = comments.bodies("42", "7")
    assert "The request is closed, and its preview is gone" in said
    assert visitor.get(preview, "/page.html").status == 404
    assert visitor.get(commits["prod"], "/page.html").body == b"<p>main</p>"


def test_a_fork_gets_a_plan_and_no_secrets(machine: Machine, comments: Comments) -> None:
    commit = machine.forge.push("main", {**_FILES, "index.html": "<h1>of a fork</h1>"})
    fork = _request(commit, comments, "8") | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "eve/site",
                                              "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main"}
    run, _folder = machine.run(commit, "fork", fork, local=False)
    assert run.code == 0, run.err
    assert "build: built; 4 files" in run.out or "build: built;" in run.out
    assert "It comes from a fork, which gets no keys" in run.out
    # A variable to set would be the wrong advice: whatever is set, a fork does not get it.
    assert "No comment was written: this run is for a fork" in run.err and "GITLAB_TOKEN" not in run.err
    assert comments.bodies("42", "8") == []
    for key in ({"TENCENTCLOUD_SECRET_KEY": "key-of-the-site-0123", "TENCENTCLOUD_SECRET_ID": "AKID" + "x" * 32},
                {"SITEPUB_ROLE": "qcs::cam::uin/100000000001:roleName/x", "SITEPUB_ID_TOKEN": "a.b.c"}):
        run, folder = machine.run(commit, f"fork-{len(key)}-{next(iter(key))}", {**fork, **key}, local=False)
        assert run.code == 5, run.err
        assert "comes from a fork" in run.err and not (folder / "dist").exists(), "nothing of it was run"
        assert all(value not in run.err + run.out for value in key.values() if "key" in value)


def test_a_branch_without_a_stage_is_left_alone(machine: Machine) -> None:
    commit = machine.forge.push("wip", _FILES)
    run, folder = machine.run(commit, "wip", _gitlab(commit, CI_COMMIT_BRANCH="wip"))
    assert run.code == 0, run.err
    assert "Nothing to do: this branch has no stage" in run.out and not (folder / "dist").exists()


def test_mistakes_end_the_run_with_their_code(machine: Machine) -> None:
    commit = machine.forge.push("feature/x", {"note.html": "x"})
    push = _gitlab(commit, CI_COMMIT_BRANCH="feature/x")
    run, _folder = machine.run(commit, "bad-config", push, config=_CONFIG + "  regoin: x\n")
    assert run.code == 2 and "regoin" in run.err
    run, _folder = machine.run(commit, "bad-hook", push, config=_CONFIG.replace("mkdir -p dist", "exit 7"))
    assert (run.code == 1 and "deploy: error" in run.out) or "deploy: failed" in run.out
    run, _folder = machine.run(commit, "no-ci", {})
    assert run.code == 2 and "No CI system was recognised" in run.err


def _action_steps() -> list[str]:
    steps = yaml.safe_load(action())["runs"]["steps"]
    return [f"bash -e -c {shlex.quote(step['run'])}" for step in steps if "run" in step]


def _outputs(path: Path) -> dict[str, str]:
    """As the runner reads them: NAME<<MARK, lines, MARK."""
    found: dict[str, str] = {}
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, _, mark = line.partition("<<")
        content = []
        for inner in lines:
            if inner == mark:
                break
            content.append(inner)
        found[name] = "\n".join(content)
    return found


def test_the_action_of_github(machine: Machine, comments: Comments, tmp_path: Path) -> None:
    commit = machine.forge.push("feature/action", {**_FILES, "a.html": "<p><a href='gone.html'>a</a></p>"})
    base = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SHA": commit, "GITHUB_REPOSITORY": "team/site",
            "GITHUB_SERVER_URL": "https://github.example", "GITHUB_RUN_ID": "5", "GITHUB_ACTOR": "octocat",
            "GITHUB_API_URL": comments.address, "GITHUB_TOKEN": comments.token, "STAGE": "", "COMMAND": "",
            "PROFILE": "", "SITEPUB_ROLE": "", "RUNNER_TEMP": str(tmp_path)}

    def run(name: str, variables: Mapping[str, str], config: str | None = None) -> tuple[Run, dict[str, str], str]:
        files = {"GITHUB_OUTPUT": str(tmp_path / f"{name}.out"), "GITHUB_STEP_SUMMARY": str(tmp_path / f"{name}.md"),
                 "GITHUB_WORKSPACE": str(machine.forge.place / name)}
        done, _folder = machine.run(commit, name, {**base, **files, **variables}, script=_action_steps(),
                                    config=config)
        output, page = Path(files["GITHUB_OUTPUT"]), Path(files["GITHUB_STEP_SUMMARY"])
        return done, _outputs(output) if output.exists() else {}, (
            page.read_text(encoding="utf-8") if page.exists() else "")

    done, outputs, page = run("gh-push", {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "feature/action"})
    assert done.code == 0, done.err
    assert set(outputs) == {"url", "release", "changed", "json"} and outputs["changed"] == "true"
    assert "ci-forge-feature-action" in outputs["url"] and outputs["release"] in page
    whole: dict[str, Any] = json.loads(outputs["json"])
    assert (whole["system"], whole["branch"], whole["actor"]) == ("github", "feature/action", "octocat")
    assert "::add-mask::" + machine.cloud.secret_key in done.err and "::group::hook" in done.err
    shown = "\n".join(line for line in done.err.splitlines() if not line.startswith("::add-mask::"))
    assert machine.cloud.secret_key not in shown + done.out + page + outputs["json"]

    done, outputs, _page = run("gh-again", {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "feature/action",
                                            "COMMAND": "sitepub plan --detailed-exitcode"})
    assert (done.code, outputs["changed"]) == (0, "false"), done.err

    event = tmp_path / "event.json"
    event.write_text(json.dumps({"action": "opened", "number": 12, "pull_request": {
        "number": 12, "head": {"repo": {"full_name": "team/site"}}}}))
    request = {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "12/merge", "GITHUB_REF": "refs/pull/12/merge",
               "GITHUB_HEAD_REF": "feature/action", "GITHUB_BASE_REF": "main", "GITHUB_EVENT_PATH": str(event)}
    done, _outputs_of, page = run("gh-request", request)
    assert done.code == 0, done.err
    assert comments.bodies("team/site", "12")[0].partition("\n")[2].strip() == page.strip()
    assert "::warning file=a.html,line=1" in done.err, "an annotation where the broken link is written"

    done, _outputs_of, _page = run("gh-wrong", request, config=_CONFIG + "  regoin: x\n")
    assert done.code == 2
    assert f"::error file=serverless.yml,line={_CONFIG.count(chr(10)) + 1},col=3::" in done.err


@pytest.mark.parametrize(("system", "variables"), [
    ("cnb", {"CNB": "true", "CNB_EVENT": "push", "CNB_BRANCH": "testing"}),
    ("gitee", {"GITEE_PIPELINE_NAME": "x", "GITEE_BRANCH": "testing"}),
    ("jenkins", {"JENKINS_URL": "http://j/", "BRANCH_NAME": "testing", "WORKSPACE_TMP": "/nowhere"})])
def test_the_scripts_of_the_others(machine: Machine, system: str, variables: Mapping[str, str]) -> None:
    commit = machine.forge.push("testing", _FILES)
    texts = ci_texts((system,), machine.forge.work)[1]
    if system == "cnb":
        pipeline = yaml.safe_load(texts[".cnb.yml"])["**"]["push"][0]
        script = pipeline["stages"][0]["script"].splitlines()
    elif system == "gitee":
        script = yaml.safe_load(texts[".workflow/sitepub.yml"])["stages"][0]["steps"][0]["commands"]
    else:
        script = texts["Jenkinsfile"].split("'''")[1].replace("\\'", "'").replace("\\\\", "\\").splitlines()
    run, _folder = machine.run(commit, f"{system}-push", {"CI": "true", **variables}, script=script)
    assert run.code == 0, run.err
    assert "stage testing" in run.out and ("deploy: ok" in run.out or "deploy: unchanged" in run.out), run.out
