"""Guards: what a deploy does only when an option allows it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from sitepub.errors import Problem, Refused, SiteError
from sitepub.publish.plan import Plan, Step
from sitepub.publish.project.same_project import OtherProject
from sitepub.site.keys import printable
from sitepub.site.snapshot import LeftOut, Snapshot
from sitepub.tencent.cos.website_config import OWN_FOLDER

FEW_DELETIONS = 25
SHOWN = 20


def refuse_empty_site(snapshot: Snapshot) -> None:
    """An empty folder is a mistake, never a request to take the site down (that is ``remove``)."""
    if not len(snapshot):
        raise Refused("there is nothing to publish: the folder holds no file that may be published",
                      hint="check src (or the build hook's output); to take the site down: sitepub remove",
                      code="EmptySite")


def refuse_own_folder(snapshot: Snapshot) -> None:
    """Raises SiteError for files that would lie in the folder of a bucket that sitepub keeps its slots in."""
    inside = [key for key in snapshot.files if key.startswith(OWN_FOLDER)]
    if not inside:
        return
    names = [str(file.path or key) for key in inside[:SHOWN] if (file := snapshot.files[key])]
    problems = [Problem(f"{printable(name)} would be published as {printable(key)}, and {OWN_FOLDER} is the folder of"
                        " the bucket that sitepub keeps slots in") for name, key in zip(names, inside, strict=False)]
    more = len(inside) - len(problems)
    raise SiteError(
        problems[0].message if len(inside) == 1 else f"{len(inside)} files would lie in {OWN_FOLDER}, which is the"
        " folder of the bucket that sitepub keeps slots in" + (
            f" (the first {len(problems)} are shown)" if more else ""),
        problems=problems, code="OwnFolder", hint=f"give that folder another name, or leave it out: `exclude:"
        f" ['{OWN_FOLDER}']`")


def refuse_mass_deletion(plan: Plan, *, allowed: bool = False, other: OtherProject | None = None) -> None:
    """More than 25 deletions that are more than half of what is live need ``--allow-delete``. ``other``: a project that
    the live files seem to belong to."""
    dropped = plan.dropped if not allowed else ()
    if allowed or len(dropped) <= FEW_DELETIONS or 2 * len(dropped) <= plan.live:
        return
    owner = f"\n{other.origin}" if other is not None else ""
    raise Refused(
        f"this deploy would delete {len(dropped)} of {plan.live} live files:\n{shown_keys(dropped)}{owner}",
        hint="if that is what you want: --allow-delete; if not: check src, dist and keyPrefix",
        code="MassDeletion")


def refuse_loss(plan: Plan, snapshot: Snapshot) -> None:
    """What stands in the folder under the name of a live page is no request to delete that page, even if it cannot be
    published (a link out of the folder, a pipe) or a default rule leaves it out."""
    left = {one.key: one for one in snapshot.left_out}
    lost: dict[LeftOut, list[str]] = {}
    for key in plan.dropped if left else ():
        if (one := _above(key, left)) is not None and _stands(key, one, snapshot):
            lost.setdefault(one, []).append(key)
    if not lost:
        return
    problems = [Problem(f"{printable(one.path)} is {one.what}: it would not be published, and {_live(one, keys)} would"
                        " be deleted from the website") for one, keys in lost.items()]
    options = sorted({one.option for one in lost if one.option})
    publishes = f"{' or '.join(f'`{option}`' for option in options)} publishes it; " if options else ""
    raise SiteError(
        problems[0].message if len(problems) == 1 else
        f"{sum(map(len, lost.values()))} live files would be deleted, although something stands in their place",
        problems=problems, code="LiveButLeftOut",
        hint=f"{publishes}to take it off the website, name {_name(lost)} in src.exclude")


def _name(lost: Mapping[LeftOut, object]) -> str:
    return printable(next(iter(lost)).path) if len(lost) == 1 else "it"


def _stands(key: str, one: LeftOut, snapshot: Snapshot) -> bool:
    """Is there something under the name of this key? Of a folder that a rule left out only a part may be missing."""
    if not one.path.endswith("/") or snapshot.root is None:
        return True
    return os.path.lexists(snapshot.root / (one.path.rstrip("/") + key[len(one.key):]))


def _live(one: LeftOut, keys: Sequence[str]) -> str:
    if keys == [one.key]:
        return "the page of this name"
    return keys[0] if len(keys) == 1 else f"{len(keys)} live files below it ({keys[0]} …)"


def _above(key: str, left: Mapping[str, LeftOut]) -> LeftOut | None:
    """What was left out under this key, or under the name of a folder on the way to it."""
    while key:
        if key in left:
            return left[key]
        key = key.rpartition("/")[0]
    return None


def shown(steps: Sequence[Step]) -> str:
    """The first keys, one a line, and how many more there are."""
    return shown_keys([step.key for step in steps])


def shown_keys(keys: Sequence[str]) -> str:
    lines = [f"  {key}" for key in keys[:SHOWN]]
    if len(keys) > SHOWN:
        lines.append(f"  … and {len(keys) - SHOWN} more")
    return "\n".join(lines)
