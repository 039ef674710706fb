"""The deploy of a project that is known and has not changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.actions.build import Built
from sitepub.actions.connect import connect
from sitepub.actions.deploying.begin import Begun
from sitepub.actions.deploying.deploy import unchanged
from sitepub.actions.deploying.known_project import Given, KnownProject, known
from sitepub.actions.deploying.values import Deployed, Warnings
from sitepub.config.project import Project
from sitepub.embedded.data_folder import data_folder
from sitepub.embedded.dev_cloud import keep_running
from sitepub.errors import Problem, SitepubError
from sitepub.publish.unchanged.local_index import LocalIndex, open_local
from sitepub.site.folder import publish_folder

if TYPE_CHECKING:
    from sitepub.actions.deploying.teller import Teller


def deploy_unchanged(given: Given, teller: Teller, environ: Mapping[str, str], begins: Callable[[Project], None]
                     ) -> tuple[Deployed | None, LocalIndex | None]:
    """``None``: serverless.yml has to be read, and all may be to do; with what is known of its folder then.
    ``begins``: is called before anything is said. Raises what the cloud answers."""
    started = time.monotonic()
    found = known(given, environ)
    if found is None:
        return None, None
    said: list[Problem] = []
    try:
        project = found.project(dotenv_of(found))
        cloud = connect(project, local=given.local, profile=given.profile, environ=environ, warn=said.append)
        folder = publish_folder(project)
    except SitepubError:
        return None, None  # reading it says more
    local = open_local(project, cloud, folder, environ, settings=found.settings)
    if local is None or not local.same:
        return None, local
    if given.local:
        keep_running(data_folder(environ))
    begun = Begun(cloud, Built(folder, 0, idle=True), [], local, started)
    warnings = Warnings(teller)
    done = unchanged(begun, project, environ, warnings, found.hosts_hash, said, begins)
    if begun.asked is not None:
        begun.asked.store.close()
    if done is None:
        return None, local
    local.close()
    return done, None


def dotenv_of(found: KnownProject) -> Mapping[str, str]:
    """What the .env files of a known project set."""
    folder = Path(found.file).parent
    if not any((folder / name).exists() for name in (".env", f".env.{found.stage}")):
        return {}
    from sitepub.config.variables.dotenv import read_dotenv

    return read_dotenv(folder, found.stage).values
