"""Writes the settings of a domain that differ, and none but those that were agreed to."""

from __future__ import annotations

from sitepub.config.site_rules import HostRules
from sitepub.domains.edges.edge import EdgeState, WantedDomain
from sitepub.domains.hosts.context import HostContext, Later
from sitepub.domains.poll import ONCE, Patience, poll
from sitepub.domains.steps import NEW_CERTIFICATE, HostStep, Leaf, PlanChanged, not_agreed
from sitepub.errors import CloudError

_BUSY = "ResourceInUse.CdnOpInProgress"
_NOT_IN_FORCE = "UserCnameInvalid"
_IN_FORCE = Patience(600.0, 1.0, 15.0)


def write_settings(context: HostContext, wanted: WantedDomain, state: EdgeState, agreed: HostStep | None) -> None:
    """``agreed`` ``None``: of a domain that this run has made, any. Raises
    :class:`~sitepub.domains.steps.PlanChanged` for a setting that is not in the step."""
    leaves = context.edge.differences(wanted, state)
    _demand_agreed(context, leaves, state, agreed)
    context.job.keep(setup="domain", rules=_either(context.job.record.rules, context.host.rules))
    context.job.status(f"updating it on {context.edge.word}")
    try:
        _update(context, wanted, state)
    except CloudError as error:
        if error.code != _BUSY:
            raise
        # Another change was begun since the look: wait, and merge into what it has made.
        fresh = context.settled(context.edge.describe(context.name))
        if fresh is None:
            raise
        _demand_agreed(context, context.edge.differences(wanted, fresh), fresh, agreed)
        context.edge.update(wanted, fresh)
    context.bound()
    context.report("; ".join(str(leaf) for leaf in leaves[:3])
                   + (f"; and {len(leaves) - 3} more settings" if len(leaves) > 3 else ""))


def _either(before: HostRules | None, now: HostRules | None) -> HostRules | None:
    """What may be there after a run that is killed now."""
    if not before or not now:
        return before or now or None
    return HostRules(tuple(dict.fromkeys((*before.headers, *now.headers))),
                     tuple(dict.fromkeys((*before.redirects, *now.redirects))))


def _update(context: HostContext, wanted: WantedDomain, state: EdgeState) -> None:
    """A domain of COS that is not in force yet may take no certificate. Raises
    :class:`~sitepub.domains.hosts.context.Later` when it stays so."""
    job = context.job

    def update() -> bool | None:
        try:
            context.edge.update(wanted, state)
        except CloudError as error:
            if error.code != _NOT_IN_FORCE:
                raise
            return None
        return True

    done = poll(update, _IN_FORCE if job.wait else ONCE,
                lambda passed: job.status(f"the domain is not in force yet, {passed:.0f} s"), job.stop)
    if done is None:
        raise Later(f"{context.edge.word} takes no certificate for the domain yet")


def _demand_agreed(context: HostContext, leaves: tuple[Leaf, ...], state: EdgeState, agreed: HostStep | None) -> None:
    if agreed is None:
        return
    changed = not_agreed(leaves, agreed.details)
    if changed:
        raise PlanChanged(context.name, f"{context.edge.word} would change "
                          + "; ".join(str(leaf) for leaf in changed[:3]))
    placeholder = next((leaf for leaf in agreed.details if leaf.path == NEW_CERTIFICATE), None)
    if placeholder is not None and (placeholder.before or "") != state.certificate_id:
        raise PlanChanged(context.name, f"another certificate was bound: {state.certificate_id or 'none'}")
