"""The files that start sitepub in a CI system, and whether one that is there may be written anew.

The first line says that sitepub wrote the file, with a hash of the rest. A file without it comes from elsewhere; one
whose hash does not fit was changed by hand. Neither is ever overwritten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

from sitepub.ci.project_facts import ProjectFacts
from sitepub.ci.systems import cnb, gitee, github, gitlab, jenkins

SYSTEMS: Mapping[str, Callable[[ProjectFacts, str], dict[str, str]]] = {
    "github": github.files, "gitlab": gitlab.files, "cnb": cnb.files, "gitee": gitee.files, "jenkins": jenkins.files}
_MARK = re.compile(r"(?:#|//) Written by `sitepub init --ci [a-z]{2,10}`(?: for ([^\n]{1,80}?))?, which"
                   r"[^\n]{0,80}\(([0-9a-f]{12})\)\n")


def workflow_files(system: str, facts: ProjectFacts, name: str) -> dict[str, str]:
    """Path from the root of the repository → text. ``name``: of the jobs, different for each site of a repository."""
    return {path: _marked(system, path, text, name) for path, text in SYSTEMS[system](facts, name).items()}


def _marked(system: str, path: str, text: str, name: str) -> str:
    comment = "//" if path.endswith("Jenkinsfile") else "#"
    whose = "" if path == github.ACTION else f" for {name}"
    return (f"{comment} Written by `sitepub init --ci {system}`{whose}, which updates it unless it was changed"
            f" ({_digest(text)})\n{text}")


def name_in(text: str) -> str:
    """The jobs that a file of sitepub's is for; "" where it is for all."""
    found = _MARK.match(text.replace("\r\n", "\n"))
    return (found[1] or "") if found is not None else ""


def is_ours(text: str) -> bool:
    """Whether sitepub wrote a file, and it was not changed since."""
    found = _MARK.match(text.replace("\r\n", "\n"))
    return found is not None and found[2] == _digest(text.replace("\r\n", "\n")[found.end():])


def was_ours(text: str) -> bool:
    """Whether sitepub wrote a file once."""
    return _MARK.match(text.replace("\r\n", "\n")) is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
