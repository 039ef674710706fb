"""``traffic``: what a deploy does with the visitors: all of them, a share, or those who have one of two releases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import Refused

if TYPE_CHECKING:
    from sitepub.actions.deploying.values import DeployOptions
    from sitepub.publish.states.state import LiveShare

_EDGES = {"cdn": "the CDN", "edgeone": "EdgeOne", "cos": "the bucket"}
SMALLEST = 0.0001
"""Of the visitors: the router knows them by 10,000 numbers."""


class Replaced(StrEnum):
    """The words of ``--replace``: which of the two releases that visitors get makes way."""

    SHARE = "share"
    STABLE = "stable"
    BOTH = "both"


ANSWERS = {
    Replaced.SHARE: "the release of the share: the same part of the visitors gets the new one",
    Replaced.STABLE: "the stable release: all others get the new one",
    Replaced.BOTH: "both: all visitors get the new one",
}


@dataclass(frozen=True, slots=True)
class Aim:
    """Who gets what is deployed."""

    part: float | None = None
    """Of the visitors; ``None``: all who do not have the release of a share."""
    running: LiveShare | None = None
    """The share that runs when the deploy begins."""
    ends: bool = False
    """The share that runs ends: all visitors get what is deployed."""


Ask = Callable[[str, Mapping[str, str], Refused], str]
"""Which of the two: the words, answer → what it means, and what to raise without a terminal."""


def refuse_share(project: Project, *, dev: bool = False) -> None:
    """Raises Refused before anything is built, with what can be done instead, where all visitors get the same.
    ``traffic: 1`` means all visitors; a preview has visitors of its own. ``dev``: what is saved goes to the bucket's
    root, slots or not."""
    share = project.traffic
    if share is None or share == 1 or project.preview is not None:
        return
    if project.releases.slots > 1:
        if not dev:
            return
        raise Refused(f"`traffic` is {share:g}, but sitepub dev publishes to the bucket's root, which visitors of slots"
                      " do not get", code="CannotSplit",
                      hint="leave traffic out; sitepub deploy --traffic 0.1 begins a share")
    instead = (" To try a release first: sitepub deploy --preview, or sitepub deploy --stage testing and then sitepub"
               " promote testing; to take one back in a moment: sitepub rollback")
    if any(host.edge == "edgeone" for host in project.hosts):
        raise Refused(
            f"`traffic` is {share:g}, but the site has no slots: a release can be live for a share of the visitors only"
            " where the edge leads each of them to a folder that holds it, whole", code="CannotSplit",
            hint="set `releases.slots: 2` and deploy once without traffic, or leave traffic out." + instead)
    edges = ", ".join(dict.fromkeys(_EDGES[host.edge] for host in project.hosts)) or "the bucket"
    raise Refused(
        f"`traffic` is {share:g}, but {edges} {'give' if ',' in edges else 'gives'} all visitors the same files: a"
        " release cannot be live for a share of them", code="CannotSplit", hint="leave traffic out." + instead)


def publishes(project: Project, options: DeployOptions) -> bool:
    """Whether the release of a share becomes live for all, exactly as it is, if one runs: nothing is built."""
    return (project.publish and project.traffic is None and options.replaces is None and project.preview is None
            and project.releases.slots > 1)


def aim_of(project: Project, shares: Sequence[LiveShare], replace: Replaced | None, ask: Ask, *,
           same: Callable[[LiveShare], bool] = lambda _share: False) -> Aim:
    """What the user wants, asked where it can be one or the other. For a site with slots.

    ``shares``: those that run. ``same``: whether the release of a share is exactly what is deployed: a run that was
    killed is repeated, or only the part changes. Raises Refused."""
    part, running = project.traffic, shares[0] if shares else None
    if part is not None and part < SMALLEST:
        raise Refused(
            f"`traffic` is {part:g}: no visitor would get the release", code="CannotSplit",
            hint="to end a share: sitepub traffic 0; to show a release to testers alone: sitepub deploy --preview")
    shared = part is not None and part < 1
    if project.publish and shared:
        raise Refused(
            f"`publish` makes a release the stable one, and `traffic` gives it to {part:g} of the visitors: only one of"
            " the two is possible", code="CannotSplit",
            hint="leave publish out now; later, sitepub traffic 1 makes the release of the share live for all")
    if running is None:
        if replace is Replaced.SHARE and not shared:
            raise Refused("--replace share: no share runs, so there is no part of the visitors to take", code="NoShare",
                          hint="begin one: sitepub deploy --traffic 0.1")
        # With another answer, or a run that was killed and is repeated: there is nothing to choose any more.
        return Aim(part if shared else None)
    if shared and replace in (None, Replaced.SHARE) and same(running):
        return Aim(part, running)
    if replace is None:
        if part == 1:
            replace = Replaced.BOTH
        else:
            replace = _asked(running, ask, shared=shared, slots=project.releases.slots)
    if part == 1 and replace is not Replaced.BOTH:
        raise Refused(f"--replace {replace} leaves visitors with the other release, and `traffic` is 1: all visitors"
                      " get the new one", code="CannotSplit", hint="leave one of the two out")
    if shared and replace is not Replaced.SHARE:
        raise Refused(
            f"--replace {replace} gives the new release to all who do not have the share, and `traffic` to a part of"
            " them: only one of the two is possible", code="CannotSplit", hint="--replace share, or leave traffic out")
    if replace is Replaced.STABLE and project.releases.slots < 3:
        raise Refused(
            f"the site has {project.releases.slots} slots, and both are in use: one holds the stable release, the other"
            " that of the share", code="NoIdleSlot",
            hint="set `releases.slots: 3`, or end the share first: sitepub traffic 1, sitepub traffic 0")
    if replace is Replaced.SHARE:
        return Aim(part if part is not None else running.share, running)
    return Aim(None, running, ends=replace is Replaced.BOTH)


def _asked(running: LiveShare, ask: Ask, *, shared: bool, slots: int) -> Replaced:
    words = (f"{running.share:.4g} of the visitors get {running.release} since {running.since} (by {running.by}), all"
             " others the stable release")
    answers = {one.value: what for one, what in ANSWERS.items()
               if one is Replaced.SHARE or (not shared and (one is Replaced.BOTH or slots > 2))}
    options = [f"--replace {one}" for one in answers]
    return Replaced(ask(words, answers, Refused(
        f"{words}: say which of the two this deploy replaces", code="ShareRunning",
        hint=f"{', '.join(options[:-1])}{' or ' if options[1:] else ''}{options[-1]}; sitepub traffic shows who sees"
             " what" + (", sitepub traffic 0.5 changes the part" if shared else ""))))
