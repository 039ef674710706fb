"""The values of ``${git:…}``: what git and the CI system say of the project's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.config.repository.ci_run import CiRun, ci_run

if TYPE_CHECKING:
    from sitepub.config.repository.git import Commit

NAMES = ("branch", "commit", "tag", "dirty")


@dataclass(frozen=True)
class GitValues:
    """Each value is looked up when it is asked for, and once."""

    folder: Path
    environ: Mapping[str, str]
    """The real environment: a ``.env`` file has no say in which branch this is."""

    @property
    def asked(self) -> bool:
        """Whether anything of git or the CI system was looked up."""
        return any(name in self.__dict__ for name in ("branch", "_run", "_commit"))

    def get(self, name: str) -> str | None:
        """The value of one of :data:`NAMES`; ``None`` when it is not known."""
        match name:
            case "branch":
                return self.branch
            case "commit":
                return self._commit.id.removesuffix("+") if self._commit else self._run.commit if self._run else None
            case "tag":
                from sitepub.config.repository.git import tag_of

                return (self._run.tag if self._run else None) or tag_of(self.folder, self.environ)
            case "dirty":
                return None if self._commit is None else "true" if self._commit.id.endswith("+") else "false"
        raise ValueError(name)

    @cached_property
    def branch(self) -> str | None:
        from sitepub.config.repository.branch_here import branch_here

        return branch_here(self.folder, self.environ)

    @cached_property
    def _run(self) -> CiRun | None:
        return ci_run(self.environ)

    @cached_property
    def _commit(self) -> Commit | None:
        from sitepub.config.repository.git import commit_of

        return commit_of(self.folder, self.environ)
