"""Where a release comes from: commit, branch, message, and the run of a CI system."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from sitepub.publish.project.git import branch_of, commit_of

_LINKS: tuple[tuple[str, ...], ...] = (
    ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "=actions/runs", "GITHUB_RUN_ID"),
    ("CI_JOB_URL",), ("CNB_BUILD_WEB_URL",), ("CIRCLE_BUILD_URL",), ("TRAVIS_BUILD_WEB_URL",), ("BUILDKITE_BUILD_URL",),
    ("DRONE_BUILD_LINK",), ("CI_PIPELINE_URL",),
    ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "=_build/results?buildId=", "BUILD_BUILDID"),
    ("BITBUCKET_GIT_HTTP_ORIGIN", "=pipelines/results", "BITBUCKET_BUILD_NUMBER"), ("BUILD_URL",))
"""Variables whose values, joined by slashes, are the address of the run: GitHub and Gitea, GitLab, CNB, CircleCI,
Travis, Buildkite, Drone and Woodpecker, Azure, Bitbucket, Jenkins and CODING; ``=`` begins a text of its own."""
_BRANCHES = ("GITHUB_HEAD_REF", "CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CNB_BRANCH",
             "CIRCLE_BRANCH", "TRAVIS_BRANCH", "BUILDKITE_BRANCH", "DRONE_BRANCH", "BITBUCKET_BRANCH",
             "BRANCH_NAME", "GIT_BRANCH", "BUILD_SOURCEBRANCHNAME")
_LONGEST = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Origin:
    commit: str | None = None
    """40 hex digits, with ``+`` behind it when files were changed."""
    branch: str | None = None
    message: str | None = None
    """What was said with ``-m``, or the first line of the commit's message."""
    where: str | None = None
    """Address of the CI run."""
    of: str = ""
    """The release that is brought back, or another stage's that is taken over (``stage:id``)."""


def origin_here(folder: Path, environ: Mapping[str, str] | None = None, message: str | None = None) -> Origin:
    """Of a deploy of this folder. Runs nothing of the repository."""
    environ = os.environ if environ is None else environ
    commit = commit_of(folder, environ)
    said = one_line(message) if message else None
    return Origin(commit.id if commit else None, _branch(folder, environ),
                  said or (commit.subject if commit else None), ci_run(environ))


def one_line(text: str) -> str:
    """As it is kept: without line ends and control characters, and not too long."""
    return _CONTROL.sub(" ", text).strip()[:_LONGEST]


def _branch(folder: Path, environ: Mapping[str, str]) -> str | None:
    if environ.get("GITHUB_REF_TYPE") == "branch" and not environ.get("GITHUB_HEAD_REF"):
        named = environ.get("GITHUB_REF_NAME", "")
    else:
        named = next((environ[name] for name in _BRANCHES if environ.get(name)), "")
    # CI systems check out a commit and not a branch.
    found = branch_of(folder, environ) or one_line(named).removeprefix("origin/")
    return found or None


def ci_run(environ: Mapping[str, str]) -> str | None:
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
