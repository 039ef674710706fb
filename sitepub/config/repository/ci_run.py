"""The run of a CI system, as its environment variables describe it: branch, request, who started it, where it is shown.

GitHub Actions (also Gitea and Forgejo, which set the same names), GitLab CI (predefined variables), CNB
(docs.cnb.cool/zh/build/build-in-env.html), Gitee Go (help.gitee.com/gitee-go/pipeline/parameter), Jenkins with its
branch sources (CHANGE_…), and the names of branch, run and tag of those that have no more than these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sitepub.config.small_file import read_small

_LINKS: tuple[tuple[str, ...], ...] = (
    ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "=actions/runs", "GITHUB_RUN_ID"),
    ("CI_JOB_URL",), ("CNB_BUILD_WEB_URL",), ("CODING_BUILD_WEB_URL",), ("CIRCLE_BUILD_URL",),
    ("TRAVIS_BUILD_WEB_URL",), ("BUILDKITE_BUILD_URL",), ("DRONE_BUILD_LINK",), ("CI_PIPELINE_URL",),
    ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "=_build/results?buildId=", "BUILD_BUILDID"),
    ("BITBUCKET_GIT_HTTP_ORIGIN", "=pipelines/results", "BITBUCKET_BUILD_NUMBER"), ("BUILD_URL",))
"""Variables whose values, joined by slashes, are the address of the run: GitHub and Gitea, GitLab, CNB, CircleCI,
Travis, Buildkite, Drone and Woodpecker, Azure, Bitbucket, Jenkins and CODING; ``=`` begins a text of its own."""
_SYSTEMS = (("GITHUB_ACTIONS", "github"), ("GITLAB_CI", "gitlab"), ("CNB", "cnb"), ("GITEE_PIPELINE_NAME", "gitee"),
            ("JENKINS_URL", "jenkins"), ("CI", "other"))
"""A variable that a system sets, and its name here. Others that set ``CI`` come last: many set it beside their own."""
_BRANCHES = ("CIRCLE_BRANCH", "TRAVIS_BRANCH", "BUILDKITE_BRANCH", "DRONE_BRANCH", "BITBUCKET_BRANCH", "CODING_BRANCH",
             "BRANCH_NAME", "GIT_LOCAL_BRANCH", "GIT_BRANCH", "BUILD_SOURCEBRANCH", "CI_COMMIT_BRANCH")
_OF_BRANCHES = ("refs/heads/", "refs/remotes/origin/", "remotes/origin/", "origin/")
_OF_TAGS = "refs/tags/"
_NO_BRANCH = frozenset({"HEAD", "detached"})
"""What Jenkins and git say where there is none."""
_TAGS = ("CIRCLE_TAG", "TRAVIS_TAG", "BUILDKITE_TAG", "DRONE_TAG", "BITBUCKET_TAG", "TAG_NAME", "CI_COMMIT_TAG")
_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "CNB_COMMIT", "CODING_COMMIT", "GITEE_COMMIT", "GIT_COMMIT",
            "CIRCLE_SHA1", "TRAVIS_COMMIT", "BUILDKITE_COMMIT", "DRONE_COMMIT_SHA", "BITBUCKET_COMMIT",
            "BUILD_SOURCEVERSION")
_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "CNB_BUILD_USER", "CODING_BUILD_USER", "GITEE_PIPELINE_TRIGGER_USER",
           "CHANGE_AUTHOR", "BUILD_USER_ID", "CIRCLE_USERNAME", "BUILDKITE_BUILD_CREATOR", "DRONE_COMMIT_AUTHOR",
           "BUILD_REQUESTEDFOR", "CI_COMMIT_AUTHOR")
_LONGEST = 500
_EVENT_LIMIT = 10_000_000
"""Bytes of GitHub's description of an event."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Request:
    """A pull or merge request."""

    number: str
    branch: str | None = None
    """The branch with the changes."""
    target: str | None = None
    """The branch that they are for."""
    source: str | None = None
    """``owner/name`` of the repository that the changes come from; ``None``: not known."""
    foreign: bool = False
    """They come from a fork, where another may have write access."""
    closed: bool = False
    """It is merged or closed: nothing of it should stay."""


@dataclass(frozen=True, slots=True)
class CiRun:
    """What is known of the run. A text that the system does not give is ``None``."""

    system: str
    """``github``, ``gitlab``, ``cnb``, ``gitee``, ``jenkins``, or ``other``."""
    where: str | None = None
    """Address of the run, without user and password."""
    branch: str | None = None
    """The branch that was pushed; of a request, that of its changes (``owner:branch`` when it comes from a fork)."""
    tag: str | None = None
    """The tag that was pushed."""
    commit: str | None = None
    actor: str | None = None
    request: Request | None = None


def ci_run(environ: Mapping[str, str]) -> CiRun | None:
    """The run that this process is part of; ``None`` outside a CI system."""
    system = next((name for variable, name in _SYSTEMS
                   if environ.get(variable, "").strip().lower() not in ("", "false", "0")), None)
    where = ci_address(environ)
    if system is None and where is None:
        return None
    request = _REQUESTS[system](environ) if system in _REQUESTS else None
    if request is None and system in ("jenkins", "other", None):
        request = _other_request(environ)
    if request is not None and request.branch is not None and request.branch == request.target:
        # No request is from a branch to itself: a branch of a fork has this name.
        request = replace(request, foreign=True)
    tag = _tag(system, environ)
    return CiRun(system or "other", where, None if tag is not None and request is None else _branch(
        system, request, environ), tag if request is None else None, _first(_COMMITS, environ),
        _first(_ACTORS, environ), request)


def ci_address(environ: Mapping[str, str]) -> str | None:
    """The address of the run, without user and password."""
    for words in _LINKS:
        parts = [word[1:] if word.startswith("=") else environ.get(word, "").strip("/") for word in words]
        if not all(parts):
            continue
        try:
            address = urlsplit("/".join(parts).replace("=/", "="))
        except ValueError:
            continue
        if address.scheme in ("http", "https") and address.hostname:
            bare = address.netloc.rpartition("@")[2]
            return one_line(urlunsplit((address.scheme, bare, address.path, address.query, "")))
    return None


def one_line(text: str) -> str:
    """As it is kept: without line ends and control characters, and not too long."""
    return _CONTROL.sub(" ", text).strip()[:_LONGEST]


def _first(names: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    return next((found for name in names if (found := one_line(environ.get(name, "")))), None)


def _branch(system: str | None, request: Request | None, environ: Mapping[str, str]) -> str | None:
    if request is not None:
        if request.branch is None or not request.foreign:
            return request.branch
        owner = (request.source or "fork").partition("/")[0]
        return f"{owner}:{request.branch}"
    match system:
        case "github":
            return _github_ref("branch", "refs/heads/", environ)
        case "gitlab":
            return _first(("CI_COMMIT_BRANCH",), environ)
        case "cnb":
            return _first(("CNB_BRANCH",), environ)
        case "gitee":
            return _first(("GITEE_BRANCH",), environ)
    return _bare(_first(_BRANCHES, environ))


def _bare(ref: str | None) -> str | None:
    """The name of a branch without what says that it is one; ``None`` for what is none."""
    prefix = next((one for one in _OF_BRANCHES if ref is not None and ref.startswith(one)), "")
    if ref is None or ref in _NO_BRANCH or (not prefix and ref.startswith("refs/")):
        return None
    return ref.removeprefix(prefix) or None


def _github_ref(kind: str, prefix: str, environ: Mapping[str, str]) -> str | None:
    """Runners of others (Gitea, act) may say less."""
    said, ref = environ.get("GITHUB_REF_TYPE"), environ.get("GITHUB_REF", "")
    if said:
        return _first(("GITHUB_REF_NAME",), environ) if said == kind else None
    return one_line(ref.removeprefix(prefix)) or None if ref.startswith(prefix) else None


def _tag(system: str | None, environ: Mapping[str, str]) -> str | None:
    match system:
        case "github":
            return _github_ref("tag", _OF_TAGS, environ)
        case "cnb":
            is_tag = environ.get("CNB_IS_TAG") == "true" or environ.get("CNB_EVENT", "").startswith("tag_")
            return _first(("CNB_BRANCH",), environ) if is_tag else None
        case "gitee":
            return None  # none of its variables says that it is one
    if environ.get("CODING_EVENT") == "tag_push":
        return _first(("CODING_BRANCH",), environ)
    found, ref = _first(_TAGS, environ), environ.get("BUILD_SOURCEBRANCH", "")
    return found or (one_line(ref.removeprefix(_OF_TAGS)) if ref.startswith(_OF_TAGS) else "") or None


def _github_request(environ: Mapping[str, str]) -> Request | None:
    branch = _first(("GITHUB_HEAD_REF",), environ)
    if branch is None:
        return None
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    pull = event.get("pull_request")
    pull = pull if isinstance(pull, dict) else {}
    number = re.match(r"refs/pull/([0-9]{1,12})/", environ.get("GITHUB_REF", ""))
    said = pull.get("number", event.get("number"))
    here = one_line(environ.get("GITHUB_REPOSITORY", ""))
    source = _at(pull, "head", "repo", "full_name")
    return Request(str(said) if isinstance(said, int) else number[1] if number is not None else "", branch,
                   _first(("GITHUB_BASE_REF",), environ), source,
                   # A fork that has been deleted has no name; nothing says then that the branch is our own.
                   foreign=bool(pull) and (source or "").lower() != here.lower(),
                   closed=event.get("action") == "closed")


def _gitlab_request(environ: Mapping[str, str]) -> Request | None:
    number = _first(("CI_MERGE_REQUEST_IID",), environ)
    if number is None:
        return None
    source = _first(("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH",), environ)
    here = _first(("CI_MERGE_REQUEST_PROJECT_PATH",), environ)
    return Request(number, _first(("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",), environ),
                   _first(("CI_MERGE_REQUEST_TARGET_BRANCH_NAME",), environ), source,
                   foreign=source is not None and here is not None and source.lower() != here.lower())


def _cnb_request(environ: Mapping[str, str]) -> Request | None:
    number = _first(("CNB_PULL_REQUEST_IID",), environ)
    if number is None:
        return None
    source = _first(("CNB_PULL_REQUEST_SLUG",), environ)
    here = _first(("CNB_REPO_SLUG",), environ)
    return Request(number, _first(("CNB_PULL_REQUEST_BRANCH",), environ), _first(("CNB_BRANCH",), environ), source,
                   foreign=source is not None and here is not None and source.lower() != here.lower(),
                   closed=environ.get("CNB_EVENT") == "pull_request.merged")


def _gitee_request(environ: Mapping[str, str]) -> Request | None:
    number = _first(("GITEE_PULL_ID",), environ)
    if number is None:
        return None
    return Request(number, _first(("GITEE_SOURCE_BRANCH",), environ), _first(("GITEE_BRANCH",), environ))


def _jenkins_request(environ: Mapping[str, str]) -> Request | None:
    number = _first(("CHANGE_ID",), environ)
    if number is None:
        return None
    fork = _first(("CHANGE_FORK",), environ)
    return Request(number, _first(("CHANGE_BRANCH",), environ), _first(("CHANGE_TARGET",), environ), fork,
                   foreign=fork is not None)


_OTHER_REQUESTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("CODING_MERGE_REQUEST_IID", "CODING_MERGE_REQUEST_BRANCH", "CODING_BRANCH", "CODING_MERGE_REQUEST_SLUG",
     "CODING_REPO_SLUG"),
    ("MR_RESOURCE_ID", "MR_SOURCE_BRANCH", "MR_TARGET_BRANCH", "", ""),
    ("TRAVIS_PULL_REQUEST", "TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH", "TRAVIS_PULL_REQUEST_SLUG",
     "TRAVIS_REPO_SLUG"),
    ("DRONE_PULL_REQUEST", "DRONE_SOURCE_BRANCH", "DRONE_TARGET_BRANCH", "", ""),
    ("CI_COMMIT_PULL_REQUEST", "CI_COMMIT_SOURCE_BRANCH", "CI_COMMIT_TARGET_BRANCH", "", ""),
    ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_SOURCEBRANCH", "SYSTEM_PULLREQUEST_TARGETBRANCH", "",
     ""),
    ("SYSTEM_PULLREQUEST_PULLREQUESTID", "SYSTEM_PULLREQUEST_SOURCEBRANCH", "SYSTEM_PULLREQUEST_TARGETBRANCH", "", ""),
    ("BITBUCKET_PR_ID", "BITBUCKET_BRANCH", "BITBUCKET_PR_DESTINATION_BRANCH", "", ""),
    ("BUILDKITE_PULL_REQUEST", "BUILDKITE_BRANCH", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "", ""),
)
"""Number, branch, target, the repository of the changes and the own one: CODING (ci.coding.net/docs/env.html; its older
pipelines, on Jenkins), Travis, Drone, Woodpecker, Azure, Bitbucket, Buildkite. What they call the branch of the run is
the target for most of them."""


def _other_request(environ: Mapping[str, str]) -> Request | None:
    for number_name, branch, target, source_name, here_name in _OTHER_REQUESTS:
        number = environ.get(number_name, "").strip()
        if re.fullmatch(r"[0-9]{1,20}", number) is None:  # "false" where there is none
            continue
        source, here = (_first((name,), environ) if name else None for name in (source_name, here_name))
        return Request(
            number, _bare(_first((branch,), environ)), _bare(_first((target,), environ)), source,
            foreign=environ.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() == "true" or (
                source is not None and here is not None and source.lower() != here.lower()),
            closed=environ.get("CI_PIPELINE_EVENT") == "pull_request_closed"
            or environ.get("CODING_EVENT", "").endswith(".merged"))
    return None


_REQUESTS = {"github": _github_request, "gitlab": _gitlab_request, "cnb": _cnb_request, "gitee": _gitee_request,
             "jenkins": _jenkins_request}


def _event(path: str) -> dict[str, Any]:
    try:
        found = json.loads(read_small(Path(path), _EVENT_LIMIT)) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _at(value: object, *keys: str) -> str | None:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return one_line(value) if isinstance(value, str) else None
