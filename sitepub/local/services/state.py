"""Storage for the state of services: values by name in collections, in one SQLite file beside that of the objects.

Everything is held in memory and written through: a value is committed before it is seen, so a kill loses
nothing that was acknowledged. These services are asked a few times a minute, so a commit each is cheap.
Values are frozen dataclasses; a change is a new value under the same name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,   -- order of creation
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,                          -- JSON
    UNIQUE (collection, name)
);
"""


class StateFile:
    """The open file. Only the thread of the event loop may use it."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self.changes = 0
        """Number of changes so far: caches of derived values compare it."""

    def read(self, collection: str) -> list[tuple[str, bytes]]:
        """Names and values, oldest first."""
        rows = self._connection.execute(
            "SELECT name, value FROM resources WHERE collection=? ORDER BY sequence", (collection,)
        )
        return [(row[0], bytes(row[1])) for row in rows]

    def write(self, collection: str, name: str, value: bytes) -> None:
        self._connection.execute(
            "INSERT INTO resources (collection, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (collection, name) DO UPDATE SET value=excluded.value",
            (collection, name, value),
        )
        self.changes += 1

    def remove(self, collection: str, name: str) -> None:
        self._connection.execute("DELETE FROM resources WHERE collection=? AND name=?", (collection, name))
        self.changes += 1

    def close(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()


class Collection(Generic[T]):
    """All values of one kind, by name, oldest first."""

    def __init__(self, file: StateFile, name: str, kind: type[T]) -> None:
        self._file = file
        self._name = name
        decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode
        self._values: dict[str, T] = {}
        try:
            for key, value in file.read(name):
                self._values[key] = decode(value)
        except msgspec.DecodeError as error:
            raise ValueError(f"{name}: {error}, or another version of the embedded cloud wrote it") from error

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._values.values()))

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str) -> T | None:
        return self._values.get(name)

    def put(self, name: str, value: T) -> None:
        """Store a new value, or replace the one of that name in its place."""
        encoded: bytes = msgspec.json.encode(value)
        self._file.write(self._name, name, encoded)
        self._values[name] = value

    def remove(self, name: str) -> None:
        """Remove a value; nothing happens when there is none."""
        if name in self._values:
            self._file.remove(self._name, name)
            del self._values[name]

    def where(self, **wanted: Any) -> list[T]:
        """Values whose attributes equal these."""
        return [
            value for value in self._values.values()
            if all(getattr(value, name) == expected for name, expected in wanted.items())
        ]
