"""All metadata, and the small object bodies: one SQLite file, written in groups.

Every change is an *operation*: a function that gets a :class:`Transaction` and either changes something and
returns, or raises before it changes anything. Operations that arrive in one turn of the event loop share one
transaction; each is answered after the commit. SQLite's log is in the page cache by then: a kill of this
process loses nothing that was acknowledged. A loss of power may (``synchronous=NORMAL``): out of scope here.

Reads run on the same connection between groups, so they never see what is not committed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sitepub.local.store.schema import CHANGES, SCHEMA, SCHEMA_VERSION

T = TypeVar("T")
Row = tuple[Any, ...]

_PAGE_BYTES = 4096
_CHECKPOINT_PAGES = 4_000
"""Log size at which a thread begins to copy the log into the database file."""
_BLOCKING_CHECKPOINT_PAGES = 16_000
"""Log size at which writers wait for the copy, so that the log cannot grow without end."""


class Transaction:
    """What an operation works with. Valid only while the operation runs."""

    __slots__ = ("execute", "freed")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        """Run one statement; returns the cursor."""
        self.freed: list[str] = []
        """Names of content files that nothing refers to any more: removed after the commit."""

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        """First row of a query."""
        row: Row | None = self.execute(statement, parameters).fetchone()
        return row


class Database:
    """The open database. Only the thread of the event loop may use it."""

    def __init__(self, file: Path, remove_files: Callable[[list[str]], None]) -> None:
        """Open or create. ``remove_files`` is given the content files to remove after a commit."""
        self.file = file
        self._remove_files = remove_files
        self._connection = sqlite3.connect(file, isolation_level=None, cached_statements=256)
        self._pending: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = []
        self._scheduled = False
        self._configurations: dict[tuple[int, str], bytes | None] = {}
        self._checkpointer: threading.Thread | None = None
        self._pages_since_checkpoint = 0
        execute = self._connection.execute
        execute(f"PRAGMA page_size={_PAGE_BYTES}")
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=NORMAL")
        execute("PRAGMA wal_autocheckpoint=0")
        execute("PRAGMA cache_size=-32768")
        execute("PRAGMA temp_store=MEMORY")
        version = execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._connection.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        while version in CHANGES:
            # written by an earlier version of the embedded cloud
            self._connection.executescript(f"BEGIN;{CHANGES[version]}PRAGMA user_version={version + 1};COMMIT;")
            version += 1
        if version not in (0, SCHEMA_VERSION):
            raise OSError(f"{file} was written by another version of the embedded cloud (schema {version})")

    def read(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self._connection.execute(statement, parameters).fetchall()

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        """First row of a query."""
        row: Row | None = self._connection.execute(statement, parameters).fetchone()
        return row

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Change something at once, before requests are served."""
        self._connection.execute(statement, parameters)

    async def write(self, operation: Callable[[Transaction], T]) -> T:
        """Run an operation in the next group; returns its result once it is committed.

        What the operation raises is raised here; it must raise before its first change."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append((operation, future))
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)
        return await future

    def _flush(self) -> None:
        self._scheduled = False
        group, self._pending = self._pending, []
        try:
            outcomes = self._run(group)
        except Exception:
            # one of them broke the whole group (disk full, a bug): give each a transaction of its own
            outcomes = []
            for member in group:
                try:
                    outcomes += self._run([member])
                except Exception as error:
                    outcomes.append((None, error))
        for (_, future), (result, failure) in zip(group, outcomes, strict=True):
            if future.done():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    def _run(self, group: Sequence[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]]
             ) -> list[tuple[Any, Exception | None]]:
        connection = self._connection
        transaction = Transaction(connection)
        outcomes: list[tuple[Any, Exception | None]] = []
        connection.execute("BEGIN IMMEDIATE")
        try:
            for operation, _ in group:
                changes = connection.total_changes
                try:
                    outcomes.append((operation(transaction), None))
                except Exception as error:
                    if connection.total_changes != changes:
                        raise
                    outcomes.append((None, error))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if transaction.freed:
            self._remove_files(transaction.freed)
        # a rough count: a small object dirties about two pages of its own and some of the trees
        self._pages_since_checkpoint += 3 * len(group)
        if self._pages_since_checkpoint > _CHECKPOINT_PAGES:
            self._checkpoint()
        return outcomes

    def _checkpoint(self) -> None:
        if self._checkpointer is not None and self._checkpointer.is_alive():
            if self._pages_since_checkpoint > _BLOCKING_CHECKPOINT_PAGES:
                self._checkpointer.join()
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._pages_since_checkpoint = 0
            return
        if self._log_bytes() > _BLOCKING_CHECKPOINT_PAGES * _PAGE_BYTES:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._pages_since_checkpoint = 0
            return
        self._pages_since_checkpoint = 0
        self._checkpointer = threading.Thread(target=self._copy_log, name="checkpoint", daemon=True)
        self._checkpointer.start()

    def _log_bytes(self) -> int:
        try:
            return self.file.with_name(self.file.name + "-wal").stat().st_size
        except OSError:
            return 0

    def _copy_log(self) -> None:
        # one call into SQLite without Python's lock: requests go on meanwhile
        connection = sqlite3.connect(self.file, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            pass  # busy: the next one does it
        finally:
            connection.close()

    # Documents that configure a bucket: website, cors, policy …

    def get_configuration(self, bucket_id: int, kind: str) -> bytes | None:
        """The document last put, or ``None``. Kept in memory: cheap enough for every request."""
        try:
            return self._configurations[bucket_id, kind]
        except KeyError:
            row = self.one("SELECT document FROM configurations WHERE bucket=? AND kind=?", (bucket_id, kind))
            document = None if row is None else bytes(row[0])
            self._configurations[bucket_id, kind] = document
            return document

    async def put_configuration(
        self, bucket_id: int, kind: str, document: bytes,
        check: Callable[[Transaction], None] | None = None,
    ) -> None:
        """Store a document. ``check`` runs first in the same transaction and may raise to refuse."""

        def operation(transaction: Transaction) -> None:
            if check is not None:
                check(transaction)
            transaction.execute(
                "INSERT OR REPLACE INTO configurations (bucket, kind, document) VALUES (?, ?, ?)",
                (bucket_id, kind, document),
            )

        await self.write(operation)
        self._configurations.pop((bucket_id, kind), None)

    async def delete_configuration(self, bucket_id: int, kind: str) -> bool:
        """Remove a document; whether there was one."""
        removed = await self.write(
            lambda transaction: transaction.execute(
                "DELETE FROM configurations WHERE bucket=? AND kind=?", (bucket_id, kind)
            ).rowcount
            > 0
        )
        self._configurations.pop((bucket_id, kind), None)
        return removed

    def forget_configurations(self, bucket_id: int) -> None:
        """Remove the documents of a removed bucket from memory."""
        for entry in [entry for entry in self._configurations if entry[0] == bucket_id]:
            del self._configurations[entry]

    def close(self) -> None:
        """Write what is pending, bring the log into the file, close."""
        if self._pending:
            self._flush()
        if self._checkpointer is not None:
            self._checkpointer.join()
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
