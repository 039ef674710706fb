"""What a removal would take down, and what it would leave (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sitepub.publish.apply import Failure
from sitepub.publish.bucket_mates import Mate
from sitepub.publish.diff import THERE_BEFORE, not_ours
from sitepub.publish.made_anew import was_rewritten
from sitepub.publish.phases import deletion_rank
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.project.same_project import OtherProject
from sitepub.publish.reconcile import reconcile
from sitepub.publish.states.manifest import Manifest
from sitepub.publish.states.state import Created, Journal, State
from sitepub.tencent.cos.store import Listed

NOT_OURS = "sitepub did not upload it"
IN_A_FOLDER = "it is that of the site"
MADE_ANEW = "nothing in it is as sitepub left it: it was emptied, or deleted and made again, by another program"
REWRITTEN = "another program or site wrote it again, with the same content (--adopted deletes it)"


@dataclass(frozen=True, slots=True)
class Left:
    """An object that stays."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class BucketRemoval:
    """What happens to one bucket."""

    bucket: str
    plan: Plan
    """Its deletions."""
    bytes: int
    left: tuple[Left, ...] = ()
    bucket_stays: str | None = None
    """Why the bucket itself is not deleted; ``None``: it goes."""
    exists: bool = True
    journal: Journal | None = None
    """Of a run that did not end: may have left unfinished uploads."""
    adopted: int = 0
    """Deletions of objects that were there before, with the content of the site."""
    folder: str = ""
    """Of the bucket, which is another site's: all of it lies there. "": the bucket's root."""

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.bucket}/{self.folder}" if self.folder else self.bucket


@dataclass(frozen=True, slots=True)
class RemovalOptions:
    """What the user said of the removal."""

    keep_bucket: bool = False
    adopted: bool = False
    """Delete also what was in the bucket before, with the content of the site."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What ``remove`` will do."""

    found: State
    buckets: tuple[BucketRemoval, ...]
    """The bucket of the site, and those it lived in before."""
    options: RemovalOptions
    other: OtherProject | None = None
    """Another project that the site seems to belong to."""

    @property
    def slots(self) -> tuple[str, ...]:
        """Slots that are deleted before all else, with the routes that lead to them."""
        slots = self.found.slots
        return tuple(one.name for one in slots.all) if slots is not None else ()


@dataclass(frozen=True, slots=True)
class Removed:
    """What ``remove`` did."""

    objects: int
    bytes: int
    buckets: tuple[str, ...]
    """Buckets deleted, the state bucket too."""
    left: tuple[BucketRemoval, ...]
    """Buckets that stay, or from which something stays."""
    failures: tuple[Failure, ...] = ()
    interrupted: bool = False
    """Stopped or failed: the state is kept, and ``remove`` can be run again."""
    state_bucket_stays: str | None = None
    """Why the state bucket was not deleted."""


def plan_removal(bucket: str, manifest: Manifest, journal: Journal | None, created: Created | None,
                 listing: Mapping[str, Listed] | None, options: RemovalOptions = RemovalOptions(),
                 mates: Sequence[Mate] = (), *, stays: str | None = None) -> BucketRemoval:
    """Decide on every object of one bucket (pure). ``listing`` ``None``: there is no such bucket. ``stays``: why the
    bucket is not deleted, whatever else."""
    if listing is None:
        return BucketRemoval(bucket, Plan(), 0, exists=False)
    known = reconcile(manifest, journal.steps if journal is not None else (), listing)
    site_of = {key: mate.site for mate in mates for key in mate.keys}
    why = {key: not_ours(key, known, site_of) or (REWRITTEN if was_rewritten(entry, listing[key]) else "")
           for key, entry in known.owned.items()}
    ours = {key: entry for key, entry in known.owned.items()
            if not why[key] or (options.adopted and why[key] in (THERE_BEFORE, REWRITTEN))}
    why |= dict.fromkeys(known.foreign, NOT_OURS)
    left = [Left(key, f"it belongs to {site_of[key]} (app/stage/name)" if key in site_of else words)
            for key, words in why.items() if key not in ours]
    steps = [Step(Action.DELETE, key, Phase.DELETIONS, Reason.REMOVED)
             for key in sorted(ours, key=lambda key: (deletion_rank(key), key))]
    if stays is not None:
        pass
    elif created is None:
        stays = "sitepub did not create it"
    elif options.keep_bucket:
        stays = "--keep-bucket"
    elif mates:
        stays = f"{', '.join(mate.site for mate in mates)} (app/stage/name) lives in it too"
    elif left:
        stays = f"{len(left)} object{'s' if len(left) > 1 else ''} in it that sitepub does not own"
    return BucketRemoval(bucket, Plan(tuple(steps), known=ours, listed=True),
                         sum(listing[key].size for key in ours),
                         tuple(sorted(left, key=lambda one: one.key)), stays, journal=journal,
                         adopted=sum(entry.adopted for entry in ours.values()))
