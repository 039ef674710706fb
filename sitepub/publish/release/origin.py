"""Where a release comes from: commit, branch, message, and the run of a CI system."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.repository.branch_here import branch_here
from sitepub.config.repository.ci_run import ci_run, one_line
from sitepub.config.repository.git import commit_of
from sitepub.terminal.secrets import scrub


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
    actor: str | None = None
    """Who started the CI run, by the name that the CI system gives."""
    request: str | None = None
    """Number of the pull or merge request that the CI run is for."""


def origin_here(folder: Path, environ: Mapping[str, str] | None = None, message: str | None = None) -> Origin:
    """Of a deploy of this folder. Runs nothing of the repository. It is written down in the bucket: a key in a message,
    or the password of an address, is hidden."""
    environ = os.environ if environ is None else environ
    commit = commit_of(folder, environ)
    run = ci_run(environ)
    said = one_line(message) if message else None
    branch = branch_here(folder, environ)
    return Origin(commit.id if commit else None, _hidden(branch),
                  _hidden(said or (commit.subject if commit else None)),
                  _hidden(run.where if run is not None else None),
                  actor=_hidden(run.actor if run is not None else None),
                  request=run.request.number or None if run is not None and run.request is not None else None)


def _hidden(text: str | None) -> str | None:
    return scrub(text) if text is not None else None
