"""The first way through the folder: on it each folder is watched, and then compared with the index.

In this order no change is lost: what happens to a folder before it is listed shows in the comparison, and what happens
after it was watched is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.dev.inbox import Changed, Inbox
from sitepub.dev.watched import Watched
from sitepub.errors import SiteError
from sitepub.publish.unchanged.local_index import LocalIndex, open_local
from sitepub.site.folder import publish_folder
from sitepub.watch.watcher import Listing

if TYPE_CHECKING:
    from sitepub.dev.options import DevOptions
    from sitepub.tencent.cloud import Cloud


@dataclass(slots=True)
class FirstLook:
    inbox: Inbox
    """Gets what changes from now on."""
    watched: Watched
    local: LocalIndex | None
    """The index of the folder, compared with it. ``None``: it has none, or a build comes first."""
    said: bool = False
    """It was said that everything is live."""

    def close(self) -> None:
        self.watched.stop()
        if self.local is not None:
            self.local.close()


def first_look(project: Project, options: DevOptions, cloud: Cloud, environ: Mapping[str, str],
               note: Callable[[str], None], *, settings: bytes | None = None) -> FirstLook:
    """``cloud``: the one that is published to first. ``settings``: see :func:`~sitepub.site.index.label.label`."""
    inbox = Inbox()
    watched = Watched(project, options.config_file, poll=options.poll, note=note,
                      changed=lambda changes: inbox.put(Changed(changes)))
    local, listing = _index(project, cloud, environ, settings)
    try:
        watched.follow(project, listing)
        if local is not None and listing is not None and (watched.polling or not listing.begun):
            local.compare(listing.tree)  # whatever was listed was listed before it was watched
    except BaseException:
        watched.stop()
        if local is not None:
            local.close()
        raise
    return FirstLook(inbox, watched, local)


def _index(project: Project, cloud: Cloud, environ: Mapping[str, str], settings: bytes | None
           ) -> tuple[LocalIndex | None, Listing | None]:
    """The index of the folder, not compared yet, and how that is done."""
    if project.source.hook is not None or project.dev.command is not None or project.replace:
        return None, None
    try:
        folder = publish_folder(project)
    except SiteError:
        return None, None  # the first publish says what is wrong
    local = open_local(project, cloud, folder, environ, settings=settings, compares=False)
    if local is None:
        return None, None
    found = local
    return local, Listing(folder.absolute(), lambda before, other: found.compare(folder, before, other))
