"""What a deploy does with the slots before and after its hosts: a host that goes is led to the bucket's root first, and
one that comes is led to a slot once it is online."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from sitepub.actions.interrupt import stopping
from sitepub.actions.slots.report import SlotsReport, Switched
from sitepub.actions.slots.slots_of import count_of, due, routable, switch, wanted_hosts
from sitepub.config.project import Project
from sitepub.errors import PartlyDone
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.slot_state import Slots
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.hosts import HostsDone
    from sitepub.publish.progress import Progress
    from sitepub.publish.slots.turn import Turn


class Shows(Protocol):
    def transfer(self) -> AbstractContextManager[Progress]:
        """Shows the transfer while the context lasts."""


@dataclass(slots=True)
class SlotsAround:
    project: Project
    cloud: Cloud
    remote: Remote
    outcome: Outcome
    """Of the deploy; its state is that of now."""
    teller: Shows
    verify: bool = False
    switched: Switched = field(default_factory=Switched)

    @property
    def _slots(self) -> Slots | None:
        return self.outcome.state.slots

    def before_hosts(self) -> None:
        """Raises what the cloud answers, and Refused."""
        slots = self._slots
        if slots is None or self.project.preview is not None:
            return
        stay = tuple(host for host in slots.hosts if host in wanted_hosts(self.project))
        if count_of(self.project) < 2 or set(stay) != set(slots.hosts):
            self._switch(stay)

    def after_hosts(self, done: HostsDone) -> None:
        """The same for hosts that are online now."""
        hosts = routable(self.project, done)
        if self.project.preview is None and count_of(self.project) > 1 and due(
                self.project, self._slots, hosts, self.remote.states.cloud_time, self.outcome.state.shares,
                verify=self.verify):
            # One that is waiting for something was led before, and stays so.
            before = self._slots.hosts if self._slots is not None else ()
            self._switch(tuple(sorted({*hosts, *(host for host in before if host in wanted_hosts(self.project))})))

    def _switch(self, hosts: tuple[str, ...]) -> None:
        if not hosts and self._slots is None:
            return
        with stopping() as stop, self.teller.transfer() as progress:
            done = switch(self.project, self.cloud, self.remote, self.outcome.prepared, hosts,
                          PublishOptions(stop=stop, progress=progress))
        filled = done.filled
        if filled is not None and filled.status not in (Status.PUBLISHED, Status.UNCHANGED):
            raise PartlyDone(
                f"the site is live, and its first slot could not be filled: {len(filled.failures)} of"
                f" {len(filled.prepared.plan.steps)} steps failed", hint="run the same command again to do the rest")
        self.switched = Switched((*self.switched.led, *done.led), (*self.switched.gone, *done.gone), filled,
                                 self.switched.deleted + done.deleted)
        state = self.remote.states.load()
        if state is not None:
            prepared = self.outcome.prepared
            base = msgspec.structs.replace(prepared.base, slots=state.slots, unpurged=state.unpurged)
            self.outcome = replace(self.outcome, state=state, prepared=replace(prepared, base=base))

    def report(self, turn: Turn | None) -> SlotsReport | None:
        slots = self._slots
        done = turn.done if turn is not None else None
        if slots is None and done is None and self.switched == Switched():
            return None
        return SlotsReport(done, self.switched, slots.hosts if slots is not None else ())
