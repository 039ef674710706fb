"""What was written of a large plan: some bytes for each step, and the entries of the manifest when they are asked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

from sitepub.publish.many.steps import PackedSteps
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.shards import SortedChanges
from sitepub.site.snapshot import SiteFile

_DONE, _ADOPTED, _KEPT = 1, 2, 4


class Written(SortedChanges):
    """Key → entry of what was written; ``None`` for what was deleted. It grows while a run goes on."""

    def __init__(self, steps: PackedSteps) -> None:
        self._steps = steps
        self._marks = bytearray(len(steps))
        self._times = array("Q", bytes(8 * len(steps)))
        self._etags: dict[int, str] = {}
        """Those that are not the MD5."""
        self._count = 0

    def wrote(self, number: int, entry: Entry | None) -> None:
        self._count += not self._marks[number]
        if entry is None:
            self._marks[number] = _DONE
            return
        if entry.etag != entry.md5:
            self._etags[number] = entry.etag
        self._times[number] = entry.written
        self._marks[number] = _DONE | (_ADOPTED if entry.adopted else 0) | (_KEPT if entry.kept else 0)

    def is_done(self, number: int) -> bool:
        return bool(self._marks[number])

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: object) -> bool:
        number = self._steps.find(key) if isinstance(key, str) else -1
        return number >= 0 and bool(self._marks[number])

    def __getitem__(self, key: str) -> Entry | None:
        number = self._steps.find(key)
        if number < 0 or not self._marks[number]:
            raise KeyError(key)
        return self._entry(self._steps[number].file, number)

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row, number in self._steps.by_key() if self._marks[number])

    def rows(self) -> Iterator[tuple[str, Entry | None]]:
        for row, number in self._steps.by_key():
            if self._marks[number]:
                yield row[0], self._entry(self._steps.file_of(row), number)

    def _entry(self, file: SiteFile | None, number: int) -> Entry | None:
        if file is None:
            return None
        mark = self._marks[number]
        return Entry.of(file, self._etags.get(number, ""), adopted=bool(mark & _ADOPTED), kept=bool(mark & _KEPT),
                        written=self._times[number])


class Also(SortedChanges):
    """Changes over others."""

    def __init__(self, below: SortedChanges, over: Mapping[str, Entry | None]) -> None:
        self._below = below
        self._over = over

    def __len__(self) -> int:
        return len(self._below) + sum(key not in self._below for key in self._over)

    def __getitem__(self, key: str) -> Entry | None:
        return self._over[key] if key in self._over else self._below[key]

    def __contains__(self, key: object) -> bool:
        return key in self._over or key in self._below

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.rows())

    def rows(self) -> Iterator[tuple[str, Entry | None]]:
        waiting = sorted(self._over)
        at = 0
        for key, entry in self._below.rows():
            while at < len(waiting) and waiting[at] < key:
                yield waiting[at], self._over[waiting[at]]
                at += 1
            if key not in self._over:
                yield key, entry
        for key in waiting[at:]:
            yield key, self._over[key]
