"""Going back to a release that a slot holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sitepub.actions.slots.slots_of import count_of, wanted_hosts
from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import SitepubError
from sitepub.publish.outcome import Counts, Outcome, Status
from sitepub.publish.plan import Plan
from sitepub.publish.prepare import Prepared
from sitepub.publish.release.origin import Origin
from sitepub.publish.states.releases import Release
from sitepub.publish.states.remote import Remote
from sitepub.settings.wanted import wanted_settings
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.releases.go_live import Chosen
    from sitepub.publish.slots.filling import OpenSlot
    from sitepub.publish.slots.planned import SlotStep
    from sitepub.publish.slots.turn import SlotsDone

ROOT_FOLLOWS = ("The bucket's root, which answers at the bucket's own address and where the edge function fails,"
                " follows with the next deploy.")


@dataclass(slots=True)
class BackToSlot:
    """A release that a slot holds whole: visitors are moved, and nothing is copied."""

    cloud: Cloud
    remote: Remote
    slot: OpenSlot
    release: Release
    prepared: Prepared
    """Of the bucket's root: nothing is done there."""
    count: int
    done: SlotsDone | None = None

    @property
    def other_rules(self) -> bool:
        """The hosts get other headers and redirects with it."""
        return self.prepared.new_rules

    @property
    def steps(self) -> tuple[SlotStep, ...]:
        from sitepub.publish.slots.planned import SlotStep, SlotStepKind

        slots = self.prepared.base.slots
        assert slots is not None
        return (SlotStep(SlotStepKind.POINT, self.slot.name, f"lead {', '.join(slots.hosts)} to slot {self.slot.name}"
                         f" (was slot {slots.live})", f"it holds release {self.release.id}"),)

    def go(self, origin: Origin) -> Outcome:
        """Under the lock. Raises what the cloud answers."""
        from sitepub.actions.slots.zone_pointer import ZonePointer
        from sitepub.publish.slots.going_back import point_back, slot_with
        from sitepub.publish.slots.switching import held
        from sitepub.publish.slots.turn import SlotsDone

        with held(self.remote) as site:
            website = self.release.record.website
            slot = slot_with(self.remote, site.state, self.release, website) if (
                site is not None and website is not None) else None
            if site is None or slot is None:
                raise SitepubError("another run has filled the slot meanwhile", code="SlotTaken",
                                   hint="run the same command again")
            before = site.state.slots.live if site.state.slots is not None else ""
            point_back(site, ZonePointer(self.cloud), slot, self.release, origin, self.count)
            self.done = SlotsDone(slot.name, slot.whole, Counts(), moved=slot.name != before)
            prepared = replace(self.prepared, base=site.state)
            return Outcome(Status.PUBLISHED, prepared, Counts(unchanged=self.release.info.files), site.state,
                           release=site.state.release)


def slot_of(project: Project, cloud: Cloud, remote: Remote, chosen: Chosen, *, verify: bool) -> BackToSlot | None:
    """``None``: no slot holds the release, or hosts that get the bucket's root need it too."""
    release = chosen.back
    if release is None or verify or count_of(project) < 2:
        return None
    from sitepub.publish.slots.going_back import is_there, slot_with

    state = remote.states.load()
    if state is None or state.slots is None or state.bucket != remote.bucket or not release.kept:
        return None
    if set(state.slots.hosts) != set(wanted_hosts(project)) or len(project.hosts) != len(state.slots.hosts):
        return None
    wanted = wanted_settings(project, remote.bucket, ())
    website = release.record.website
    slot = slot_with(remote, state, release, wanted.website)
    if slot is None or website is None or not is_there(slot, website):
        return None
    prepared = Prepared(state, state, replace(wanted, website=website), (), Plan(unchanged=release.info.files),
                        verify=False, force=False, rules=release.record.rules or SiteRules())
    return BackToSlot(cloud, remote, slot, release, prepared, count_of(project))
