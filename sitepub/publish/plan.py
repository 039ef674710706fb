"""The plan: the steps that make the bucket equal to the site, each with its reason."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.sharded import Owned
from sitepub.site.snapshot import SiteFile


class Action(StrEnum):
    UPLOAD = "upload"
    COPY = "copy"
    HEADERS = "headers"
    DELETE = "delete"


class Phase(StrEnum):
    """The order of writing, so that no live page ever needs a file that is not live yet."""

    ASSETS = "assets"
    DATA = "data"
    """What pages load beside themselves: Gatsby's page-data.json, Next's .txt."""
    PAGES = "pages"
    LAST = "last"
    """Files that speak of pages: service workers, sitemaps, feeds, search indexes."""
    DELETIONS = "deletions"


class Reason(StrEnum):
    NEW = "new"
    RENAMED = "renamed"
    """New, and its content is in the bucket under a key that the site does not have any more."""
    CONTENT = "content changed"
    HEADERS = "headers changed"
    UNKNOWN_HEADERS = "headers not known"
    FORCED = "forced"
    MISSING = "missing in the bucket"
    DRIFTED = "changed in the bucket since the last deploy"
    TAKEN_OVER = "replaces an object that sitepub did not upload"
    ADOPTED = "was there before with the same content"
    REMOVED = "not in the site any more"
    EXPIRED = "not in the site any more, and kept long enough for open tabs"
    REPLACED = "not in the site (replace: true)"


@dataclass(frozen=True, slots=True)
class Step:
    """One request (or, for a large file, one group of requests) to the bucket."""

    action: Action
    key: str
    phase: Phase
    reason: Reason
    file: SiteFile | None = None
    """What to write; ``None`` for deletions."""
    source_key: str | None = None
    """COPY: the key whose content is copied on the server."""
    source_etag: str | None = None
    """COPY and HEADERS: the ETag the source must still have."""
    guarded: bool = False
    """The key should be free, but that was not checked, or something was seen there since."""
    foreign_etag: str = ""
    """ETag of the foreign object that this step takes over or deletes; of a new key: of what was found
    there in the end."""
    adopted: bool = False
    """The object has this content already, and it was not sitepub that put it there: it stays adopted."""

    from_kept: bool = False
    """COPY: the content comes from the kept content, and not from ``source_key``."""

    @property
    def from_elsewhere(self) -> bool:
        """COPY: the content comes from another site's objects (``file.copies``)."""
        return self.action is Action.COPY and self.source_key is None and not self.from_kept

    @property
    def source(self) -> str | None:
        """COPY: what is copied, in words: a key, or bucket and key."""
        if self.action is not Action.COPY:
            return None
        if self.from_elsewhere and self.file is not None:
            return f"{self.file.copies[0].bucket}/{self.file.copies[0].key}"
        return self.source_key or "the kept content"

    @property
    def new(self) -> bool:
        """Nothing is believed to be under the key: it is written only if that is so."""
        return self.reason in (Reason.NEW, Reason.RENAMED)

    @property
    def bytes_sent(self) -> int:
        return self.file.size if self.action is Action.UPLOAD and self.file is not None else 0


class Steps(Sequence[Step]):
    """The steps of a plan of which there are too many for a tuple."""

    @abstractmethod
    def of(self, *actions: Action) -> Sequence[Step]: ...

    @abstractmethod
    def because(self, *reasons: Reason) -> Sequence[Step]: ...

    @abstractmethod
    def some(self, numbers: Iterable[int]) -> Iterator[Step]:
        """Those with these numbers, which ascend."""

    @abstractmethod
    def count(self, *actions: Action) -> int: ...

    @property
    @abstractmethod
    def bytes_sent(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done, in the order of doing it: phase by phase, keys in order."""

    steps: Sequence[Step] = ()
    """A tuple or, when there are many, :class:`Steps`: an object is made of each when it is asked for."""
    unchanged: int = 0
    """Files that are in the bucket as they should be."""
    known: Mapping[str, Entry] = field(default_factory=dict)
    """Every object that sitepub owns, as it stands in the bucket before the first step. Hashes that are not
    known are ""."""
    foreign: tuple[str, ...] = ()
    """Objects of others that stay where they are. Known only when the bucket was listed."""
    given_up: Mapping[str, str] = field(default_factory=dict)
    """Keys that the site had and does not have any more, and that stay all the same, each with the reason: they
    are foreign. sitepub forgets them."""
    moved: Mapping[str, Entry] = field(default_factory=dict)
    """Objects that need no request: what the site has dropped and what stays for a while (the entry says until when),
    and what was to go and is a file of the site again."""
    listed: bool = False
    """Made from a listing of the bucket; otherwise the manifest was trusted."""

    def __bool__(self) -> bool:
        return bool(self.steps or self.moved)

    def of(self, *actions: Action) -> Sequence[Step]:
        if isinstance(self.steps, Steps):
            return self.steps.of(*actions)
        return tuple(step for step in self.steps if step.action in actions)

    def because(self, *reasons: Reason) -> Sequence[Step]:
        if isinstance(self.steps, Steps):
            return self.steps.because(*reasons)
        return tuple(step for step in self.steps if step.reason in reasons)

    def count(self, *actions: Action) -> int:
        """How many steps do this."""
        if isinstance(self.steps, Steps):
            return self.steps.count(*actions)
        return sum(step.action in actions for step in self.steps)

    @property
    def uploads(self) -> Sequence[Step]:
        return self.of(Action.UPLOAD)

    @property
    def copies(self) -> Sequence[Step]:
        return self.of(Action.COPY)

    @property
    def header_changes(self) -> Sequence[Step]:
        return self.of(Action.HEADERS)

    @property
    def deletions(self) -> Sequence[Step]:
        return self.of(Action.DELETE)

    @property
    def retained(self) -> Mapping[str, Entry]:
        """What the site has dropped and what stays for a while."""
        return {key: entry for key, entry in self.moved.items() if entry.until}

    @property
    def dropped(self) -> tuple[str, ...]:
        """Keys that are a file of the site now, and are none afterwards."""
        return (*(step.key for step in self.deletions if step.reason is not Reason.EXPIRED), *self.retained)

    @property
    def bytes_to_send(self) -> int:
        return self.steps.bytes_sent if isinstance(self.steps, Steps) else sum(step.bytes_sent for step in self.steps)

    @property
    def taken_over(self) -> Sequence[Step]:
        """Steps that put other content over an object that sitepub did not upload: worth asking about."""
        return self.because(Reason.TAKEN_OVER)

    @property
    def adopted(self) -> Sequence[Step]:
        """Steps that make objects which were there before a part of the site, their content unchanged."""
        return self.because(Reason.ADOPTED)

    @property
    def live(self) -> int:
        """How many objects are live that this plan may delete: the files of the site and those to be replaced."""
        ours = len(self.known.site) if isinstance(self.known, Owned) else sum(
            not entry.until for entry in self.known.values())
        return ours + len(self.because(Reason.REPLACED))
