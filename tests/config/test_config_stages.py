"""Which stage a branch publishes to, and what a stage has of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.identifiers import is_identifier
from sitepub.config.repository.branch_here import branch_here
from sitepub.config.repository.ci_run import ci_run
from sitepub.config.schema import json_schema
from sitepub.config.stages import LONGEST, safe_stage
from sitepub.config.star_pattern import matches
from sitepub.publish.release.origin import origin_here
from tests.config.loading import load, only, place, problems

_SITE = "component: website\nname: blog\ninputs:\n  src: ./public\n"
_MAP = """\
component: website
name: blog
stages:
  main: prod
  testing: test
  'release/*': staging
  'feature/*': '${branch}'
  'hotfix/*': fix-${git:branch}
  prod:
    inputs: {region: ap-shanghai}
inputs:
  src: ./public
"""


def _push(branch: str) -> dict[str, str]:
    return {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": branch}


@pytest.mark.parametrize(("branch", "stage"), [
    ("main", "prod"),
    ("testing", "test"),
    ("release/1.2", "staging"),
    ("release/a/b", "staging"),
    ("feature/login", "feature-login"),
    ("feature/Log_In", "feature-log-in"),
    ("feature/a//b..c", "feature-a-b-c"),
    ("feature/twenty-two-characters", "feature-twenty-two-characters"),
    ("feature/a-very-long-name-of-a-branch", "feature-a-very-long-nam-fc5a8a"),
    ("feature/登录", "feature-cef8e1"),
    ("feature/注册", "feature-1dda28"),
    ("hotfix/7", "fix-hotfix-7"),
])
def test_the_stage_of_a_branch(tmp_path: Path, branch: str, stage: str) -> None:
    project = load(tmp_path, _MAP, environ=_push(branch))
    assert project.stage == stage
    assert project.stage_from.startswith(f"the branch {branch}, by `stages` at ")
    assert len(stage) <= LONGEST


def test_the_stage_of_the_command_line_wins_and_has_its_inputs(tmp_path: Path) -> None:
    project = load(tmp_path, _MAP, stage="prod", environ=_push("feature/x"))
    assert (project.stage, project.region) == ("prod", "ap-shanghai")


@pytest.mark.parametrize("branch", ["other", "mainline", "features/x", "feature"])
def test_a_branch_that_nothing_fits_has_no_stage(tmp_path: Path, branch: str) -> None:
    found = only(problems(tmp_path, _MAP, environ=_push(branch)))
    assert f"fits the branch `{branch}`" in found.message
    assert "--stage" in (found.hint or "")
    project = load(tmp_path, "stage: dev\n" + _MAP, environ=_push(branch))
    assert project.stage == "dev"


def test_where_the_branch_is_not_known_the_file_has_to_name_a_stage(tmp_path: Path) -> None:
    assert "the branch is not known here" in only(problems(tmp_path, _MAP)).message
    assert load(tmp_path, "stage: qa\n" + _MAP).stage == "qa"


def test_a_branch_does_not_get_the_stage_of_another_by_its_name(tmp_path: Path) -> None:
    text = _MAP.replace("'feature/*'", "'*'")
    found = only(problems(tmp_path, text, environ=_push("prod")))
    assert "the branch `prod` would publish to the stage `prod`, which belongs to `main`" in found.message
    assert load(tmp_path, text, environ=_push("demo")).stage == "demo"


@pytest.mark.parametrize(("text", "branch", "stage"), [
    ("${git:branch}", "Feature/X", "feature-x"),
    ("${git:branch, 'dev'}", None, "dev"),
    ("pre-${git:branch}", "a/b", "pre-a-b"),
    ("${env:STAGE, ${git:branch}}", "a/b", "a-b"),
    ("Prod_1", "a/b", "Prod_1"),
])
def test_a_stage_that_is_named_after_the_branch(tmp_path: Path, text: str, branch: str | None, stage: str) -> None:
    project = load(tmp_path, f"stage: \"{text}\"\n{_SITE}  env: {{STAGE: '${{stage}}'}}\n",
                   environ=_push(branch) if branch is not None else {})
    assert (project.stage, project.env["STAGE"]) == (stage, stage)


def test_the_env_file_of_the_branchs_stage_is_read_and_has_no_say_in_the_branch(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GITHUB_REF_NAME=main\nGITHUB_ACTIONS=true\nGITHUB_REF_TYPE=branch\nA=all\n")
    (tmp_path / ".env.feature-x").write_text("A=own\n")
    text = "stage: ${git:branch, 'none'}\n" + _SITE + "  env: {A: '${env:A}'}\n"
    assert load(tmp_path, text, environ=_push("feature/x")).env["A"] == "own"
    assert load(tmp_path, text).stage == "none"


def test_inputs_of_a_stage_are_merged_over_the_rest(tmp_path: Path) -> None:
    text = """\
component: website
name: blog
stages:
  prod:
    branch: [main, 'v*']
    inputs:
      bucket: live
      src: {index: start.html}
      env: {B: '2', DEEP: {x: 1}}
      tags: [{key: a, value: b}]
      https: {http2: on}
      region:
      envPath: js
  'pr*':
    inputs: {env: {B: '1', C: '3'}, keyPrefix: sub}
inputs:
  src: ./public
  bucketName: test
  region: ap-beijing
  env: {A: '1', B: '0', DEEP: {y: 2}}
  tags: [{key: c, value: d}, {key: e, value: f}]
  https: auto
  hosts: [{host: www.example.com}]
"""
    for branch in ("main", "v2"):
        project = load(tmp_path, text, environ=_push(branch))
        assert project.stage == "prod"
        assert (project.bucket_name, project.region, project.website.index) == ("live", "ap-guangzhou", "start.html")
        assert project.env == {"A": "1", "B": "2", "C": "3", "DEEP": {"x": 1, "y": 2}}
        assert (project.tags, project.key_prefix, project.source.env_path) == ({"a": "b"}, "sub/", "js")
        assert project.hosts[0].auto_certificate and (project.hosts[0].https or {})["http2"] == "on"
    shown = {one.path: (one.before, one.after, one.position.line) for one in project.overrides}
    assert shown["inputs.bucket"] == ("test", "live", 7)
    assert shown["inputs.env.B"] == ("1", "2", 9)
    assert shown["inputs.env.DEEP.x"] == (None, "1", 9)
    assert shown["inputs.region"] == ("ap-beijing", "nothing", 12)
    assert shown["inputs.tags"] == ("a list of 2", "a list of 1", 10)
    other = load(tmp_path, "stage: dev\n" + text, environ=_push("x"))
    assert (other.bucket_name, other.overrides) == ("test", ())


def test_the_command_line_wins_over_the_inputs_of_a_stage(tmp_path: Path) -> None:
    assert load(tmp_path, _MAP, environ=_push("main"), inputs=["region=ap-nanjing"]).region == "ap-nanjing"


def test_a_secret_is_not_shown_as_an_override(tmp_path: Path) -> None:
    text = _SITE + """\
  hosts: [{host: a.example.com}]
stages: {prod: {inputs: {https: {certInfo: {certificate: a.pem, privateKey: hidden-words}}, env: {K: '${env:K}'}}}}
"""
    (tmp_path / "a.pem").write_text("")
    found = repr(load(tmp_path, text, stage="prod", environ={"K": "value-of-k"}).overrides)
    assert "hidden-words" not in found and "value-of-k" not in found and "${env:K}" in found


@pytest.mark.parametrize(("stages", "message", "where"), [
    ("[main]", "`stages` is a map of branches and stages, not a list", (5, 9)),
    ("{main: [prod]}", "`stages.main` is a stage's name or a map, not a list", (5, 16)),
    ("{prod: {input: {}}}", "unknown key `stages.prod.input`", (5, 17)),
    ("{prod: {inputs: {regoin: ap-beijing}}}", "unknown key `stages.prod.inputs.regoin`", (5, 26)),
    ("{prod: {inputs: text}}", "`stages.prod.inputs` is a map, not text", (5, 25)),
    ("{'feature/x': {inputs: {}}}", "`stages.feature/x` holds a map, so its key is a stage", (5, 10)),
    ("{'pre-*': {branch: x}}", "`stages.pre-*` stands for several stages", (5, 20)),
    ("{prod: {branch: {a: b}}}", "`stages.prod.branch` is the name of a branch, or a list of them", (5, 25)),
])
def test_mistakes_have_their_place(tmp_path: Path, stages: str, message: str, where: tuple[int, int]) -> None:
    found = [one for one in problems(tmp_path, f"{_SITE}stages: {stages}\n", stage="dev") if message in one.message]
    assert [place(one) for one in found] == [where]


def test_mistakes_in_the_text_of_a_stage(tmp_path: Path) -> None:
    text = "component: website\nname: blog\nstages: {main: 'A/B', 'x*': '${brunch}'}\ninputs: {src: ./public}\n"
    assert "`stage`" in only(problems(tmp_path, text, environ=_push("main"))).message
    assert "unknown variable `${brunch}`" in only(problems(tmp_path, text, environ=_push("x1"))).message
    outside = only(problems(tmp_path, _SITE + "  env: {B: '${branch}'}\n"))
    assert outside.hint == "Write `${git:branch}`: `${branch}` is known in the values of `stages` alone."


def test_stages_of_the_parent_folder(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text("stages: {main: prod, prod: {inputs: {region: ap-nanjing}}}\n")
    project = load(tmp_path / "blog", _SITE, environ=_push("main"))
    assert (project.stage, project.region) == ("prod", "ap-nanjing")


@pytest.mark.parametrize(("pattern", "name", "fit"), [
    ("main", "main", True), ("main", "mainx", False), ("*", "", True), ("*", "a/b", True), ("a*b", "ab", True),
    ("a*b", "a/x/b", True), ("a*a", "a", False), ("*-*-*", "a-b", False), ("*-*-*", "a-b-c", True),
    ("a**c", "abc", True), ("[ab]", "a", False), ("v?", "v1", False), ("*x*y", "yx", False), ("*x*y", "xy", True),
])
def test_patterns(pattern: str, name: str, fit: bool) -> None:
    assert matches(pattern, name) is fit


@given(st.text(max_size=80))
def test_every_branch_has_a_name_that_can_be_a_stage(branch: str) -> None:
    stage = safe_stage(branch)
    assert is_identifier(stage) and len(stage) <= LONGEST and stage == stage.lower() == safe_stage(stage)


_RUNS: list[tuple[dict[str, str], str | None, str | None, str | None]] = [
    ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "a/b"}, "a/b", None, None),
    ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, None, "v1", None),
    ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "7/merge",
      "GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": "feature/x", "GITHUB_BASE_REF": "main"},
     "feature/x", None, "7"),
    ({"GITLAB_CI": "true", "CI": "true", "CI_COMMIT_BRANCH": "a/b"}, "a/b", None, None),
    ({"GITLAB_CI": "true", "CI_COMMIT_TAG": "v1", "CI_COMMIT_REF_NAME": "v1"}, None, "v1", None),
    ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "8", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "x",
      "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "eve/site", "CI_MERGE_REQUEST_PROJECT_PATH": "team/site"},
     "eve:x", None, "8"),
    ({"CNB": "true", "CNB_EVENT": "push", "CNB_BRANCH": "a/b"}, "a/b", None, None),
    ({"CNB": "true", "CNB_EVENT": "tag_push", "CNB_BRANCH": "v1"}, None, "v1", None),
    ({"CNB": "true", "CNB_EVENT": "pull_request", "CNB_BRANCH": "main", "CNB_PULL_REQUEST_BRANCH": "x",
      "CNB_PULL_REQUEST_IID": "9", "CNB_PULL_REQUEST_SLUG": "team/site", "CNB_REPO_SLUG": "team/site"}, "x", None, "9"),
    ({"GITEE_PIPELINE_NAME": "p", "GITEE_BRANCH": "a/b"}, "a/b", None, None),
    ({"GITEE_PIPELINE_NAME": "p", "GITEE_BRANCH": "main", "GITEE_SOURCE_BRANCH": "x", "GITEE_PULL_ID": "3"},
     "x", None, "3"),
    ({"JENKINS_URL": "http://j/", "GIT_BRANCH": "origin/a/b"}, "a/b", None, None),
    ({"JENKINS_URL": "http://j/", "BRANCH_NAME": "PR-4", "CHANGE_ID": "4", "CHANGE_BRANCH": "x",
      "CHANGE_TARGET": "main"}, "x", None, "4"),
    ({"JENKINS_URL": "http://j/", "BRANCH_NAME": "PR-4", "CHANGE_ID": "4", "CHANGE_BRANCH": "main",
      "CHANGE_FORK": "eve"}, "eve:main", None, "4"),
    ({"CI": "true", "CIRCLE_BRANCH": "a/b"}, "a/b", None, None),
    ({"CI": "true", "DRONE_TAG": "v1", "DRONE_BRANCH": "main"}, None, "v1", None),
    ({"CNB": "true", "CNB_EVENT": "tag_deploy.production", "CNB_BRANCH": "v1", "CNB_IS_TAG": "true"}, None, "v1", None),
    ({"CI": "true", "CODING": "true", "CODING_EVENT": "push", "CODING_BRANCH": "a/b"}, "a/b", None, None),
    ({"CI": "true", "CODING": "true", "CODING_EVENT": "tag_push", "CODING_BRANCH": "v1"}, None, "v1", None),
    ({"CI": "true", "CODING_EVENT": "merge_request", "CODING_BRANCH": "main", "CODING_MERGE_REQUEST_IID": "2",
      "CODING_MERGE_REQUEST_BRANCH": "x", "CODING_MERGE_REQUEST_SLUG": "eve/site", "CODING_REPO_SLUG": "team/site"},
     "eve:x", None, "2"),
    ({"CI": "true", "JENKINS_URL": "http://j/", "MR_RESOURCE_ID": "5", "MR_SOURCE_BRANCH": "x", "BRANCH_NAME": "mr/5",
      "MR_TARGET_BRANCH": "main"}, "x", None, "5"),
    ({"JENKINS_URL": "http://j/", "GIT_BRANCH": "refs/remotes/origin/a/b"}, "a/b", None, None),
    ({"JENKINS_URL": "http://j/", "GIT_BRANCH": "upstream/a/b", "GIT_LOCAL_BRANCH": "a/b"}, "a/b", None, None),
    ({"JENKINS_URL": "http://j/", "GIT_BRANCH": "detached"}, None, None, None),
    ({"TF_BUILD": "True", "CI": "true", "BUILD_SOURCEBRANCH": "refs/heads/a/b", "BUILD_SOURCEBRANCHNAME": "b"}, "a/b",
     None, None),
    ({"CI": "true", "BUILD_SOURCEBRANCH": "refs/tags/v1", "BUILD_SOURCEBRANCHNAME": "v1"}, None, "v1", None),
    ({"CI": "true", "BUILD_SOURCEBRANCH": "refs/pull/3/merge", "SYSTEM_PULLREQUEST_PULLREQUESTID": "3",
      "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/x/y", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
      "SYSTEM_PULLREQUEST_ISFORK": "False"}, "x/y", None, "3"),
    ({"CI": "true", "TRAVIS_BRANCH": "main", "TRAVIS_PULL_REQUEST": "5", "TRAVIS_PULL_REQUEST_BRANCH": "main",
      "TRAVIS_PULL_REQUEST_SLUG": "eve/site", "TRAVIS_REPO_SLUG": "team/site"}, "eve:main", None, "5"),
    ({"CI": "true", "TRAVIS_BRANCH": "main", "TRAVIS_PULL_REQUEST": "false"}, "main", None, None),
    ({"CI": "true", "DRONE_BRANCH": "main", "DRONE_TARGET_BRANCH": "main", "DRONE_SOURCE_BRANCH": "x",
      "DRONE_PULL_REQUEST": "4"}, "x", None, "4"),
    ({"CI": "true", "DRONE_BRANCH": "main", "DRONE_TARGET_BRANCH": "main", "DRONE_SOURCE_BRANCH": "main",
      "DRONE_PULL_REQUEST": "4"}, "fork:main", None, "4"),
    ({"CI": "woodpecker", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SOURCE_BRANCH": "x", "CI_COMMIT_TARGET_BRANCH": "main",
      "CI_COMMIT_PULL_REQUEST": "9"}, "x", None, "9"),
    ({"CI": "true", "BUILDKITE_BRANCH": "x", "BUILDKITE_PULL_REQUEST": "false"}, "x", None, None),
    ({"CI": "true", "BITBUCKET_BRANCH": "x", "BITBUCKET_PR_ID": "1", "BITBUCKET_PR_DESTINATION_BRANCH": "main"}, "x",
     None, "1"),
    ({"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/a/b"}, "a/b", None, None),
    ({"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v1"}, None, "v1", None),
    ({"GITEE_PIPELINE_NAME": "p", "GITEE_BRANCH": "main", "GITEE_SOURCE_BRANCH": "main", "GITEE_PULL_ID": "3"},
     "fork:main", None, "3"),
]


@pytest.mark.parametrize(("environ", "branch", "tag", "request_number"), _RUNS)
def test_what_ci_systems_say(environ: dict[str, str], branch: str | None, tag: str | None,
                             request_number: str | None) -> None:
    run = ci_run(environ)
    assert run is not None
    assert (run.branch, run.tag, run.request.number if run.request else None) == (branch, tag, request_number)


@pytest.mark.parametrize(("head", "branch"), [("eve/site", "eve:main"), (None, "fork:main"), ("Team/Site", "main")])
def test_a_branch_of_a_fork_is_not_ours(tmp_path: Path, head: str | None, branch: str) -> None:
    event = {"action": "closed", "pull_request": {"number": 5, "head": {"repo": head and {"full_name": head}}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    run = ci_run({"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "main", "GITHUB_REPOSITORY": "team/site",
                  "GITHUB_EVENT_PATH": str(tmp_path / "event.json")})
    assert run is not None and run.request is not None
    assert (run.branch, run.request.number, run.request.closed) == (branch, "5", True)
    project = load(tmp_path, "stages: {main: prod, '*': '${branch}'}\n" + _SITE, environ={
        "GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "main", "GITHUB_REPOSITORY": "team/site",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json")})
    assert project.stage == ("prod" if branch == "main" else safe_stage(branch))


@pytest.mark.parametrize(("environ", "branch"), [
    ({"DRONE_PULL_REQUEST": "4", "DRONE_SOURCE_BRANCH": "x", "DRONE_TARGET_BRANCH": "main"}, "x"),
    ({"CODING_MERGE_REQUEST_IID": "4", "CODING_MERGE_REQUEST_BRANCH": "x", "CODING_BRANCH": "main"}, "x"),
    ({"DRONE_PULL_REQUEST": "4", "DRONE_SOURCE_BRANCH": "main", "DRONE_TARGET_BRANCH": "main"}, "fork:main"),
    ({"DRONE_PULL_REQUEST": "4", "DRONE_TARGET_BRANCH": "main"}, None),
    ({"DRONE_BRANCH": "main"}, "main"), ({}, "main"),
])
def test_a_request_that_was_merged_into_its_checked_out_target_is_not_the_target(
    tmp_path: Path, environ: dict[str, str], branch: str | None
) -> None:
    _git(tmp_path, "init", "-q", "-b", "main")
    assert branch_here(tmp_path, {"CI": "true", **environ}) == branch
    assert origin_here(tmp_path, {"CI": "true", **environ}).branch == branch


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@y", *words], cwd=folder, check=True,
                          capture_output=True, text=True).stdout.strip()


def test_values_of_git_in_a_real_repository(tmp_path: Path) -> None:
    text = ("component: website\nname: blog\nstage: ${git:branch, 'detached'}\ninputs:\n  src: ./public\n  env:\n"
            "    BRANCH: ${git:branch, 'none'}\n    COMMIT: ${git:commit}\n    TAG: ${git:tag, 'none'}\n"
            "    DIRTY: ${git:dirty}\n")
    assert {one.message.partition(" is not known")[0] for one in problems(tmp_path, text)} == {
        "the commit", "the state of the files"}
    _git(tmp_path, "init", "-q", "-b", "feature/One")
    _git(tmp_path, "add", "serverless.yml")
    _git(tmp_path, "commit", "-qm", "first")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    project = load(tmp_path, text)
    assert project.env == {"BRANCH": "feature/One", "COMMIT": commit, "TAG": "none", "DIRTY": "false"}
    assert project.stage == "feature-one"
    _git(tmp_path, "tag", "v1.9")
    _git(tmp_path, "tag", "-a", "-m", "annotated", "v1.10")
    assert load(tmp_path, text).env["TAG"] == "v1.10"
    _git(tmp_path, "pack-refs", "--all")
    _git(tmp_path, "gc", "-q")
    _git(tmp_path, "checkout", "-q", "--detach")
    project = load(tmp_path, text + "# changed\n")
    assert project.env == {"BRANCH": "none", "COMMIT": commit, "TAG": "v1.10", "DIRTY": "true"}
    assert project.stage == "detached"
    assert load(tmp_path, text, environ=_push("from/ci")).stage == "from-ci"
    wrong = only(problems(tmp_path, text + "    X: ${git:brnch}\n"))
    assert wrong.hint == "Did you mean `${git:branch}`?"


@pytest.mark.parametrize("stages", [
    "{main: prod, 'feature/*': '${branch}'}", "{prod: {inputs: {region: ap-beijing}}, main: prod}",
    "{prod: {branch: main}}", "{prod: {branch: [a, b], inputs: {src: {index: i.html}}}}"])
def test_the_schema_knows_stages(stages: str) -> None:
    jsonschema.validate(yaml.safe_load(_SITE + f"stages: {stages}\n"), json_schema())


@pytest.mark.parametrize("stages", ["[main]", "{prod: {input: {}}}", "{prod: {inputs: {regoin: x}}}", "{main: [a]}"])
def test_the_schema_refuses_what_the_loader_refuses(stages: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(_SITE + f"stages: {stages}\n"), json_schema())
