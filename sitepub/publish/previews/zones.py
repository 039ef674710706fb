"""EdgeOne zones that sitepub has created for previews of one site: the last preview in a zone deletes it."""

from __future__ import annotations

from functools import partial

from sitepub.config.previews import PREVIEWS
from sitepub.domains.hosts.zone_sharing import made_zones
from sitepub.domains.records import ZoneRecord
from sitepub.errors import Interrupted, NotFound, SitepubError
from sitepub.publish.previews.found import names_of_previews
from sitepub.publish.previews.prefix import site_prefix
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.root import decode
from sitepub.publish.states.state_store import NAME
from sitepub.threads import side_by_side


def zones_of_previews(remote: Remote) -> tuple[ZoneRecord, ...]:
    """Of the site, or of the site that the preview belongs to. A state that cannot be read has none. Raises what the
    cloud answers to the listing."""
    try:
        names = list(names_of_previews(remote))
    except NotFound:  # no state bucket
        return ()
    return tuple(one for found in side_by_side((partial(_read, remote, name) for name in names), 16) for one in found)


def _read(remote: Remote, name: str) -> tuple[ZoneRecord, ...]:
    store = remote.states.store
    key = f"{site_prefix(remote.project)}{PREVIEWS}{name}/{NAME}"
    try:
        return made_zones(decode(store.get(key).data, f"{store.bucket}/{key}").hosts)
    except Interrupted:
        raise
    except SitepubError:
        return ()
