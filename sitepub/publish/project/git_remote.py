"""Where a repository comes from: the address of its remote, as a name that two clones have in common.

Read from git's own files; git is not run, and includes and rewriting rules of its settings are left out.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from sitepub.config.repository.git_folder import GitFolder
from sitepub.config.small_file import read_small

_SECTION = re.compile(r'\[remote[ \t]{1,9}"((?:[^"\\\n]|\\.){1,200})"\]')
_URL = re.compile(r"url[ \t]{0,9}=[ \t]{0,9}(.{1,2000})", re.IGNORECASE)
_SCP = re.compile(r"(?:[^@/:\s]{1,100}@)?(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9_.-]{2,253}):(?!//)(.+)")
"""``git@host:path``. A name of one letter before the colon is a drive of Windows."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://")

_CI = (
    ("GITHUB_WORKSPACE", ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")),
    ("CI_PROJECT_DIR", ("CI_PROJECT_URL",)),
    ("CNB_BUILD_WORKSPACE", ("CNB_REPO_URL_HTTPS",)),
    ("WORKSPACE", ("GIT_URL",)),
)
"""The folder of a checkout and the address it came from, in the variables of GitHub and Gitea, GitLab, CNB, and Jenkins
(CODING too): a checkout may come without its ``.git``."""


def remote_of(repository: GitFolder) -> str:
    """The remote named ``origin``, else the only one, as :func:`canonical` writes it; "" when there is none."""
    try:
        lines = read_small(repository.common / "config").decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found: dict[str, str] = {}
    name: str | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = _SECTION.match(line)
            name = section[1] if section else None
        elif name is not None and name not in found and (url := _URL.fullmatch(line)):
            found[name] = url[1].strip().strip('"')
    address = found.get("origin") or (next(iter(found.values())) if len(found) == 1 else "")
    return canonical(address, repository.root)


def remote_of_ci(folder: Path, environ: Mapping[str, str]) -> tuple[str, Path] | None:
    """What the CI system says of the checkout that ``folder`` lies in: its remote, and its own folder."""
    for place, words in _CI:
        named, address = environ.get(place), "/".join(environ.get(word, "") for word in words)
        if not named or not _SCHEME.match(address) or address.endswith("/"):
            continue
        root = Path(os.path.realpath(named))
        if folder.is_relative_to(root) and (remote := canonical(address, root)):
            return remote, root
    return None


def canonical(address: str, root: Path) -> str:
    """``git@github.com:Ann/Blog.git`` and ``https://ann:password@github.com/ann/blog`` → ``github.com/ann/blog``.
    A place on this computer is known by its path (``root`` is where relative ones begin)."""
    address = address.strip()
    if not address:
        return ""
    if address.lower().startswith("file://"):
        return _local(address[len("file://"):], root)
    if _SCHEME.match(address):
        # Neither names and passwords, nor ports, which differ between SSH and HTTPS.
        host, _, path = address.partition("://")[2].partition("/")
        host = re.sub(r":\d*$", "", host.rpartition("@")[2])
        path = re.split("[?#]", path, maxsplit=1)[0]
    elif scp := _SCP.fullmatch(address):
        host, path = scp[1], scp[2]
    else:
        return _local(address, root)
    path = posixpath.normpath(path.strip("/")).casefold().removesuffix(".git").rstrip("/")
    return f"{host.casefold()}/{path}" if host and path not in {"", "."} else ""


def _local(path: str, root: Path) -> str:
    return f"file:{os.path.normpath(root / path)}".removesuffix(".git").rstrip("/\\")
