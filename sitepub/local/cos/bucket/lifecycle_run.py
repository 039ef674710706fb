"""Lifecycle rules carried out: what expires, what changes its class, which uploads are given up (COS API 436/8280).

The service runs once a day, at midnight; here rules are checked every hour, and at once when the clock is put ahead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sitepub.local.base.clock import DAY, Clock
from sitepub.local.cos.bucket.lifecycle import Action, Rule, parse_lifecycle
from sitepub.local.cos.bucket.tagging import stored as stored_tags
from sitepub.local.store.buckets import Bucket
from sitepub.local.store.content import release
from sitepub.local.store.database import Row, Transaction
from sitepub.local.store.storage import Storage
from sitepub.local.store.stored import remove, remove_version

HOUR = 3600.0
_ORDER = ("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "COLD", "ARCHIVE", "DEEP_ARCHIVE")
"""Objects move towards the end only."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One version of an object, as rules see it."""

    key: str
    version: str
    modified: float
    storage_class: str
    tags: frozenset[tuple[str, str]]
    marker: bool = False
    older_since: float = 0.0
    """When it stopped being the newest version; 0: it is the newest."""
    alone: bool = False
    """A delete marker with no version behind it."""


class Lifecycle:
    """Carries out the rules of all buckets."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[int] | None = None

    @property
    def ahead(self) -> float:
        """Seconds that the clock was put ahead."""
        return self._storage.clock.ahead

    def start(self) -> None:
        """Look now and every hour."""
        loop = asyncio.get_running_loop()
        self._running = loop.create_task(self.run())
        self._timer = loop.call_later(HOUR, self.start)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._running is not None:
            self._running.cancel()

    async def move(self, seconds: float) -> int:
        """Put the clock ahead, for good; how much the rules then changed. Raises ValueError."""
        clock = self._storage.clock
        clock.move(seconds)
        await self._storage.database.write(lambda transaction: transaction.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES ('clock', ?)", (clock.text,)).rowcount)
        return await self.run()

    async def run(self) -> int:
        """How many objects, versions and uploads changed."""
        changed = 0
        for bucket in self._storage.buckets.all():
            document = self._storage.database.get_configuration(bucket.id, "lifecycle")
            if document is not None:
                rules = [rule for rule in parse_lifecycle(document) if rule.enabled]
                changed += await self._objects(bucket, rules)
                changed += await self._uploads(bucket, rules)
        return changed

    async def _objects(self, bucket: Bucket, rules: list[Rule]) -> int:
        changed = 0
        # a list: what is removed meanwhile must not move the cursor
        for found in list(_versions(self._storage, bucket)):
            decided = decide(rules, found, self._storage.clock)
            if decided is None:
                continue
            changed += await self._storage.database.write(
                partial(_apply, bucket=bucket, found=found, decided=decided))
        return changed

    async def _uploads(self, bucket: Bucket, rules: list[Rule]) -> int:
        rows = self._storage.database.read("SELECT id, key, started FROM uploads WHERE bucket=?", (bucket.id,))
        due = [row[0] for row in rows if any(
            rule.abort_days is not None and rule.covers(row[1], frozenset())
            and self._storage.clock.age(row[2]) >= rule.abort_days * DAY for rule in rules)]
        for upload in due:
            await self._storage.database.write(partial(_give_up, upload=upload))
        return len(due)


def decide(rules: list[Rule], found: _Found, clock: Clock) -> str | None:
    """`expire`, a storage class, or None: a removal wins over a move, a colder class over a warmer one."""
    wanted: set[str] = set()
    for rule in rules:
        if not rule.covers(found.key, found.tags):
            continue
        actions = rule.older if found.older_since else rule.newest
        since = found.older_since or found.modified
        for action in actions:
            if action.markers:
                if found.alone:
                    return "expire"
            elif not (found.marker and not found.older_since) and _due(action, since, clock):
                wanted.add(action.storage_class or "expire")
    if "expire" in wanted:
        return "expire"
    colder = [name for name in wanted if _rank(name) > _rank(found.storage_class)]
    return None if found.marker or not colder else max(colder, key=_rank)


def _due(action: Action, since: float, clock: Clock) -> bool:
    if action.date is not None:
        return clock.now() >= action.date and since < action.date + DAY
    return action.days is not None and clock.age(since) >= action.days * DAY


def _rank(storage_class: str) -> int:
    bare = storage_class.removeprefix("MAZ_")
    return _ORDER.index(bare) if bare in _ORDER else 0


def _versions(storage: Storage, bucket: Bucket) -> Iterator[_Found]:
    columns = "key, version, sequence, modified, storage_class, tagging"
    rows = storage.database.read(
        f"SELECT {columns}, 0 FROM objects WHERE bucket=?1 UNION ALL"
        f" SELECT {columns}, marker FROM versions WHERE bucket=?1 ORDER BY 1, 3 DESC", (bucket.id,))
    for position, row in enumerate(rows):
        key, version, _, modified, storage_class, tagging, marker = row
        newer = rows[position - 1] if position and rows[position - 1][0] == key else None
        last = position + 1 == len(rows) or rows[position + 1][0] != key
        yield _Found(key, version, modified, storage_class, frozenset(stored_tags(tagging)), bool(marker),
                     older_since=float(newer[3]) if newer is not None else 0.0,
                     alone=bool(marker) and newer is None and last)


def _apply(transaction: Transaction, bucket: Bucket, found: _Found, decided: str) -> int:
    where = (bucket.id, found.key, found.version)
    if decided == "expire":
        if found.older_since or found.marker:
            remove_version(transaction, bucket, found.key, found.version)
        elif _is_there(transaction, where, found.modified):
            remove(transaction, bucket, found.key)
        return 1
    return sum(transaction.execute(
        f"UPDATE {table} SET storage_class=? WHERE bucket=? AND key=? AND version=?", (decided, *where)).rowcount
        for table in ("objects", "versions"))


def _is_there(transaction: Transaction, where: tuple[int, str, str], modified: float) -> bool:
    """Not written again since it was checked."""
    row: Row | None = transaction.one(
        "SELECT modified FROM objects WHERE bucket=? AND key=? AND version=?", where)
    return row is not None and row[0] == modified


def _give_up(transaction: Transaction, upload: str) -> None:
    for body, file in transaction.execute("SELECT body, file FROM parts WHERE upload=?", (upload,)).fetchall():
        release(transaction, body, file)
    transaction.execute("DELETE FROM parts WHERE upload=?", (upload,))
    transaction.execute("DELETE FROM uploads WHERE id=?", (upload,))
