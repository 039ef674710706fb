"""The branch that a folder is on, by git or by the variables of a CI system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sitepub.config.repository.ci_run import ci_run
from sitepub.config.repository.git import branch_of


def branch_here(folder: Path, environ: Mapping[str, str]) -> str | None:
    """The branch that is checked out. CI systems check out a commit and say the branch in variables. Of a request they
    alone say whose branch it is: some check out the target and merge the changes into it."""
    run = ci_run(environ)
    if run is None:
        return branch_of(folder, environ)
    if run.request is None:
        return branch_of(folder, environ) or run.branch
    if run.branch is not None:
        return run.branch
    found = branch_of(folder, environ)
    return found if found != run.request.target else None
