"""The site is read and compared with the bucket, and what must not happen without being asked for is refused."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.actions.build import read
from sitepub.actions.deploying.begin import Begun
from sitepub.actions.deploying.remarks import about_other_regions
from sitepub.actions.deploying.teller import Teller
from sitepub.actions.deploying.values import DeployOptions, Warnings
from sitepub.actions.shared_bucket import about_lifecycle, about_other_sites, about_the_error_page
from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.publish.empty_pages import EmptyPages, empty_pages
from sitepub.publish.glance import differs, is_due
from sitepub.publish.guards import refuse_mass_deletion
from sitepub.publish.prepare import Prepared, prepare
from sitepub.publish.previews.robots import with_own_robots
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.error_page import error_page_problem
from sitepub.site.snapshot import Snapshot


def prepare_deploy(begun: Begun, project: Project, options: DeployOptions, teller: Teller, environ: Mapping[str, str],
                   warnings: Warnings, *, always: bool = False) -> tuple[Remote, Prepared, Snapshot, EmptyPages]:
    """``always``: check the bucket itself, too, whenever that was done last."""
    cloud = begun.cloud
    snapshot = _read(begun, project, environ)
    newest = snapshot.newest_ns
    if project.preview is not None:
        snapshot = with_own_robots(snapshot)
    warnings.add(*snapshot.warnings, *begun.problems, *begun.built.left_over(project, newest))
    no_error_page = error_page_problem(with_rules(project, snapshot.rules), snapshot.files.keys())
    if no_error_page is not None:
        begun.notes.append(no_error_page)
        warnings.add(no_error_page)
    remote = open_remote(project, cloud, environ=environ, patience=options.patience,
                         state_store=begun.asked.store if begun.asked is not None else None)
    if begun.asked is not None and begun.asked.fetched is not None:
        remote.states.give(begun.asked.fetched)
    try:
        prepared = prepare(remote, snapshot, verify=options.verify, force=options.force)
        if prepared.settled and not options.verify and (
                always or is_due(remote, environ) or _went_back(begun, prepared)):
            what = differs(remote, prepared.base)
            if what is not None:
                warnings.add(Problem(f"{what}: the whole bucket is compared"))
                prepared = prepare(remote, snapshot, verify=True, force=options.force)
    except BaseException:
        remote.close()
        raise
    if prepared.found is None and project.preview is None:
        warnings.add(*about_other_regions(project, cloud))
    warnings.add(*about_other_sites(remote, snapshot, prepared))
    if prepared.settings and not prepared.new_bucket:
        warnings.add(*about_the_error_page(remote, snapshot.files.keys(), sets_it=True))
    if sees_lifecycle(prepared):
        found = list(about_lifecycle(remote, snapshot.files.keys(), prepared, ask=True))
        begun.notes += found if prepared.wanted.lifecycle is not None else ()
        warnings.add(*found)
    empty = empty_pages(remote, snapshot, prepared)
    warnings.add(*empty.warnings())
    for sentence in prepared.notes:
        teller.note(sentence)
    return remote, prepared, snapshot, empty


def _went_back(begun: Begun, prepared: Prepared) -> bool:
    """The state is older than the one that this computer has seen."""
    known = begun.local.remembered if begun.local is not None else None
    return known is not None and (prepared.base.release is None or prepared.base.release.id < known.release)


def _read(begun: Begun, project: Project, environ: Mapping[str, str]) -> Snapshot:
    """The site; only what has changed is read, when that is known."""
    local = begun.local
    if local is None:
        return read(project, begun.built, environ)
    if begun.asked is not None and (begun.asked.remembered or begun.asked.fetched):
        snapshot = local.snapshot(project, begun.built.folder, environ)
        if snapshot is not None:
            return snapshot
    return read(project, begun.built, environ, local.draft())


def sees_lifecycle(prepared: Prepared) -> bool:
    """A deploy warns of lifecycle rules when it has to do with the bucket anyway; one of an unchanged site is one
    request, and a plan always warns."""
    return bool(prepared.found is None or prepared.settings or prepared.verify or prepared.wanted.lifecycle)


def refuse_damage(prepared: Prepared, empty: EmptyPages, options: DeployOptions) -> None:
    refuse_mass_deletion(prepared.plan, allowed=may_delete(prepared, options), other=prepared.other)
    empty.refuse(allowed=options.allow_empty)


def may_delete(prepared: Prepared, options: DeployOptions) -> bool:
    """A preview shows one thing after the other, and no visitors depend on it."""
    return options.allow_delete or prepared.base.preview is not None
