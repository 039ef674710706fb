"""A release for a share of the visitors: what a deploy aims at, and the release of the share for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from sitepub.actions.releases.share import Aim, Ask, Replaced, aim_of
from sitepub.actions.slots.slots_of import count_of
from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import Refused, SitepubError
from sitepub.publish.prepare import Prepared
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import LiveShare, State
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.releases.go_live import Choose, Chosen
    from sitepub.publish.outcome import Outcome
    from sitepub.publish.release.origin import Origin
    from sitepub.publish.slots.planned import SlotStep
    from sitepub.publish.slots.share_turn import ShareTurn
    from sitepub.publish.slots.turn import SlotsDone
    from sitepub.site.snapshot import Snapshot


def aim_in(project: Project, cloud: Cloud, remote: Remote, snapshot: Snapshot, prepared: Prepared, replaces: str | None,
           ask: Ask) -> Aim:
    """Who is to get what is published. Asked where it can be one or the other. Raises Refused."""
    if count_of(project) < 2:
        if replaces is not None:
            raise Refused(f"--replace {replaces}: the site has no slots, so no share runs", code="NoShare",
                          hint="leave --replace out")
        return Aim()
    shares = as_led_now(cloud, prepared.base).shares

    def same(share: LiveShare) -> bool:
        from sitepub.publish.slots.filling import prepare_slot
        from sitepub.publish.slots.slot_site import shared_slot
        from sitepub.publish.slots.turn import changes

        slot = shared_slot(remote, prepared.base, share)
        return slot is not None and not prepared.force and not changes(
            prepare_slot(slot, snapshot, prepared.wanted, ()).plan)

    aim = aim_of(project, shares, Replaced(replaces) if replaces is not None else None, ask, same=same)
    if aim.part is not None:
        refuse_no_slots(prepared.found)
    return aim


def planned_with_share(project: Project, cloud: Cloud, remote: Remote, snapshot: Snapshot, prepared: Prepared,
                       replaces: str | None) -> tuple[tuple[SlotStep, ...], SitepubError | None]:
    """What a deploy would do with the slots; or why it would stop: it has to be said what makes way, say."""
    from sitepub.actions.slots.slots_of import planned_steps, wanted_hosts

    def ask(_words: str, _answers: Mapping[str, str], refusal: Refused) -> str:
        raise refusal

    try:
        aim = aim_in(project, cloud, remote, snapshot, prepared, replaces, ask)
        if aim.part is None:
            return planned_steps(project, remote, snapshot, prepared, ends=aim.ends), None
        from sitepub.publish.slots.planned import share_steps

        return share_steps(remote, snapshot, prepared, count_of(project), wanted_hosts(project), aim.part), None
    except SitepubError as error:
        return (), error


def refuse_no_slots(state: State | None) -> None:
    if state is None or state.slots is None or not state.slots.live or not state.slots.hosts:
        from sitepub.publish.slots.share_turn import no_slots

        raise no_slots()


def share_turn(project: Project, cloud: Cloud, part: float, origin: Origin) -> ShareTurn:
    from sitepub.actions.slots.zone_pointer import ZonePointer
    from sitepub.publish.slots.share_turn import ShareTurn

    return ShareTurn(ZonePointer(cloud), count_of(project), part=part, origin=origin)


def as_led_now(cloud: Cloud, state: State) -> State:
    """The state with what the routes say, where a run that did not end was about to change them."""
    if state.slots is None or not state.slots.moving:
        return state
    from sitepub.actions.slots.zone_pointer import ZonePointer
    from sitepub.publish.locking.owner import who
    from sitepub.publish.slots.routes import as_led
    from sitepub.publish.slots.shares import shares_as_led, slots_as_led
    from sitepub.publish.slots.turn import moment

    led = ZonePointer(cloud).read(state.slots.hosts)
    slots = slots_as_led(as_led(state.slots, led.values()), led.values())
    return msgspec.structs.replace(state, slots=slots, shares=shares_as_led(
        state.shares, slots, led.values(), at=moment(), by=who()))


def share_of(state: State, before: tuple[LiveShare, ...]) -> LiveShare | None:
    """The share whose release is to go live for all; also one that a run which was killed has made live, and whose root
    has not followed. ``before``: what that run has written down."""
    if state.shares:
        return state.shares[0]
    slots = state.slots
    live = slots.slot(slots.live) if slots is not None and slots.moving else None
    return next((one for one in before if live is not None and one.release in (live.release, live.shown)), None)


@dataclass(slots=True)
class SharedRelease:
    """Chooses the release of the share that runs, to go live for all."""

    found: LiveShare | None = field(default=None, init=False)

    @property
    def choose(self) -> Choose:
        return self._choose

    def _choose(self, cloud: Cloud, remote: Remote) -> Chosen:
        from sitepub.actions.releases.go_live import Chosen
        from sitepub.publish.release.origin import Origin
        from sitepub.publish.slots.share_change import no_share
        from sitepub.publish.slots.slot_site import shared_site

        state = remote.states.load()
        before = state.shares if state is not None else ()
        state = as_led_now(cloud, state) if state is not None else None
        self.found = share = share_of(state, before) if state is not None else None
        if state is None or share is None:
            raise no_share()
        origin = Origin(share.commit, share.branch, share.message)
        return Chosen(share.release, shared_site(remote, state, share), None, origin, commit=share.commit, ends=True)


@dataclass(slots=True)
class ShareEnd:
    """All visitors get the stable release, which is live and in the bucket's root: there is nothing to copy."""

    project: Project
    cloud: Cloud
    remote: Remote
    done: SlotsDone | None = None

    @property
    def prepared(self) -> Prepared:
        from sitepub.publish.plan import Plan
        from sitepub.settings.wanted import wanted_settings

        state = self.remote.states.load()
        if state is None:
            from sitepub.publish.slots.share_change import no_share

            raise no_share()
        files = state.release.files if state.release is not None else 0
        return Prepared(state, state, wanted_settings(self.project, self.remote.bucket, ()), (),
                        Plan(unchanged=files or 0), verify=False, force=False, rules=state.rules or SiteRules())

    @property
    def steps(self) -> tuple[SlotStep, ...]:
        from sitepub.publish.slots.planned import SlotStep, SlotStepKind

        slots = self.prepared.base.slots
        assert slots is not None
        return (SlotStep(SlotStepKind.POINT, slots.live, f"lead all visitors of {', '.join(slots.hosts)} to slot"
                         f" {slots.live}", "the share ends"),)

    def go(self, _origin: Origin) -> Outcome:
        """Under the lock. Raises what the cloud answers."""
        from sitepub.publish.outcome import Counts, Outcome, Status
        from sitepub.publish.slots.turn import SlotsDone

        prepared = self.prepared
        state, changed = end_share(self.cloud, self.remote)
        if state.slots is not None:
            self.done = SlotsDone(state.slots.live, "", Counts(), moved=False)
        return Outcome(Status.PUBLISHED if changed else Status.UNCHANGED, replace(prepared, base=state),
                       Counts(unchanged=prepared.plan.unchanged), state, release=state.release)


def end_share(cloud: Cloud, remote: Remote, part: float = 0) -> tuple[State, bool]:
    """All visitors get the stable release, or another part of them that of the share: the pointer alone. The state, and
    whether anything was changed."""
    from sitepub.actions.slots.zone_pointer import ZonePointer
    from sitepub.publish.slots.share_change import change_share, no_share
    from sitepub.publish.slots.switching import held

    with held(remote) as site:
        if site is None:
            raise no_share()
        changed = change_share(site, ZonePointer(cloud), part)
        return site.state, changed
