"""The rule files of a site: where they lie, read, and applied to its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sitepub.config.checks.look_alikes import with_look_alikes
from sitepub.config.document import shown_path, undecodable
from sitepub.config.project import Project
from sitepub.config.site_rules import HostRules, SiteRules
from sitepub.config.small_file import RULE_FILE_LIMIT, read_small_text
from sitepub.errors import ConfigError, Position, Problem
from sitepub.site.address_rules.header_rules import Compiled, compile_headers
from sitepub.site.address_rules.headers_file import HeaderBlock, read_headers
from sitepub.site.address_rules.redirect_rules import compile_redirects
from sitepub.site.address_rules.redirects_file import RedirectLine, read_redirects
from sitepub.site.snapshot import SiteFile

HEADERS, REDIRECTS = "_headers", "_redirects"
NAMES = (HEADERS, REDIRECTS)
"""Read in the web root; never published, also when others are named in serverless.yml or none is to be read."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A site with its rules."""

    files: Mapping[str, SiteFile]
    """Beside those of the folder."""
    rules: SiteRules
    warnings: tuple[Problem, ...]


@dataclass(slots=True)
class RuleFiles:
    """What the two files of a site say. ``compiled``: the headers, which do not depend on its files."""

    project: Project
    paths: frozenset[str]
    """Below the web root: what is not published."""
    blocks: list[HeaderBlock] = field(default_factory=list)
    redirects: list[RedirectLine] = field(default_factory=list)
    compiled: Compiled = field(default_factory=Compiled)

    @classmethod
    def read(cls, project: Project, folder: Path) -> RuleFiles:
        """``folder``: the web root. Raises :class:`~sitepub.errors.ConfigError` with every mistake in both files, and
        for a named one that cannot be read."""
        problems: list[Problem] = []
        found = cls(project, frozenset((*NAMES, *(below for file in (project.headers_file, project.redirects_file)
                                                  if file and (below := _below(file, folder))))))
        named = _text(project.headers_file, folder / HEADERS, problems)
        if named is not None:
            found.blocks, wrong = read_headers(*named)
            problems += wrong
        named = _text(project.redirects_file, folder / REDIRECTS, problems)
        if named is not None:
            found.redirects, wrong = read_redirects(*named)
            problems += wrong
        if problems:
            raise ConfigError(with_look_alikes(problems, lines=True))
        found.compiled = compile_headers(found.blocks, project.hosts, recommended=project.security_headers,
                                         prefix=project.key_prefix)
        return found

    def apply(self, files: Mapping[str, SiteFile]) -> Applied:
        """``files``: of the folder. Raises :class:`~sitepub.errors.ConfigError` with every rule that cannot be done."""
        refused, warnings = list(self.compiled.refused), list(self.compiled.warnings)
        done = compile_redirects(self.redirects, self.project, files) if self.redirects else None
        if done is not None:
            refused += done.refused
            warnings += done.warnings
        if refused and not self.project.unsupported_rules_warn:
            raise ConfigError(refused)
        rules = SiteRules(edge=HostRules(self.compiled.edge)) if done is None else SiteRules(
            done.routing, done.error, done.error_status, HostRules(self.compiled.edge, done.edge))
        return Applied(done.files if done is not None else {}, rules, (*refused, *warnings))


def _below(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else ""


def _text(named: Path | Literal[False] | None, usual: Path, problems: list[Problem]) -> tuple[str, str] | None:
    """The text and the name of a file; ``None``: there is nothing to read. ``named``: by serverless.yml."""
    if named is False:
        return None
    file = usual if named is None else named
    if named is None and not usual.is_file() and not usual.is_symlink():
        return None  # a folder of that name is a part of the site
    name = shown_path(file)
    try:
        return read_small_text(file, RULE_FILE_LIMIT), name
    except UnicodeDecodeError as error:
        problems.append(undecodable(name, error))
        return None
    except OSError as error:
        problems.append(Problem(f"{file.name} cannot be read: {error.strerror}", Position(name),
                                None if named is None else "headersFile and redirectsFile name files from the folder of"
                                " serverless.yml"))
        return None
