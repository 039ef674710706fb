"""Go back to a release of the site, or forward again."""

from __future__ import annotations

from sitepub.actions.releases.go_live import Choose, Chosen
from sitepub.actions.releases.history import find, is_id, releases_of, site_state
from sitepub.config.repository.ci_run import one_line
from sitepub.config.site_rules import SiteRules
from sitepub.errors import NotFound
from sitepub.publish.release.going_back import ReleasedFiles, site_of
from sitepub.publish.release.origin import Origin
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cloud import Cloud

_HOPS = 1000


def released(name: str | None, message: str | None, *, local: bool) -> Choose:
    """The release that is called so; ``None``: the one before what is live."""

    def choose(_cloud: Cloud, remote: Remote) -> Chosen:
        state, store = site_state(remote, local=local), releases_of(remote)
        live = state.release.id if state.release is not None else ""
        id = named(name, state, store) if name is not None else live if state.shares else before(state, store)
        if state.shares and id == live:
            return _for_all(live, state)
        release = store.read(id, state)
        info = release.info
        origin = Origin(info.commit, info.branch, one_line(message) if message else info.message, None, id)
        rules = state.rules if state is not None else None
        other_rules = (release.record.rules or SiteRules()) != (rules or SiteRules())
        hosts = ("The hosts get the headers and redirects of that release, and are left as they are in all else; what"
                 " changed is purged from their caches." if other_rules else
                 "The hosts are left as they are; what changed is purged from their caches.",)
        return Chosen(id, site_of(release), release.record.website, origin,
                      hosts if remote.project.hosts else (), back=release, ends=True)

    return choose


def _for_all(live: str, state: State) -> Chosen:
    """The stable release is live, and those who have the share get it too."""
    share = state.shares[0]
    note = f"All visitors get {live}: until now, {share.share * 100:.4g} % of them got {share.release}."
    return Chosen(live, Snapshot(ReleasedFiles(ShardedManifest.of(state.manifest))), None, Origin(), (note,),
                  only_ends=True)


def named(name: str, state: State, store: Releases) -> str:
    """Without a listing where the name is a whole id or a mark."""
    if is_id(name):
        return name
    for mark in reversed(state.marks):
        if mark.name == name:
            return mark.release
    return find(name, state, store.ids(state))


def before(state: State, store: Releases) -> str:
    """The release before what is live. When that was itself brought back, the one before the release that it brought
    back: so going back again and again goes further back. Raises NotFound when there is none."""
    ids = store.ids(state)
    live = state.release.id if state.release is not None else ""
    for _ in range(_HOPS):
        of = _brought_back(live, state, store)
        if of not in ids:
            break
        live = of
    older = [one for one in ids if one < live]
    if not older:
        raise NotFound("there is no release before the one that is live", code="NoSuchRelease", status=404,
                       hint="sitepub releases lists them")
    return older[0]


def _brought_back(live: str, state: State, store: Releases) -> str:
    if state.release is not None and state.release.id == live:
        return state.release.of
    try:
        return store.read(live, state).info.of
    except NotFound:
        return ""
