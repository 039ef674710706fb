"""Make live in one stage exactly what is live in another, by copies on the server. Nothing is built or uploaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType

from sitepub.actions.releases.doubt import Doubt
from sitepub.actions.releases.go_live import Chosen
from sitepub.actions.releases.history import live_manifest
from sitepub.actions.releases.share import refuse_share
from sitepub.actions.releases.stage_differences import differences_of
from sitepub.actions.releases.stages import state_buckets
from sitepub.config.project import Project
from sitepub.config.repository.ci_run import ci_run, one_line
from sitepub.config.site_rules import SiteRules
from sitepub.errors import NotFound, Refused, SitepubError
from sitepub.publish.plan import Action
from sitepub.publish.previews.robots import with_the_sites_own
from sitepub.publish.release.origin import Origin
from sitepub.publish.release.promotion import Kept, LiveSite, site_from, website_from
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import ShardedManifest
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.website_config import WebsiteConfig

_SHOWN = 20
FindSite = Callable[[Cloud, ExitStack], LiveSite]
"""Finds what is to be promoted; what it opens is closed by the stack. Raises SitepubError."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A context manager: what it reads from stays open until it ends. ``choose`` is for
    :func:`sitepub.actions.releases.go_live.go_live`."""

    find: FindSite
    message: str | None
    environ: Mapping[str, str]
    doubts: tuple[Doubt, ...] = ()
    """What is asked before anything is changed."""
    opened: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Promotion:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.opened.close()

    def choose(self, cloud: Cloud, remote: Remote) -> Chosen:
        return promoted(self.find(cloud, self.opened), remote, self.message, self.environ, self.doubts)


def promoted(site: LiveSite, remote: Remote, message: str | None, environ: Mapping[str, str],
             doubts: tuple[Doubt, ...] = ()) -> Chosen:
    """What is live in ``site``, to go live where ``remote`` leads. ``doubts``: what is asked first."""
    prefix, info, run = remote.project.key_prefix, site.info, ci_run(environ)
    origin = Origin(info.commit, info.branch, one_line(message) if message else info.message,
                    run.where if run is not None else None, site.label, run.actor if run is not None else None,
                    info.request)
    notes = ("The hosts are left as they are; what changed is purged from their caches.",)
    return Chosen(site.label, site_from(site, prefix), website_from(site, prefix), origin,
                  notes if remote.project.hosts else (), doubts, info.commit)


def promotion(source: Project, target: Project, message: str | None, environ: Mapping[str, str]) -> Promotion:
    """From one stage to another. Raises Refused for a share of the visitors."""
    refuse_share(target)
    return Promotion(find=lambda cloud, opened: live_in(source, cloud, opened), message=message, environ=environ,
                     doubts=_about_builds(source, target, environ))


def _about_builds(source: Project, target: Project, environ: Mapping[str, str]) -> tuple[Doubt, ...]:
    found = differences_of(source, target, environ)
    if not found:
        return ()
    lines = [f"  {one.words}" for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  … and {len(found) - _SHOWN} more")
    return (Doubt(
        f"these values differ between {source.stage} and {target.stage}, and what was built for {source.stage} may hold"
        " them:\n" + "\n".join(lines), f"Make it live in {target.stage} all the same?", "StagesDiffer",
        f"if {target.stage} may have what {source.stage} has: --yes; if not: sitepub deploy --stage {target.stage}"),)


# -- finding the stage ---------------------------------------------------------------------------------


def live_in(project: Project, cloud: Cloud, opened: ExitStack) -> LiveSite:
    """What is live in the stage of ``project``, whatever region it is in; or what a preview shows, with the site's own
    robots.txt.

    Raises SitepubError with code NotDeployed, and Refused while a deploy has not ended there."""
    site, state = shown_by(project, cloud, opened)
    return site if state.preview is None else with_the_sites_own(site, state.preview.robots)


def shown_by(project: Project, cloud: Cloud, opened: ExitStack) -> tuple[LiveSite, State]:
    """The same, file by file as visitors see it."""
    states, region, state = _find(project, cloud, opened)
    release = state.release
    if release is None:
        raise _not_deployed(project)
    _refuse_unfinished(project, state)
    name = project.stage if project.preview is None else f"preview {project.preview.name}"
    site = LiveSite(
        label=f"{name}:{release.id}", bucket=state.bucket, region=state.region,
        key_prefix=project.key_prefix, manifest=ShardedManifest.of(live_manifest(
            state, Releases(states.store, states.prefix, states.shards))),
        kept=Kept(states.store.bucket, region, states.prefix), info=release,
        website=_website(states, state), rules=state.rules or SiteRules(), folder=state.folder)
    return site, state


def _find(project: Project, cloud: Cloud, opened: ExitStack) -> tuple[StateStore, str, State]:
    """Where serverless.yml says, else wherever the account has a state of this site."""
    for region, bucket in state_buckets(project, cloud):
        from sitepub.tencent.cos.object_store import CosObjectStore

        store = CosObjectStore(replace(cloud, region=region, accelerate=False), bucket, connections=16)
        opened.callback(store.close)
        states = StateStore(store, project.state_prefix)
        state = states.load()
        if state is not None:
            return states, region, state
    raise _not_deployed(project)


def _website(states: StateStore, state: State) -> WebsiteConfig | None:
    assert state.release is not None
    try:
        return Releases(states.store, states.prefix, states.shards).read(state.release.id, state).record.website
    except NotFound:  # published by `sitepub dev`, which still runs
        return None


def _refuse_unfinished(project: Project, state: State) -> None:
    """What is live is whole when nothing but deletions is missing."""
    journal = state.pending
    if journal is None or (journal.ended and all(step.action is Action.DELETE for step in journal.steps)):
        return
    preview = project.preview
    name = project.stage if preview is None else f"the preview {preview.name}"
    again = f"sitepub deploy --stage {project.stage}" + (f" --preview {preview.name}" if preview is not None else "")
    raise Refused(f"the deploy to {name} that {journal.by} began at {journal.started} has not ended: what is"
                  " live there may be a part of it", code="Unfinished",
                  hint=f"wait for it, or run it again ({again}); then promote")


def _not_deployed(project: Project) -> SitepubError:
    if project.preview is not None:
        return NotFound(f"there is no preview {project.preview.name} of {project.name} in stage {project.stage}",
                        code="NoSuchPreview", status=404, hint="sitepub previews lists them")
    return SitepubError(f"{project.name} is not live in stage {project.stage}", code="NotDeployed",
                        hint="sitepub stages lists where it is")
