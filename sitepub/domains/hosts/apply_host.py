"""Applies the plan of one host: its steps in their order, each after another look, and nothing that is not in it.

What is about to be made is written down first, so a run that was killed anywhere is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sitepub.domains.edges.edge import EdgeState, EdgeStatus, WantedDomain
from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.hosts.edge_certificate import get_by_record, let_the_edge_make_one
from sitepub.domains.hosts.outcome import HostOutcome
from sitepub.domains.hosts.ownership import create_proved, drop_proof, prove
from sitepub.domains.hosts.plan import HostPlan, wants_free_certificate
from sitepub.domains.hosts.settings import write_settings
from sitepub.domains.hosts.verify_host import Verification
from sitepub.domains.hosts.wildcards import instead, refusal
from sitepub.domains.hosts.zone_setup import adopt_zone, prove_zone, set_up_zone
from sitepub.domains.records import CertificateInUse
from sitepub.domains.steps import (
    AgreedBucket,
    AgreedCertificate,
    AgreedProof,
    AgreedZone,
    HostStep,
    HostStepKind,
    PlanChanged,
    StepResult,
    not_covered,
)
from sitepub.domains.times import now_iso
from sitepub.errors import CloudError

_WHILE_DEPLOYING = frozenset({HostStepKind.DNS, HostStepKind.RECORD})
"""Steps that do not need the edge to be ready."""


@dataclass(slots=True)
class ApplyHost:
    """One host in one run."""

    plan: HostPlan
    context: HostContext
    begun: list[HostStep] = field(default_factory=list)
    """Steps that an earlier try of this run began; it broke off without an answer."""
    give_up: Callable[[], None] | None = None
    """Takes the host from the edge that it comes from, where this one does not take it before."""
    applied: list[StepResult] = field(default_factory=list)
    _fresh: bool = False
    _postponed: str = ""
    """Why the edge takes no more changes in this run."""
    _verified: bool = False
    _in_use: CertificateInUse | None = None

    def apply(self) -> HostOutcome:
        """Raises what the services answer, :class:`~sitepub.domains.steps.PlanChanged` and
        :class:`~sitepub.errors.Interrupted`; ``applied`` holds the steps that were done until then."""
        context, waiting = self.context, ""
        if self.plan.refused:
            return self._separate(self.plan.refused)
        try:
            self._apply()
        except Later as later:
            waiting = str(later)
        except CloudError as error:
            why = refusal(context.name, error)
            if not why or context.job.record.created:
                raise
            return self._separate(why)
        done = tuple(context.done)
        status = "waiting" if waiting else "online" if done or self.plan.work else "unchanged"
        return HostOutcome(context.name, context.edge.kind, status, context.job.record.cname, done, waiting,
                           fresh=self._fresh, steps=tuple(self.applied))

    def _separate(self, why: str) -> HostOutcome:
        """There is no such wildcard domain: written down for the previews, which get a domain each."""
        context, job = self.context, self.context.job
        job.keep(edge=context.edge.kind, setup="", refused=why, settings_hash=self.plan.hash, verified=now_iso())
        context.report(instead(why))
        done = [one.step for one in self.applied]
        self.applied += [StepResult(step, needed=False, note=why) for step in self.plan.steps if step not in done]
        return HostOutcome(context.name, context.edge.kind, "unchanged", done=tuple(context.done),
                           steps=tuple(self.applied))

    def _apply(self) -> None:
        context, job = self.context, self.context.job
        job.keep(edge=context.edge.kind, setup=job.record.setup or "begun")
        steps = list(self.plan.steps)
        while steps and steps[0].kind is HostStepKind.UNBIND:
            self._step(steps.pop(0))
        job.keep(bucket=context.place.bucket, region=context.place.region)
        self._look()
        for step in steps:
            if not self._postponed or step.kind in _WHILE_DEPLOYING:
                self._step(step)
        if self._postponed:
            raise Later(self._postponed)
        self._verify()

    def _look(self) -> None:
        """What is there when the work begins."""
        context, job = self.context, self.context.job
        adopt_zone(context)
        state = self._ready_or_postponed()
        if state is not None:
            context.learn(state)
        context.names.adopt(job)
        if not wants_free_certificate(context.host, context.edge):
            found = context.certificates.plan(context.host, job.record, state)
            missing = not_covered(found.steps, self.plan.steps)
            if missing:
                raise PlanChanged(context.name, f"{missing[0].summary} ({missing[0].reason})")
            context.certificate = found.certificate
            context.certificates.adopt(found.certificate, job)

    def _step(self, step: HostStep) -> None:
        handlers: Mapping[HostStepKind, Callable[[HostStep], str]] = {
            HostStepKind.UNBIND: self._unbind, HostStepKind.ZONE: self._zone, HostStepKind.ZONE_PROOF: self._zone_proof,
            HostStepKind.OWNERSHIP: self._prove,
            HostStepKind.CERTIFICATE: self._obtain, HostStepKind.CREATE: self._create,
            HostStepKind.UPDATE: self._update, HostStepKind.START: self._start, HostStepKind.DNS: self._dns,
            HostStepKind.RECORD: self._record, HostStepKind.WAIT: self._wait,
            HostStepKind.OLD_CERTIFICATE: self._delete_certificate}
        again = step in self.begun
        self.begun.append(step)
        note = handlers[step.kind](step)
        if note and again:
            note = ""  # it was done by the try before
        if note:
            self.context.job.done(f"not needed any more: {step.summary.removeprefix(f'{step.host}: ')} ({note})")
        self.applied.append(StepResult(step, needed=not note, note=note))

    # One handler for each kind of step. Each looks again, and answers why its step was not needed, "" when it was done.

    def _unbind(self, step: HostStep) -> str:
        assert isinstance(step.agreed, AgreedBucket)
        former = self.context.edge_of("cos", step.agreed.name)
        state = former.describe(self.context.name)
        if state is None:
            return "it is not bound there"
        former.delete(state)
        self.context.report(f"unbound from the bucket {step.agreed.name}")
        return ""

    def _zone(self, step: HostStep) -> str:
        return set_up_zone(self.context, step)

    def _zone_proof(self, step: HostStep) -> str:
        return prove_zone(self.context, step)

    def _prove(self, step: HostStep) -> str:
        context = self.context
        state = self._there()
        if state.ownership is None:
            drop_proof(context)
            return f"{context.edge.word} has accepted it"
        if state.ownership != step.agreed:
            raise PlanChanged(context.name, f"{context.edge.word} wants another proof: the TXT record"
                                            f" {state.ownership.name} = {state.ownership.value}")
        prove(context, state.ownership)
        self._ready_or_postponed()
        return ""

    def _obtain(self, step: HostStep) -> str:
        context, job = self.context, self.context.job
        assert isinstance(step.agreed, AgreedCertificate)
        if step.agreed.action in ("edge", "edge by dns"):
            state = self._ready()
            note = get_by_record(context, state) if step.agreed.action == "edge by dns" else let_the_edge_make_one(
                context, state, step, leads_here=context.host.dns != "auto"
                or Verification(self.plan, context).leads_to_edge(state.cname))
            self._there()
            return note
        if context.certificate is not None:
            return f"certificate {context.certificate.id} is there"
        job.keep(setup="certificate")
        context.certificate = context.certificates.obtain(
            context.host, context.edge.describe(context.name), job, step)
        if context.certificate is None:
            raise Later("the certificate is not issued yet")
        return ""

    def _create(self, _step: HostStep) -> str:
        context = self.context
        state = context.edge.describe(context.name)
        if state is not None and not (context.job.record.created and state.origin in ("", context.place.endpoint)):
            origin = f", with the origin {state.origin}" if state.origin else ""
            raise PlanChanged(context.name, f"it is on {context.edge.word} now{origin}, and sitepub did not make it")
        note = "it is there already" if state is not None else ""
        if state is None:
            self._create_domain(context.wanted())
        state = self._ready_or_postponed()
        if state is None:
            raise self._gone()
        if state.ownership is not None:
            prove(context, state.ownership)
            state = self._ready_or_postponed()
        else:
            drop_proof(context)
        if state is None or self._postponed:
            return note
        # What an edge takes only for a domain that is there, such as a certificate on EdgeOne.
        if context.edge.differences(context.wanted(), state):
            write_settings(context, context.wanted(), state, None)
            state = self._there()
        context.learn(state)
        return note

    def _create_domain(self, wanted: WantedDomain) -> None:
        context, job = self.context, self.context.job
        if self.give_up is not None:
            self.give_up()
        before = job.record.created
        job.keep(created=True, setup="domain", rules=context.host.rules or job.record.rules)
        job.status(f"creating it on {context.edge.word}")
        try:
            create_proved(context, wanted)
        except (CloudError, Later) as error:
            # What is in use already was made by others, as far as this run can tell.
            in_use = isinstance(error, CloudError) and error.code.startswith("ResourceInUse")
            if in_use or context.edge.describe(context.name) is None:
                job.keep(created=before)
            raise
        self._fresh = True
        context.report(f"created on {context.edge.word}")

    def _update(self, step: HostStep) -> str:
        context = self.context
        state = self._ready()
        wanted = context.wanted()
        if not context.edge.differences(wanted, state):
            return "the settings are so already"
        write_settings(context, wanted, state, step)
        context.learn(self._there())
        return ""

    def _start(self, _step: HostStep) -> str:
        context = self.context
        state = self._ready()
        if state.status is not EdgeStatus.OFFLINE:
            return f"it is {state.said or state.status.value}"
        context.report("put online")
        context.edge.start(state)
        self._there()
        return ""

    def _wait(self, step: HostStep) -> str:
        if isinstance(step.agreed, AgreedCertificate):
            return self._obtain(step)
        if isinstance(step.agreed, AgreedZone):
            return self._zone(step)
        self._ready()
        return ""

    def _dns(self, step: HostStep) -> str:
        context = self.context
        agreed = [one for one in self.plan.steps if one.kind is HostStepKind.DNS]
        cname = "" if isinstance(step.agreed, AgreedProof) else self._cname()
        context.job.keep(setup="dns")
        return context.names.apply(step, context.host, cname, context.job, agreed)

    def _record(self, _step: HostStep) -> str:
        return self.context.names.remind(self.context.host, self._cname(), self.context.job)

    def _delete_certificate(self, step: HostStep) -> str:
        self._verify()
        in_use = self._in_use.id if self._in_use is not None else ""
        stays = self.context.certificates.delete_replaced(step, in_use, self.context.job)
        if stays:
            self.context.report(stays)
        return ""

    # What they share

    def _cname(self) -> str:
        cname = self.context.job.record.cname or self.context.edge.known_cname
        if not cname:
            raise Later(f"{self.context.edge.word} has not given the name that its CNAME record needs yet")
        return cname

    def _ready_or_postponed(self) -> EdgeState | None:
        """The domain when nothing is being deployed; as it is where this run does not wait for that."""
        context = self.context
        state = context.edge.describe(context.name)
        try:
            return context.settled(state)
        except Later as later:
            self._postponed = str(later)
            if state is not None:
                context.learn(state)
            return state

    def _there(self) -> EdgeState:
        state = self._ready_or_postponed()
        if state is None:
            raise self._gone()
        return state

    def _ready(self) -> EdgeState:
        """The domain when it takes a change. Raises Later."""
        state = self._there()
        if self._postponed:
            raise Later(self._postponed)
        return state

    def _gone(self) -> PlanChanged:
        return PlanChanged(self.context.name, f"it is gone from {self.context.edge.word}")

    def _verify(self) -> None:
        """Once, before what depends on it."""
        if self._verified:
            return
        state = self._ready()
        self._in_use = Verification(self.plan, self.context).verify(state)
        self._verified = True
