"""The beginning of each deploy: connect, run the hook, compare the folder with its index."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sitepub.actions.build import Built, fill
from sitepub.actions.connect import connect
from sitepub.actions.deploying.values import DeployOptions, Warnings
from sitepub.config.project import Project
from sitepub.embedded.data_folder import data_folder
from sitepub.embedded.dev_cloud import keep_running
from sitepub.errors import Problem
from sitepub.publish.unchanged.local_index import LocalIndex, open_local
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.deploying.teller import Teller
    from sitepub.config.repository.git import Commit
    from sitepub.publish.unchanged.asking import Asked


@dataclass(slots=True)
class Begun:
    """A deploy whose folder is filled and not read yet."""

    cloud: Cloud
    built: Built
    problems: list[Problem]
    """What was noticed around the hook, not shown yet."""
    local: LocalIndex | None
    """``None``: the folder can have no index."""
    started: float
    """On the monotonic clock."""
    commit: Commit | None = None
    """What was checked out before the build, if that was looked up."""
    asked: Asked | None = None
    """What the state bucket has answered, if it was asked."""
    notes: list[Problem] = field(default_factory=list)
    """Warnings of each deploy of this folder, also of one that changes nothing; those of the scan not among them."""

    def close(self) -> None:
        if self.local is not None:
            self.local.close()
        if self.asked is not None:
            self.asked.store.close()


def begin(project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str], warnings: Warnings, *,
          index: bool) -> Begun:
    """``index``: use what is known of the last deploy, and remember this one."""
    started = time.monotonic()
    commit = None
    if project.protected:
        from sitepub.actions.releases.regress import commit_before_build

        commit = commit_before_build(project, environ)
    warnings.add(*project.warnings)
    # Credentials first: a build takes long, and without them it is of no use.
    cloud = connect(project, local=options.local, profile=options.profile, environ=environ, warn=warnings.add)
    if options.local:
        keep_running(data_folder(environ))  # for those who look at this site
    if options.build and project.source.hook is not None and project.every_host:
        from sitepub.domains.certificates.before_build import check_before_build

        check_before_build(project.every_host, project.root, cloud)
    problems: list[Problem] = []
    built = fill(project, run_the_hook=options.build, environ=environ, output=teller.hook_line,
                 columns=teller.hook_columns, warn=problems.append)
    local = None
    if index and not project.replace and project.preview is None:
        local = open_local(project, cloud, built.folder, environ, use=not (options.verify or options.force),
                           before=options.opened)
    return Begun(cloud, built, problems, local, started, commit)
