"""The start of ``sitepub dev`` for a project that is known and whose site is live: that is said before serverless.yml
is read, and before what publishes is loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from sitepub.actions.build import Built
from sitepub.actions.connect import connect
from sitepub.actions.deploying.begin import Begun
from sitepub.actions.deploying.deploy import still_settled
from sitepub.actions.deploying.known_project import Given, KnownProject, known
from sitepub.actions.deploying.quick import dotenv_of
from sitepub.dev.beginning.first_look import FirstLook, first_look
from sitepub.dev.options import DevOptions
from sitepub.dev.view import Published, View
from sitepub.embedded.dev_cloud import OwnCloud
from sitepub.errors import SitepubError
from sitepub.publish.outcome import Counts, Unchanged

_SITE = "site"


@dataclass(slots=True)
class Started:
    """What a run of dev has begun with."""

    own: OwnCloud | None = None
    """The embedded cloud that it uses."""
    look: FirstLook | None = None


def start_at_once(given: Given, options: DevOptions, view: View, environ: Mapping[str, str], started: Started) -> None:
    """``started``: gets what was begun, also when this raises. Where the project is known, the folder is compared; and
    where everything is live, that is said. All else is left to the run itself."""
    began = time.monotonic()
    found = _known(given, environ)
    if found is None or found.has_tool or options.poll or (options.serve and not options.local):
        return
    said: list[object] = []
    try:
        if options.local:
            started.own = OwnCloud(environ, view.note)
        project = found.project(dotenv_of(found))
        cloud = connect(project, local=options.local, profile=options.profile, environ=environ, warn=said.append)
    except SitepubError:
        return  # the run itself says more
    bucket = project.bucket(cloud.app_id)
    url = cloud.website_url(bucket, project.protocol, project.key_prefix)
    view.at(url)
    look = started.look = first_look(project, replace(options, config_file=project.file), cloud, environ, view.note,
                                     settings=found.settings)
    if look.local is None or not look.local.same or said:
        return
    begun = Begun(cloud, Built(project.source.folder, 0, idle=True), [], look.local, began)
    with suppress(SitepubError):
        settled = still_settled(begun, project, environ, found.hosts_hash)
        if settled is None or settled.slots:
            return
        assert look.local.index is not None and look.local.remembered is not None
        files = look.local.index.facts.files
        look.said = True
        view.published(Published(_SITE, url, Unchanged(Counts(unchanged=files), look.local.remembered.release), [],
                                 files, time.monotonic() - began))
    if begun.asked is not None:
        begun.asked.store.close()


def _known(given: Given, environ: Mapping[str, str]) -> KnownProject | None:
    """What --yes allows changes nothing about a project that can be read without it."""
    found = known(given, environ)
    return known(replace(given, yes=False), environ) if found is None and given.yes else found
