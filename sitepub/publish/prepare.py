"""Makes the plan of a deploy: reads what is remote, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from sitepub.config.project import Project
from sitepub.config.repository.git import has_commit
from sitepub.config.site_rules import SiteRules
from sitepub.errors import AccessDenied, Refused
from sitepub.publish.bucket_mates import Mate, mates_in
from sitepub.publish.comparing import Part, part_of, part_since, plan_by_parts
from sitepub.publish.diff import diff
from sitepub.publish.guards import refuse_empty_site, refuse_loss, refuse_own_folder
from sitepub.publish.locking.takeover import is_over, journal_of_before, with_headers_looked_at, writes_in_doubt
from sitepub.publish.locking.unfinished import about, still_runs
from sitepub.publish.looking import common_prefix
from sitepub.publish.made_anew import about as about_made_anew
from sitepub.publish.made_anew import made_anew
from sitepub.publish.plan import Plan
from sitepub.publish.previews.borrowing import with_copies
from sitepub.publish.previews.folder import site_of
from sitepub.publish.previews.info import with_preview
from sitepub.publish.project.mark import ProjectMark, project_here
from sitepub.publish.project.same_project import OtherProject, kin_of, marks_after, other_project
from sitepub.publish.release.content import KeptContent
from sitepub.publish.release.going_back import content_missing, content_not_kept
from sitepub.publish.retention import Retention
from sitepub.publish.rewritten import with_rewritten
from sitepub.publish.states.manifest import Manifest
from sitepub.publish.states.releases import Releases
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.sharded import Owned
from sitepub.publish.states.slot_state import FOLDERS
from sitepub.publish.states.state import VERSION, Former, State
from sitepub.settings.actual import NO_BUCKET, ActualSettings, read_actual
from sitepub.settings.difference import difference
from sitepub.settings.ownership import said_by_release
from sitepub.settings.steps import SettingStep
from sitepub.settings.wanted import WantedSettings, answers_404, wanted_settings
from sitepub.site.address_rules.effective import with_rules
from sitepub.site.index.indexed_files import IndexedFiles
from sitepub.site.many.files import ends_of
from sitepub.site.scan import no_collection
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.bucket_settings import BucketStatus
from sitepub.tencent.cos.store import Listed
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.threads import both, pool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deploy that was thought through and not begun."""

    found: State | None
    """The state as it was read; the plan holds as long as it is unchanged."""
    base: State
    """The state that the run starts from: about the bucket of today."""
    wanted: WantedSettings
    settings: tuple[SettingStep, ...]
    plan: Plan
    verify: bool
    force: bool
    notes: tuple[str, ...] = ()
    """Sentences for the user."""
    mates: tuple[Mate, ...] = ()
    """Other sites in the bucket; looked for when an object is to be written or deleted."""
    other: OtherProject | None = None
    """The project whose place this one would take: worth asking about."""
    projects: tuple[ProjectMark, ...] = ()
    """What is to be remembered of the projects that publish this site."""
    website: WebsiteConfig | None = None
    """Other website settings than the project's."""
    direct: bool = False
    """Made by ``sitepub dev``."""
    rules: SiteRules = field(default_factory=SiteRules)
    """What `_headers` and `_redirects` come to beside the files."""
    later: str = ""
    """A release that was made after the one that the state names."""

    @property
    def new_rules(self) -> bool:
        """The edges get other rules, or the website: worth a release of its own."""
        return (self.base.rules or SiteRules()) != self.rules

    @property
    def empty(self) -> bool:
        """Nothing to do: the bucket is as the project says."""
        return not self.plan and not self.settings

    @property
    def settled(self) -> bool:
        """Nothing to do and nothing to write down."""
        return (self.empty and self.found is not None and self.base == self.found
                and self.base.pending is None and self.base.settings_hash == self.wanted.hash
                and self.base.version == VERSION and not (self.base.litter and self.base.unsure is None)
                and self.plan.known == self.base.owned and not self.new_rules and not self.slots_open)

    @property
    def slots_open(self) -> bool:
        """A run did not come to its end with the slots, or the bucket's root holds another release than the live slot.
        """
        slots = self.base.slots
        return slots is not None and (slots.moving or slots.apart)

    @property
    def taken_settings(self) -> tuple[str, ...]:
        """Settings of the bucket that others made and that differ from serverless.yml."""
        return tuple(step.summary for step in self.settings if step.replaces)

    @property
    def new_bucket(self) -> bool:
        return any(step.kind == "bucket" for step in self.settings)


def prepare(remote: Remote, snapshot: Snapshot, *, verify: bool = False, force: bool = False,
            known: State | None = None, there: bool = False, website: WebsiteConfig | None = None,
            direct: bool = False, since: Snapshot | None = None, later: str = "") -> Prepared:
    """Compare the site with what sitepub remembers of its bucket: one GET when nothing has changed.

    The bucket itself is listed when there is no state yet, when a killed run left its journal, when the
    settings in the project have changed, with ``replace: true`` and with ``verify``. Other sites in the bucket are
    looked for when there is something to do. ``known``: the state, if it was read just now (by ``sitepub dev``, which
    then does not look for other sites either); whether it still holds is checked under the lock. ``there``: the
    bucket is known to be there, although it may be said to be missing for some seconds. ``website``: other website
    settings than the project's; those of a release. ``direct``: made by ``sitepub dev``, which deletes at once what the
    site drops. ``since``: an earlier version of the site, with which ``known`` agrees: only what has changed since is
    compared. ``later``: a release of which the state knows nothing. Raises
    :class:`~sitepub.errors.Refused` for an empty site or another account's bucket,
    :class:`~sitepub.errors.SiteError` when what is live stands in the folder as something that is not published, and
    what the cloud answers.
    """
    refuse_empty_site(snapshot)
    found = known if known is not None else remote.states.load()
    if remote.folder and found is None:
        site_of(remote)  # raises Refused
    base, notes = _about_this_bucket(found, remote)
    base = with_preview(base, remote, snapshot)
    if remote.project.releases.slots > 1 or base.slots is not None:
        refuse_own_folder(snapshot)
    wanted = wanted_settings(with_rules(remote.project, snapshot.rules), remote.bucket,
                             snapshot.files if website is None else ())
    if website is not None:
        now, wanted = wanted, replace(wanted, website=website)
        if base.settings_hash != wanted.hash:
            said = said_by_release(website, now.website, snapshot.files)
            wanted = replace(wanted, said=tuple(sorted({*wanted.said, *said})))
    look = (verify or there or found is None or base.pending is not None or base.unsure is not None
            or base.bucket != found.bucket)
    settings: tuple[SettingStep, ...] = ()
    missing = False
    actual: ActualSettings | None = None
    slotted = remote.project.releases.slots > 1 and not remote.folder
    of_bucket = answers_404(wanted) if slotted or base.slots is not None else wanted
    turned_on = slotted and base.slots is None and of_bucket != wanted
    if not remote.folder and (look or turned_on or base.settings_hash != wanted.hash):
        actual = _actual(remote, wanted, there=there)
        missing = not actual.exists
        settings = tuple(difference(of_bucket, actual, base.said))
    listing: dict[str, Listed] | None = None
    if missing:
        listing = {}
    elif look or remote.project.replace:
        prefix = _common_prefix(remote, snapshot, base)
        listing = {there.key: there for there in remote.store.list(prefix)
                   if not there.key.startswith(FOLDERS) or there.key in base.owned}
    if listing is not None and base.unsure is not None:
        base = with_headers_looked_at(base, snapshot, listing, remote.store)
    if listing is not None and actual is not None and actual.exists and made_anew(
            base.owned, writes_in_doubt(base), listing, partial(_is_website, actual)):
        notes.append(about_made_anew(remote.bucket))
        base = _of_others(base)
        settings = tuple(difference(of_bucket, actual, base.said))
    if listing and found is not None:
        base = with_rewritten(base, snapshot, listing, remote.store)
    in_doubt = writes_in_doubt(base)
    if look and base.unsure is not None and is_over(base.unsure, remote.states.cloud_time):
        base = msgspec.structs.replace(base, unsure=None)

    retention = Retention(remote.states.cloud_time, 0 if direct else remote.project.releases.keep_assets, leaves=direct)
    part: Part | None = None
    early: tuple[tuple[Mate, ...], str] | None = None
    if listing is None and not force:
        part = part_since(snapshot, since, base) if since is not None and base is known else None
        if part is None:
            part, early = _part_and_mates(snapshot, base, retention, remote, mates=known is None)

    def compare(shared: frozenset[str]) -> Plan:
        def plan_of(files: Snapshot, owned: Manifest, elsewhere: Manifest) -> Plan:
            return diff(files, owned, listing=listing, journal=in_doubt, force=force, replace=remote.project.replace,
                        prefix=remote.project.key_prefix, shared=shared, elsewhere=elsewhere, retention=retention)

        if part is None:
            return plan_of(snapshot, base.owned, {})
        return plan_by_parts(part, base, plan_of)

    with no_collection():
        plan = compare(frozenset())
    mates: tuple[Mate, ...] = ()
    if plan.steps and not missing and known is None:
        mates, later = early or _beside(remote, base, listed=listing is not None, later=later)
        if later and listing is None:
            return prepare(remote, snapshot, verify=True, force=force, website=website, direct=direct, later=later)
        if mates:
            plan = compare(frozenset().union(*(mate.keys for mate in mates)))
    plan = with_copies(plan, remote)
    if gone := content_missing(plan, KeptContent(remote.states.store, remote.states.prefix)):
        if listing is not None:
            raise content_not_kept(gone)
        # It may be in the bucket under another key, or as an object of others.
        return prepare(remote, snapshot, verify=True, force=force, website=website, direct=direct)
    refuse_loss(plan, snapshot)
    if base.pending is not None:
        notes.append(about(base.pending, running=still_runs(remote.states)))
    if later:
        notes.append(about_later(later))
    if plan.adopted:
        count = len(plan.adopted)
        notes.append(f"{count:,} {'file of the site was' if count == 1 else 'files of the site were'} in the bucket"
                     " before, with the same content: sitepub sets their headers and does not delete them")
    other, projects = _projects(remote, found or base, base, plan)
    return Prepared(found, base, wanted, settings, plan, verify, force, tuple(notes), mates, other, projects, website,
                    direct, snapshot.rules, later)


def _part_and_mates(snapshot: Snapshot, base: State, retention: Retention, remote: Remote, *, mates: bool
                    ) -> tuple[Part, tuple[tuple[Mate, ...], str] | None]:
    """What has to be compared. Where it is known that something has changed, :func:`_beside` is asked meanwhile;
    ``None``: it was not."""
    files = snapshot.files
    if not (mates and isinstance(files, IndexedFiles) and (files.changes.files or files.changes.gone)):
        return part_of(snapshot, base, retention), None
    with pool(1, "mates") as threads:
        found = threads.submit(_beside, remote, base)
        return part_of(snapshot, base, retention), found.result()


def _projects(remote: Remote, found: State, base: State, plan: Plan
              ) -> tuple[OtherProject | None, tuple[ProjectMark, ...]]:
    """Whether another project has published this site, and what is to be remembered of this one."""
    if not plan:
        return None, base.projects
    folder = remote.project.root
    here = project_here(folder, remote.environ)
    kin = kin_of(here, base, lambda commit: has_commit(folder, commit, remote.environ))
    other = other_project(kin, found, base, plan)
    return other, marks_after(base.projects, here.mark, kin, asked=other is not None)


def about_later(release: str) -> str:
    return (f"the state of this site is older than its release {release} (was an old copy of it put back?): the bucket"
            " was listed to find out what is live")


def _beside(remote: Remote, base: State, *, listed: bool = False, later: str = "") -> tuple[tuple[Mate, ...], str]:
    """The other sites in the bucket, and a release that was made after the one that the state names."""
    if listed or remote.folder:
        return _mates(remote), later
    mates, later = both(partial(_mates, remote), partial(later_release, remote, base))
    return mates, later


def later_release(remote: Remote, state: State) -> str:
    """See :meth:`~sitepub.publish.states.releases.Releases.later`. A key that may not list there does not learn it."""
    try:
        return Releases(remote.states.store, remote.states.prefix, remote.states.shards).later(state)
    except AccessDenied:
        return ""


def _mates(remote: Remote) -> tuple[Mate, ...]:
    """The other sites in the bucket. None when the state bucket may not be listed: a key may be allowed nothing but
    its own site there, and then it is not known."""
    try:
        return mates_in(remote, remote.bucket, each=remote.project.replace)
    except AccessDenied:
        return ()


def _actual(remote: Remote, wanted: WantedSettings, *, there: bool) -> ActualSettings:
    status = BucketStatus.OURS if there else remote.settings.head()
    if status is BucketStatus.MISSING:
        return NO_BUCKET
    if status is BucketStatus.FOREIGN:
        free = remote.free_name()
        raise Refused(f"the bucket {remote.bucket} belongs to another account", code="BucketForeign",
                      hint=f"{free} is free: set `inputs.bucketName: {free}` in serverless.yml" if free
                      else "choose another inputs.bucketName")
    return read_actual(remote.settings, wanted)


def _about_this_bucket(found: State | None, remote: Remote) -> tuple[State, list[str]]:
    """The state to start from. After a change of ``bucketName`` the old bucket is remembered among the
    former ones; a bucket that the site comes back to is taken from there."""
    project = remote.project
    if found is None:
        return State(version=VERSION, app=project.app, stage=project.stage, name=project.name,
                     region=project.region, bucket=remote.bucket, said=(), folder=remote.folder), []
    if (found.bucket, found.folder) == (remote.bucket, remote.folder):
        return found, []
    if found.folder:
        raise _lies_elsewhere(found, project)
    former = [one for one in found.former if one.bucket != remote.bucket]
    notes = []
    journal = journal_of_before(found)
    if len(found.owned) or found.created is not None or journal is not None:
        former.append(Former(found.bucket, found.region, found.owned.one_list(), found.created, journal))
        notes.append(f"the site lived in the bucket {found.bucket} before; it stays there until"
                     " `sitepub remove`, which removes both")
    back = next((one for one in found.former if one.bucket == remote.bucket), None)
    owned = Owned.of(back.manifest if back else {})
    return msgspec.structs.replace(
        found, bucket=remote.bucket, folder=remote.folder, region=project.region, settings_hash="", said=(),
        former=tuple(former), unsure=None, manifest=owned.site, retained=owned.retained,
        due=int(len(owned.retained) > 0), created=back.created if back else None,
        pending=back.pending if back else None), notes


def _is_website(actual: ActualSettings) -> bool:
    return actual.website is not None


def _of_others(base: State) -> State:
    """Nothing in the bucket is known to be sitepub's, nor the bucket itself."""
    return msgspec.structs.replace(base, manifest={}, retained={}, due=0, created=None, said=(), settings_hash="")


def _lies_elsewhere(found: State, project: Project) -> Refused:
    """A preview whose folder is not where serverless.yml has it now."""
    name = project.preview.name if project.preview is not None else project.name
    return Refused(f"the preview {name} lies in {found.bucket}/{found.folder}, and by serverless.yml it would lie"
                   " elsewhere now", code="PreviewElsewhere",
                   hint=f"remove it, then deploy it again: sitepub previews remove {name}")


def _common_prefix(remote: Remote, snapshot: Snapshot, base: State) -> str:
    """The longest prefix of all keys that matter here."""
    keys = [*ends_of(snapshot.files), *base.owned, *(step.key for step in writes_in_doubt(base))]
    if base.pending is not None:
        keys += [step.key for step in base.pending.steps]
    if remote.project.replace:
        keys.append(remote.project.key_prefix)
    return common_prefix(keys)
