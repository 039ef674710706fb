"""Finds the configuration file of a folder, and the sites below it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sitepub.config.checks.spellings import component_of, is_site, unwrapped
from sitepub.config.document import Node, Text, read_text, shown_path
from sitepub.config.ownership import project_root, written_by_others
from sitepub.config.read_from import FILE_NAMES
from sitepub.config.yaml12 import read_yaml
from sitepub.errors import ConfigError, Position, Problem


@dataclass(frozen=True, slots=True)
class FoundProjects:
    """The projects of a folder, and what was passed over."""

    files: list[Path]
    warnings: list[Problem] = field(default_factory=list)


def find_config(folder: Path) -> Path | None:
    """The folder's configuration file, or ``None``. What bears its name and is no file (a link that leads nowhere, a
    pipe) is found as well, when there is no other: reading it reports why it cannot be used."""
    files = [folder / name for name in FILE_NAMES]
    return next((file for file in files if file.is_file()), None) or next(
        (file for file in files if os.path.lexists(file)), None)


def look_for_projects(folder: Path) -> FoundProjects:
    """The configuration files to deploy: the folder's own, else its children's in name order; with a warning for every
    child whose component is not a website.

    Raises :class:`~sitepub.errors.ConfigError` when there are none.
    """
    own = find_config(folder)
    if own is not None and (root := peek(own)) is not None and "component" in unwrapped(root).entries:
        return FoundProjects([own])
    found = FoundProjects([])
    for child in _children(folder):
        file = find_config(child)
        if file is None:
            continue
        root = peek(file)
        if root is None:  # not readable: deploying it tells why
            found.files.append(file)
            continue
        component = component_of(unwrapped(root))
        if is_site(unwrapped(root)):
            found.files.append(file)
        else:
            found.warnings.append(Problem(f"skipped: its component is `{component}`, not a website",
                                          Position(shown_path(file))))
    if found.files:
        return found
    if own is not None:  # deploying it tells what is missing
        return FoundProjects([own], found.warnings)
    others = "".join(f"; {p.position} was {p.message}" for p in found.warnings)
    above = find_above(folder)
    raise ConfigError(f"there is no serverless.yml in {folder.absolute()} or the folders below it{others}",
                      hint="Run `sitepub init` to write one." if above is None else
                      f"The site that this folder belongs to is in {above.parent}: run it there, or with --cwd.")


def find_above(folder: Path) -> Path | None:
    """The configuration file of the site that a folder lies in: the nearest one above it, as far as the git repository
    goes that it is in, unless another user may have written it."""
    start = folder.resolve()
    root = project_root(start)
    for place in start.parents:
        if root != start and not place.is_relative_to(root):
            return None
        file = find_config(place)
        if file is not None:
            tree = peek(file)
            is_project = tree is not None and "component" in unwrapped(tree).entries
            return file if is_project and written_by_others(file, start) is None else None
    return None


def _children(folder: Path) -> list[Path]:
    try:
        return sorted((p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")
                       and p.name != "node_modules"), key=lambda p: p.name)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror or error}") from error


def peek(file: Path) -> Node | None:
    """The tree of a file; ``None`` when it is not a readable map."""
    text = read_text(file)
    root = read_yaml(text).root if isinstance(text, Text) else None
    return root if root is not None and isinstance(root.value, dict) else None
