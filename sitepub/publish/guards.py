"""Guards: what a deploy does not do without being told to (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from sitepub.errors import Refused
from sitepub.publish.plan import Plan, Step
from sitepub.site.snapshot import Snapshot

FEW_DELETIONS = 25
SHOWN = 20


def refuse_empty_site(snapshot: Snapshot) -> None:
    """An empty folder is a mistake, never a wish to take the site down (that is ``remove``)."""
    if not len(snapshot):
        raise Refused("there is nothing to publish: the folder holds no file that may be published",
                      hint="check src (or the build hook's output); to take the site down: sitepub remove",
                      code="EmptySite")


def refuse_mass_deletion(plan: Plan, *, allowed: bool = False) -> None:
    """More than 25 deletions that are more than half of what is live need ``--allow-delete``."""
    deletions = plan.deletions
    if allowed or len(deletions) <= FEW_DELETIONS or 2 * len(deletions) <= plan.live:
        return
    raise Refused(
        f"this deploy would delete {len(deletions)} of {plan.live} live files:\n{shown(deletions)}",
        hint="if that is what you want: --allow-delete; if not: check src, dist and keyPrefix",
        code="MassDeletion")


def shown(steps: Sequence[Step]) -> str:
    """The first keys, one a line, and how many more there are."""
    lines = [f"  {step.key}" for step in steps[:SHOWN]]
    if len(steps) > SHOWN:
        lines.append(f"  … and {len(steps) - SHOWN} more")
    return "\n".join(lines)
