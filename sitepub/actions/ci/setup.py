"""``init --ci``: the workflows for the project that is there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sitepub.ci.project_facts import facts_of_all, project_facts
from sitepub.ci.workflows import is_ours, name_in, was_ours, workflow_files
from sitepub.config.document import Text, read_text
from sitepub.config.finding import find_config, look_for_projects
from sitepub.config.repository.git import branch_of
from sitepub.config.small_file import read_small_text
from sitepub.config.stages import read_stages, safe_stage
from sitepub.config.yaml12 import read_yaml
from sitepub.errors import Refused, SitepubError, UsageError

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class CiFiles:
    """What was written."""

    root: Path
    """Of the repository."""
    written: tuple[str, ...]
    """Below ``root``."""
    same: tuple[str, ...]
    """Those that were there already, as they should be."""


def ci_texts(systems: tuple[str, ...], folder: Path) -> tuple[Path, dict[str, str]]:
    """The root of the repository, and each file with its text."""
    root = _root(folder)
    sites = look_for_projects(folder).files
    if sites == [find_config(folder)]:
        facts = project_facts(root, folder, _branches(folder))
    else:
        facts = facts_of_all(root, folder, [site.parent for site in sites], _branches(folder))
    name = "sitepub" if facts.folder == "." else f"sitepub-{safe_stage(facts.folder)}"
    files: dict[str, str] = {}
    for system in systems:
        files |= workflow_files(system, facts, name)
    return root, files


def set_up_ci(systems: tuple[str, ...], folder: Path) -> CiFiles:
    """Write the workflows, all or none. Raises Refused when a file is there that sitepub did not write, or that was
    changed since."""
    root, files = ci_texts(systems, folder)
    there = {path: _there(root / path) for path in files}
    foreign = [path for path, text in there.items() if text is not None and not is_ours(text)]
    if foreign:
        changed = [path for path in foreign if was_ours(there[path] or "")]
        shown = ", ".join(foreign[:_MOST_NAMED])
        why = "was changed since sitepub wrote it" if foreign == changed else "is not from sitepub"
        raise Refused(f"Nothing was written: {shown} {why}.", code="ForeignWorkflow",
                      hint="Add what you need of it by hand: sitepub init --ci … --print shows it. Or move the file"
                      " away, and run this again.")
    other = [path for path, text in there.items()
             if text is not None and name_in(text) not in ("", name_in(files[path]))]
    if other:
        raise Refused(f"Nothing was written: {other[0]} is for another site of this repository.", code="OtherSite",
                      hint="This system has one file for all: run it in the folder above the sites, after moving the"
                      " file away.")
    new = {path: text for path, text in files.items() if there[path] != text}
    for path, text in new.items():
        _write(root, path, text)
    return CiFiles(root, tuple(new), tuple(path for path in files if path not in new))


def _there(path: Path) -> str | None:
    if not os.path.lexists(path):
        return None
    try:
        return read_small_text(path)
    except (OSError, UnicodeDecodeError):
        return ""


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    for above in path.relative_to(root).parents:
        if (root / above).is_symlink():
            raise Refused(f"{above} is a link: sitepub writes into the repository alone.", code="ForeignWorkflow")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as error:
        raise SitepubError(f"{path} cannot be written: {error.strerror or error}.", code="NotWritten") from error


def _root(folder: Path) -> Path:
    """The folder with ``.git``: CI systems look for their files there."""
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return place
    raise UsageError(f"{folder} lies in no git repository.", code="NoRepository",
                     hint="Run `git init` first: CI starts with a push.")


def _branches(folder: Path) -> tuple[str, ...]:
    """The branch that is deployed, when serverless.yml says nothing of branches; else () for all of them."""
    file = find_config(folder)
    files = [file] if file is not None else [found for child in sorted(folder.iterdir()) if child.is_dir()
                                             and (found := find_config(child)) is not None]
    for one in files:
        text = read_text(one)
        root = read_yaml(text).root if isinstance(text, Text) else None
        if root is None or not isinstance(root.value, dict):
            continue
        stage = root.get("stage")
        if read_stages(root.get("stages"), []).branches or (stage is not None and "${git:" in (stage.written or "")):
            return ()
    return (_default_branch(folder),)


def _default_branch(folder: Path) -> str:
    """What the remote has as its default branch, else the one that is checked out."""
    try:
        word = read_small_text(_root(folder) / ".git" / "refs" / "remotes" / "origin" / "HEAD").strip()
    except (OSError, UnicodeDecodeError):
        word = ""
    found = re.fullmatch(r"ref: refs/remotes/origin/(\S{1,200})", word)
    return found[1] if found is not None else branch_of(folder) or "main"
