"""Takes one host down: the domain on its edge, the DNS records and the certificates that sitepub made, and
nothing else. Stopped anywhere, it is finished by the next run: the record goes last."""

from __future__ import annotations

from dataclasses import dataclass

from sitepub.domains.edges.edge import Edge, EdgeState, EdgeStatus
from sitepub.domains.hosts.outcome import HostOutcome
from sitepub.domains.hosts.parts import Certificates, Names
from sitepub.domains.hosts.zone_removal import delete_zone
from sitepub.domains.job import HostJob
from sitepub.domains.records import HostRecord
from sitepub.domains.steps import AgreedRemoval, HostStep, StepResult


@dataclass(slots=True)
class TakeDown:
    """One host in one run."""

    step: HostStep
    edge: Edge
    certificates: Certificates
    names: Names
    job: HostJob

    @property
    def record(self) -> HostRecord:
        return self.job.record

    def apply(self) -> HostOutcome:
        """Takes away what the step names. Raises what the services answer, and
        :class:`~sitepub.errors.Interrupted`. Afterwards the record may be forgotten."""
        name, agreed = self.record.host, self.step.agreed
        assert isinstance(agreed, AgreedRemoval)
        interrupted = self.record.setup
        self.job.keep(setup="removal", settings_hash="")
        left: list[str] = []
        state = self.edge.describe(name)
        ours = state is not None and agreed.created
        if state is not None and self._shows_another_bucket(state, interrupted):
            # Another site, or this one from another region, lives on all of it.
            return HostOutcome(name, self.edge.kind, "left", left=(
                f"the domain {name} stays on {self.edge.word}, with its DNS records and certificates:"
                f" it shows {state.origin} now",), steps=(StepResult(self.step),))
        if state is not None and ours:
            state = self._stopped(state)
        elif state is not None:
            left.append(f"the domain {name} stays on {self.edge.word}: sitepub did not make it")
        # The name stops leading to the edge before the edge gives the domain up: no other account can take its place.
        left += self.names.withdraw(agreed, self.job)
        if state is not None and ours:
            self.job.status(f"deleting it on {self.edge.word}")
            self.edge.delete(state)
            self.job.done(f"deleted on {self.edge.word}")
        elif agreed.created:
            self.edge.tidy(name, self.record.zone)
        if state is None or ours:
            left += self.certificates.withdraw(agreed, self.job)
        else:
            # The domain that stays may be serving it.
            left += [f"certificate {made.id} stays: {name} may be using it"
                     for made in self.record.certificates if made.id]
        if agreed.zone is not None and self.edge.zones is not None:
            left += delete_zone(self.edge.zones, agreed.zone, self.job)
        return HostOutcome(name, self.edge.kind, "left" if left and not ours else "removed", left=tuple(left),
                           steps=(StepResult(self.step),))

    def _shows_another_bucket(self, state: EdgeState, setup: str) -> bool:
        """A setup that was broken off may not have come to leading it to its bucket; one that was to create it would
        have done both at once."""
        bucket, region = self.record.bucket, self.record.region
        at_once = self.record.created and not self.record.made
        settled = (setup in ("", "removal") or at_once) and bool(bucket and region)
        return settled and bool(state.origin) and not (
            state.origin.startswith(f"{bucket}.") and f".{region}." in state.origin)

    def _stopped(self, state: EdgeState) -> EdgeState | None:
        """The domain offline, which a deletion demands."""
        name = self.record.host
        found: EdgeState | None = state
        if state.status is EdgeStatus.PROCESSING and state.ownership is None:
            found = self.edge.wait(name, None, report=self.job.status, stop=self.job.stop)
        if found is not None and found.status is EdgeStatus.ONLINE:
            self.job.status("stopping it")
            self.edge.stop(found)
            found = self.edge.wait(name, EdgeStatus.OFFLINE, report=self.job.status, stop=self.job.stop)
        return found
