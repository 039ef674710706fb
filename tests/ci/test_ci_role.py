"""Keys that are stored nowhere: the role of a project, and a run that takes it with its identity token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions.ci.role import RoleOptions, subjects_of
from sitepub.ci.policy import least_policy
from sitepub.errors import CredentialsError, UsageError
from sitepub.tencent.account.identity import from_identity
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cloud_api import CloudApi
from tests.ci.issuer import ISSUER, issuer
from tests.config.loading import load
from tests.conftest import LocalCloud
from tests.e2e.conftest import Site, make_sitepub
from tests.tencent.scripted_server import answer, scripted
from tests.terminal.screen import Screen, sitepub

PAGE = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("options", "subjects"), [
    (RoleOptions("team/site", ("main",)), ("repo:team/site:ref:refs/heads/main",)),
    (RoleOptions("team/site", ("main", "a/b"), requests=True), (
        "repo:team/site:ref:refs/heads/main", "repo:team/site:ref:refs/heads/a/b", "repo:team/site:pull_request")),
    (RoleOptions("team/site", ("main",), ids="12/345"), ("repo:team@12/site@345:ref:refs/heads/main",)),
    (RoleOptions("group/sub/site", ("main",), "gitlab"), (
        "project_path:group/sub/site:ref_type:branch:ref:main",)),
    (RoleOptions("", ("main",), "cnb", subjects=("what:it:says",)), ("what:it:says",)),
])
def test_the_subjects_that_a_role_trusts(options: RoleOptions, subjects: tuple[str, ...]) -> None:
    assert subjects_of(options) == subjects


@pytest.mark.parametrize("options", [
    RoleOptions("site", ("main",)), RoleOptions("team/site:x", ("main",)), RoleOptions("team/site", ("m",), ids="x"),
    RoleOptions("team/site", ("main",), "cnb"), RoleOptions("team/site", ("main",), "gitlab", requests=True)])
def test_what_cannot_be_a_subject(options: RoleOptions) -> None:
    with pytest.raises(UsageError):
        subjects_of(options)


_HOSTS = """\
component: website
name: blog
inputs:
  src: ./public
  accelerate: true
  preview: {host: '${preview}.preview.example.com', edge: edgeone}
  hosts:
    - {host: a.example.com, https: auto}
    - {host: b.example.com, edge: cos, dns: off}
"""


def test_the_policy_has_what_the_documentation_has_and_no_more(tmp_path: Path) -> None:
    project = load(tmp_path, _HOSTS)
    statements: list[dict[str, Any]] = least_policy(project, "1250000000")["statement"]
    documented = set(re.findall(r"\"?((?:name/cos|cdn|teo|ssl|dnspod):[A-Z]\w+)", PAGE))
    given = {action for one in statements for action in one["action"]}
    assert given <= documented
    assert {"cdn:AddCdnDomain", "teo:DeleteAccelerationDomains", "ssl:ApplyCertificate", "dnspod:CreateRecord",
            "name/cos:PutBucketDomain", "name/cos:PutBucketAccelerate", "name/cos:DeleteBucket"} <= given
    writes = [one for one in statements if "name/cos:PutObject" in one["action"]]
    prefix = "qcs::cos:ap-guangzhou:uid/1250000000:"
    assert [one["resource"] for one in writes] == [
        [f"{prefix}blog-dev-1250000000/*"], [f"{prefix}sitepub-state-ap-guangzhou-1250000000/.sitepub"],
        [f"{prefix}sitepub-state-ap-guangzhou-1250000000/blog/dev/blog/*"],
        [f"{prefix}blog-dev-*/*"]]
    plain = least_policy(load(tmp_path, "component: website\nname: blog\ninputs: {src: ./p}\n"), "1250000000")
    assert {action.partition(":")[0] for one in plain["statement"] for action in one["action"]} == {"name/cos"}


@dataclass(frozen=True)
class Program:
    """The program in this process, with the embedded cloud of this worker."""

    environ: Mapping[str, str]

    def __call__(self, *words: str, cwd: Path, **more: str) -> tuple[int, Screen]:
        return sitepub(*words, "--local", "--cwd", str(cwd), environ={**self.environ, **more})


@pytest.fixture
def program(local_cloud: LocalCloud, home: Path) -> Program:
    return Program(make_sitepub(local_cloud, home).environ)


def _site(folder: Path, name: str) -> Site:
    site = Site(folder / name, name)
    site.write({"index.html": "<h1>first</h1>", "error.html": "<h1>no</h1>"})
    site.configure()
    return site


def test_a_role_is_shown_made_and_taken(program: Program, tmp_path: Path) -> None:
    site, other = _site(tmp_path, "ci-role"), _site(tmp_path, "ci-role-other")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(issuer().key_set))
    words = ("ci", "role", "--repo", "team/site", "--branch", "main", "--keys", str(keys))
    code, screen = program(*words, cwd=site.folder)
    assert code == 0, screen.noted
    assert "Nothing was made: --yes makes it." in screen.printed
    assert "repo:team/site:ref:refs/heads/main" in screen.printed
    _code, made = program(*words, "--yes", "--json", cwd=site.folder)
    assert made.object["steps"] == {"provider": "create", "policy": "create", "role": "create", "attached": "create"}
    _code, again = program(*words, "--yes", "--json", cwd=site.folder)
    assert again.object["status"] == "unchanged"
    site.configure(preview={"expires": "2 d"})
    _code, changed = program(*words, "--branch", "live", "--yes", "--json", cwd=site.folder)
    assert changed.object["steps"] == {"provider": "as it is", "policy": "update", "role": "update",
                                       "attached": "as it is"}
    assert changed.object["subjects"][1] == "repo:team/site:ref:refs/heads/live"

    ci = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main",
          "SITEPUB_ROLE": made.object["role"]}
    code, screen = program("ci", "run", cwd=site.folder, **ci, SITEPUB_ID_TOKEN=issuer().token())
    assert code == 0 and "deploy: ok" in screen.printed, screen.noted
    for command in (("deploy", "--preview", "pr-1"), ("previews", "remove", "pr-1", "--yes")):
        code, screen = program(*command, cwd=site.folder, **ci, SITEPUB_ID_TOKEN=issuer().token())
        assert code == 0, screen.noted
    code, screen = program("deploy", cwd=other.folder, **ci, SITEPUB_ID_TOKEN=issuer().token())
    assert code == 3, "the role is for one project"
    code, screen = program("deploy", cwd=site.folder, **ci, SITEPUB_ID_TOKEN=issuer().token(
        "repo:team/site:ref:refs/heads/feature"))
    assert code == 3 and "STS did not give keys for the identity token" in screen.noted
    assert "`sitepub ci role` shows what they are bound to" in screen.noted
    code, screen = program("deploy", cwd=site.folder, **ci)
    assert code == 3 and "id-token: write" in screen.noted
    request = {**ci, "GITHUB_HEAD_REF": "x", "GITHUB_BASE_REF": "main", "GITHUB_REF": "refs/pull/3/merge"}
    code, screen = program("ci", "run", cwd=site.folder, **request, SITEPUB_ID_TOKEN=issuer().token(
        "repo:team/site:pull_request"))
    assert code == 0 and "The role does not trust runs of requests" in screen.printed, screen.noted


def test_nothing_that_sitepub_did_not_make_is_changed(program: Program, local_cloud: LocalCloud, tmp_path: Path
                                                      ) -> None:
    api = CloudApi(Credentials(local_cloud.secret_id, local_cloud.secret_key, source="test"), local_cloud.region,
                   local_cloud.address)
    trust = json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": "name/sts:AssumeRole",
                                                         "principal": {"qcs": ["qcs::cam::uin/1:root"]}}]})
    site = _site(tmp_path, "ci-foreign")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(issuer().key_set))
    words = ("ci", "role", "--repo", "team/site", "--keys", str(keys), "--yes")
    api.call("cam", "2019-01-16", "CreateRole", {"RoleName": "theirs", "PolicyDocument": trust})
    code, screen = program(*words, "--name", "theirs", cwd=site.folder)
    assert code == 5 and "that sitepub did not make" in screen.noted
    keys.write_text("{}")
    code, screen = program(*words, "--issuer", "https://gitlab.example.com", "--system", "gitlab", cwd=site.folder)
    assert code == 2 and "no set of keys" in screen.noted
    assert program("ci", "role", cwd=site.folder)[0] == 2


def test_a_token_comes_from_the_runner_of_github(local_cloud: LocalCloud) -> None:
    with scripted(answer(200, b'{"value": "a.b.c"}')) as server:
        environ = {"GITHUB_ACTIONS": "true", "SITEPUB_ROLE": "qcs::cam::uin/100000000001:roleName/x",
                   "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.port}/token?api-version=2.0",
                   "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner-password"}
        with pytest.raises(CredentialsError, match="STS did not give keys"):
            from_identity(environ, local_cloud.address)
    (request,) = server.received
    assert request.target == "/token?api-version=2.0&audience=sitepub"
    assert request.headers["authorization"] == "Bearer runner-password"


@pytest.mark.parametrize(("environ", "words"), [
    ({"SITEPUB_ROLE": "arn:aws:iam::1:role/x"}, "is not a role of CAM"),
    ({"SITEPUB_ROLE": "qcs::cam::uin/100000000001:roleName/x"}, "has no identity token"),
])
def test_what_is_missing_is_said(environ: dict[str, str], words: str) -> None:
    with pytest.raises(CredentialsError, match=words):
        from_identity(environ)
    assert from_identity({}) is None
    assert ISSUER.startswith("https://")
