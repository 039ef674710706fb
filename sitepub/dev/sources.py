"""What is watched for a project, and what a change there means."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import ConfigError, Problem
from sitepub.site.rules.defaults import IGNORE_FILE, PACKAGES, VERSION_CONTROL, default_rule
from sitepub.watch.changes import is_temporary
from sitepub.watch.places import Places

if TYPE_CHECKING:
    from sitepub.site.globs import Globs

_NEVER = frozenset({
    ".git", ".svn", ".hg", ".bzr", "node_modules", "bower_components", "__pycache__", ".cache", ".parcel-cache",
    ".next", ".nuxt", ".output", ".svelte-kit", ".astro", ".docusaurus", ".turbo", ".angular",
    ".sass-cache", ".jekyll-cache", ".hugo_build.lock", ".deploy_git", ".venv", "venv", ".tox", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".yarn", ".pnpm-store", ".idea", ".vscode", ".history", "coverage"})
"""Folders and files in sources that tools keep for themselves."""
_HEXO_CACHE = "db.json"
"""What Hexo writes beside its ``_config.yml`` in every build."""
_LEVELS_OF_DOTENV = 2


class Role(StrEnum):
    """What a path that has changed is."""

    CONFIG = "config"
    """serverless.yml, a .env file, .sitepubignore: the project has to be read again."""
    SOURCE = "source"
    """The site has to be built again."""
    OUTPUT = "output"
    """It may be published."""


class Sources:
    """What to watch for one project.

    Without a hook that is the published folder. With one it is what the site is made of. With a ``dev.command``,
    which watches that itself, it is the folder that the command fills, and the sources too: a change there shows that a
    failed build may be repaired.
    """

    def __init__(self, project: Project, config_file: Path) -> None:
        """Raises :class:`~sitepub.errors.ConfigError` for patterns of ``dev.ignore`` that are not valid."""
        self.project = project
        self.config_file = config_file
        source = project.source
        self.builds = source.hook is not None and project.dev.command is None
        self._ignored = _patterns(project)
        self.outputs = _outputs(project)
        self._output_trees = () if self.builds else self.outputs
        self._source_trees: tuple[Path, ...] = ()
        self._source_files: tuple[Path, ...] = ()
        if source.hook is not None or (project.dev.command is not None and project.dev.watch):
            watch = project.dev.watch or (source.folder,)
            self._source_files = tuple(path for path in watch if path.is_file())
            self._source_trees = tuple(path for path in watch if not path.is_file())

    @property
    def places(self) -> Places:
        folders = {self.project.root, *(file.parent for file in self._source_files)}
        folders |= {parent for parent in _above(self.project.root) if any(parent.glob(".env*"))}
        return Places(self._source_trees + self._output_trees, tuple(sorted(folders)), self.skips)

    @property
    def skipped(self) -> tuple[object, ...]:
        """Whatever decides what :meth:`skips` says."""
        source = self.project.source
        return (self._output_trees, self.outputs, source.include, source.allow_secrets, self.project.root,
                self.project.dev.ignore if self._source_trees else ())

    def role(self, path: Path) -> Role | None:
        """What a changed path is; ``None``: it means nothing."""
        if self._is_config(path):
            return Role.CONFIG
        if any(path.is_relative_to(tree) or tree.is_relative_to(path) for tree in self._output_trees):
            return Role.OUTPUT if self._may_be_published(path) else None
        if path in self._source_files:
            return Role.SOURCE
        for tree in self._source_trees:
            if tree.is_relative_to(path):
                return Role.SOURCE
            if path.is_relative_to(tree):
                return Role.SOURCE if self._matters(path, tree) else None
        return None

    def skips(self, folder: Path) -> bool:
        """A folder that need not be watched, in the sources or in the output."""
        if folder.name == ".git" or (folder.name == "node_modules" and not self._is_output(folder)):
            return True
        if self._is_output(folder):
            return not self._may_be_published(folder)
        return folder.name in _NEVER or folder in self.outputs or self._is_ignored(folder, folder=True)

    def _is_output(self, path: Path) -> bool:
        return any(path.is_relative_to(tree) for tree in self._output_trees)

    def _is_config(self, path: Path) -> bool:
        if path == self.config_file:
            return True
        if path.name == IGNORE_FILE:
            return path.parent == self.project.root or path.parent in self.outputs
        if path.name == ".env" or path.name == f".env.{self.project.stage}":
            return path.parent in (self.project.root, *_above(self.project.root))
        return False

    def _may_be_published(self, path: Path) -> bool:
        for tree in self._output_trees:
            if tree == path or tree.is_relative_to(path):
                return True
            if path.is_relative_to(tree):
                return self._is_of_the_site(path, path.relative_to(tree).parts)
        return False

    def _is_of_the_site(self, path: Path, parts: Sequence[str]) -> bool:
        """Can what is at this path be published? What is gone may have been a file or a folder: then the scan
        decides, except about names that no folder has."""
        *above, name = parts
        rules = [default_rule(part, folder=True, at_root=not number) for number, part in enumerate(above)]
        rules.append(default_rule(name, folder=True, at_root=not above) if path.is_dir() else
                     None if not path.exists() and not (name[0] == "." and is_temporary(name)) else
                     default_rule(name, folder=False, at_root=not above))
        return all(rule is None or self._is_asked_for(part) for rule, part in zip(rules, parts, strict=True))

    def _is_asked_for(self, name: str) -> bool:
        """May a pattern bring back what a default rule about this name leaves out? Folders of packages and histories
        are large: for them the pattern has to spell the name."""
        source = self.project.source
        patterns = (*source.include, *source.allow_secrets)
        large = default_rule(name, folder=True, at_root=True) in (PACKAGES, VERSION_CONTROL)
        return any(name in pattern for pattern in patterns) if large else bool(patterns)

    def _matters(self, path: Path, tree: Path) -> bool:
        if is_temporary(path.name) or any(path.is_relative_to(output) for output in self.outputs):
            return False
        if path == tree / _HEXO_CACHE and (tree / "_config.yml").is_file():
            return False
        parts = path.relative_to(tree).parts
        return not any(part in _NEVER for part in parts) and not self._is_ignored(path)

    def _is_ignored(self, path: Path, *, folder: bool = False) -> bool:
        if self._ignored is None or path == self.project.root or not path.is_relative_to(self.project.root):
            return False
        below = path.relative_to(self.project.root).as_posix()
        return (f"{below}/" if folder else below) in self._ignored


def _outputs(project: Project) -> tuple[Path, ...]:
    """The folders that are published, as far as they are known before a build."""
    source = project.source
    if source.hook is None:
        bases: Sequence[Path | None] = (source.folder,)
    else:
        bases = (source.dist, source.dist_beside_source)
    return tuple(dict.fromkeys(base / source.website_path if source.website_path and source.hook is None else base
                               for base in bases if base is not None))


def _above(root: Path) -> list[Path]:
    return list(root.parents)[:_LEVELS_OF_DOTENV]


def _patterns(project: Project) -> Globs | None:
    if not project.dev.ignore:
        return None
    from sitepub.site.globs import GlobError, Globs, as_line

    try:
        return Globs(map(as_line, project.dev.ignore))
    except GlobError as error:
        raise ConfigError(Problem(f"dev.ignore holds a pattern that .gitignore would not know: {error}",
                                  hint="one pattern a line, such as `drafts/` or `*.log`")) from None
