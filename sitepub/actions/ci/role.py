"""The role that runs of CI take instead of stored keys: an identity provider, the role, and the least policy."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sitepub.ci.policy import least_policy
from sitepub.config.project import Project
from sitepub.config.small_file import read_small_text
from sitepub.config.stages import safe_stage
from sitepub.errors import Refused, SitepubError, UsageError
from sitepub.tencent.account.account import caller
from sitepub.tencent.account.identity import AUDIENCE, PROVIDERS
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.network.one_request import ask

VERSION = "2019-01-16"
ISSUERS = {"github": "https://token.actions.githubusercontent.com", "gitlab": "https://gitlab.com"}
MARK = "made by sitepub"
"""In the descriptions: what has another one is not changed."""
_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){1,10}")
_IDS = re.compile(r"([0-9]{1,20})/([0-9]{1,20})")
_SESSION = 7200
_MISSING = ("ResourceNotFound.IdentityNotExist", "InvalidParameter.RoleNotExist", "ResourceNotFound.PolicyIdNotFound")


@dataclass(frozen=True, slots=True)
class RoleOptions:
    repo: str
    branches: tuple[str, ...]
    system: str = "github"
    ids: str = ""
    """``OWNER_ID/REPO_ID`` at GitHub."""
    requests: bool = False
    """Requests of the repository itself may take the role, too."""
    issuer: str = ""
    keys: str = ""
    """File with the keys of the issuer (JWKS); "": they are fetched from it."""
    subjects: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class RolePlan:
    """What is wanted, and what of it is there."""

    provider: str
    issuer: str
    subjects: tuple[str, ...]
    role: str
    arn: str
    trust: Mapping[str, Any]
    policy: Mapping[str, Any]
    steps: tuple[tuple[str, str], ...]
    """``provider``, ``policy``, ``role``, ``attached`` → ``create``, ``update`` or ``as it is``."""
    keys: str = ""
    clients: tuple[str, ...] = (AUDIENCE,)
    policy_id: int = 0

    @property
    def changes(self) -> bool:
        return any(state != "as it is" for _what, state in self.steps)


def subjects_of(options: RoleOptions) -> tuple[str, ...]:
    """The ``sub`` of the tokens that the role trusts, as each system writes it."""
    if options.subjects:
        return options.subjects
    if not _REPO.fullmatch(options.repo):
        raise UsageError(f"{options.repo!r} is not a repository.", hint="It looks like OWNER/NAME.")
    match options.system:
        case "github":
            owner, _, name = options.repo.partition("/")
            if options.ids:
                ids = _IDS.fullmatch(options.ids)
                if ids is None:
                    raise UsageError("--repo-id is OWNER_ID/REPO_ID, two numbers.",
                                     hint="gh api repos/OWNER/NAME -q '\"\\(.owner.id)/\\(.id)\"' shows them.")
                owner, name = f"{owner}@{ids[1]}", f"{name}@{ids[2]}"
            found = [f"repo:{owner}/{name}:ref:refs/heads/{branch}" for branch in options.branches]
            return (*found, *([f"repo:{owner}/{name}:pull_request"] if options.requests else []))
        case "gitlab":
            if options.requests:
                raise UsageError("GitLab's tokens name the branch of a request, not the request: give its --branch.")
            return tuple(f"project_path:{options.repo}:ref_type:branch:ref:{branch}" for branch in options.branches)
    raise UsageError(f"How the tokens of {options.system} name a repository is not documented.",
                     hint="Give --issuer and --subject: the claims iss and sub of a token, as a run shows them.")


def plan_role(project: Project, cloud: Cloud, options: RoleOptions) -> RolePlan:
    """Look what is there. Raises Refused for a provider or a role of that name that sitepub did not make."""
    subjects = subjects_of(options)
    issuer = (options.issuer or ISSUERS.get(options.system, "")).rstrip("/")
    if urlsplit(issuer).scheme != "https":
        raise UsageError("The issuer of the tokens is an https address.", hint="Give it with --issuer.")
    api = CloudApi(cloud.credentials, cloud.region, cloud.embedded)
    uin = caller(api).account_id
    provider = PROVIDERS.get(options.system, "sitepub-ci")
    if issuer != ISSUERS.get(options.system):
        provider = f"{provider}-{safe_stage(urlsplit(issuer).netloc + urlsplit(issuer).path)}"
    role = options.name or f"sitepub-{safe_stage(project.name)}-{safe_stage(project.stage)}"
    trust = {"version": "2.0", "statement": [{
        "effect": "allow", "action": ["name/sts:AssumeRoleWithWebIdentity"],
        "principal": {"federated": [f"qcs::cam::uin/{uin}:oidc-provider/{provider}"]},
        "condition": {"string_equal": {"oidc:iss": [issuer], "oidc:aud": [AUDIENCE], "oidc:sub": list(subjects)}}}]}
    policy = least_policy(project, cloud.app_id)
    plan = RolePlan(provider, issuer, subjects, role, f"qcs::cam::uin/{uin}:roleName/{role}", trust, policy, ())
    return _compared(api, plan, options)


def _compared(api: CloudApi, plan: RolePlan, options: RoleOptions) -> RolePlan:
    there = _read(api, "DescribeOIDCConfig", {"Name": plan.provider})
    clients = list(map(str, there.get("ClientId") or ())) if there is not None else []
    if there is not None and str(there.get("IdentityUrl", "")).rstrip("/") != plan.issuer:
        raise Refused(f"There is an identity provider {plan.provider} for another issuer: {there.get('IdentityUrl')}.",
                      code="OtherProvider", hint="Delete or rename it in the console (CAM, identity providers).")
    state = "create" if there is None else "as it is" if AUDIENCE in clients else "update"
    keys = str(there.get("IdentityKey") or "") if there is not None else ""
    if state == "create":
        keys = _keys(plan.issuer, options.keys)
    steps = [("provider", state)]

    policy_id, found = _policy(api, plan.role)
    steps.append(("policy", "create" if found is None else "as it is" if found == plan.policy else "update"))

    answer = _read(api, "GetRole", {"RoleName": plan.role})
    info = answer.get("RoleInfo") if answer is not None else None
    if isinstance(info, dict):
        if MARK not in str(info.get("Description", "")):
            raise Refused(f"There is a role {plan.role} that sitepub did not make.", code="OtherRole",
                          hint="Choose another name with --name.")
        steps.append(("role", "as it is" if _json(info.get("PolicyDocument")) == plan.trust else "update"))
        attached = api.call("cam", VERSION, "ListAttachedRolePolicies", {"RoleName": plan.role, "Page": 1, "Rp": 200})
        names = {one.get("PolicyName") for one in attached.get("List") or () if isinstance(one, dict)}
        steps.append(("attached", "as it is" if plan.role in names else "create"))
    else:
        steps += [("role", "create"), ("attached", "create")]
    return replace(plan, steps=tuple(steps), keys=keys, policy_id=policy_id,
                   clients=(*clients, *([] if AUDIENCE in clients else [AUDIENCE])))


def make_role(cloud: Cloud, plan: RolePlan) -> None:
    """Make what the plan lacks. Again after a break: what is there is kept."""
    api = CloudApi(cloud.credentials, cloud.region, cloud.embedded)
    state = dict(plan.steps)
    provider = {"Name": plan.provider, "IdentityUrl": plan.issuer, "ClientId": list(plan.clients),
                "IdentityKey": plan.keys, "Description": f"Identity tokens of CI, {MARK}", "AutoRotateKey": 1}
    policy, trust = json.dumps(plan.policy), json.dumps(plan.trust)
    if state["provider"] != "as it is":
        api.call("cam", VERSION, "CreateOIDCConfig" if state["provider"] == "create" else "UpdateOIDCConfig", provider)
    if state["policy"] == "create":
        api.call("cam", VERSION, "CreatePolicy", {"PolicyName": plan.role, "PolicyDocument": policy,
                                                  "Description": f"A site in CI, {MARK}"})
    elif state["policy"] == "update":
        api.call("cam", VERSION, "UpdatePolicy", {"PolicyId": plan.policy_id, "PolicyDocument": policy})
    if state["role"] == "create":
        api.call("cam", VERSION, "CreateRole", {
            "RoleName": plan.role, "PolicyDocument": trust, "Description": f"Runs of CI, {MARK}", "ConsoleLogin": 0,
            "SessionDuration": _SESSION})
    elif state["role"] == "update":
        api.call("cam", VERSION, "UpdateAssumeRolePolicy", {"RoleName": plan.role, "PolicyDocument": trust})
    if state["attached"] == "create":
        api.call("cam", VERSION, "AttachRolePolicy", {"AttachRoleName": plan.role, "PolicyName": plan.role})


def _policy(api: CloudApi, name: str) -> tuple[int, object]:
    """Id and document of the account's own policy of that name."""
    listed = api.call("cam", VERSION, "ListPolicies", {"Scope": "Local", "Keyword": name, "Rp": 200, "Page": 1})
    named = (one for one in listed.get("List") or () if isinstance(one, dict) and one.get("PolicyName") == name)
    one = next(named, None)
    if one is None:
        return 0, None
    if MARK not in str(one.get("Description", "")):
        raise Refused(f"There is a policy {name} that sitepub did not make.", code="OtherPolicy",
                      hint="Choose another name with --name.")
    found = _read(api, "GetPolicy", {"PolicyId": one.get("PolicyId")}) or {}
    return int(one.get("PolicyId") or 0), _json(found.get("PolicyDocument"))


def _read(api: CloudApi, action: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return api.call("cam", VERSION, action, dict(parameters))
    except SitepubError as error:
        if error.code in _MISSING:
            return None
        raise


def _json(text: object) -> object:
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return None


def _keys(issuer: str, file: str) -> str:
    """The issuer's public keys as CAM takes them: the key set in Base64."""
    text = read_file(file) if file else _fetched(issuer)
    keys = _json(text)
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list) or not keys["keys"]:
        raise UsageError(f"{file or issuer} gives no set of keys (JWKS).", code="NoKeys")
    return base64.b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode()


def read_file(file: str) -> str:
    try:
        return read_small_text(Path(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read ({type(error).__name__}).", code="NoKeys") from error


def _fetched(issuer: str) -> str:
    """By OpenID Connect Discovery: the issuer says where its keys are."""
    described = _json(_get(f"{issuer}/.well-known/openid-configuration"))
    address = described.get("jwks_uri") if isinstance(described, dict) else None
    if not isinstance(address, str) or urlsplit(address).scheme != "https":
        raise UsageError(f"{issuer} does not say where its keys are (jwks_uri).", code="NoKeys",
                         hint="Save them in a file and name it with --keys.")
    return _get(address)


def _get(address: str) -> str:
    answer = ask("GET", address, direct=False)
    if answer.status != 200:
        raise UsageError(f"{address} answered {answer.status}.", code="NoKeys",
                         hint="Save the keys of the issuer in a file and name it with --keys.")
    return answer.body.decode("utf-8", "replace")


def sentences(plan: RolePlan, options: RoleOptions) -> Sequence[str]:
    """What the role is bound to, for people."""
    said = [f"It takes tokens of {plan.issuer} made for {AUDIENCE!r}, of these subjects alone:"]
    said += [f"  {one}" for one in plan.subjects]
    if options.system == "github" and not options.ids and not options.subjects:
        said.append("Repositories that were made or renamed since 2026-07-15 (or opted in) have other subjects, with"
                    " numbers in them: give those with --repo-id.")
    if options.requests:
        said.append("All who may push a branch to the repository can take the role with a pull request.")
    return said
