"""One data folder, one process: the lock, the port, ``cloud.json``, signals."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import IO

from sitepub.local.base.damage import opening
from sitepub.local.base.edition import edition
from sitepub.local.base.faults import Misbehaviour
from sitepub.local.base.identity import REGION, write_private_json
from sitepub.local.base.pace import DEFAULT_PACE
from sitepub.local.base.privacy import close_folder
from sitepub.local.cloud import LocalCloud, open_cloud
from sitepub.local.dns_server import DnsServer
from sitepub.local.edge.edge import Edge
from sitepub.local.edge.origin import Origins
from sitepub.local.server import Server
from sitepub.local.services.certificate_authority import CertificateAuthority
from sitepub.local.store.buckets import MAX_BUCKETS
from sitepub.local.store.database import Database

DEFAULT_PORT = 7070
_PORTS_TRIED = 100


class AlreadyServedError(Exception):
    """Another living process serves the data folder."""


class PortError(Exception):
    """The port that was asked for cannot be listened on."""


class FolderLock:
    """An exclusive lock on a data folder. The system drops it when the process dies, however it dies."""

    def __init__(self, data: Path) -> None:
        """Raises :class:`AlreadyServedError`, DamagedError. The file then names the process that holds it."""
        close_folder(data)
        with opening(data / "lock"):
            self._stream: IO[bytes] = (data / "lock").open("a+b")
        # A client that checks whether the lock is held takes it for a moment.
        deadline = time.monotonic() + 0.5
        while not self._take():
            if time.monotonic() > deadline:
                self._stream.close()
                raise AlreadyServedError(f"{data} is already served by another process")
            time.sleep(0.02)
        # The first byte is the locked one, which others cannot read on Windows.
        self._stream.truncate(0)
        self._stream.write(f" {os.getpid()}\n".encode())
        self._stream.flush()

    def _take(self) -> bool:
        try:
            if sys.platform == "win32":
                import msvcrt

                self._stream.seek(0)
                msvcrt.locking(self._stream.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Release the lock."""
        with contextlib.suppress(OSError):
            self._stream.truncate(0)
        self._stream.close()


async def serve(data: Path, *, port: int | None, misbehaviour: Misbehaviour, force_download: bool,
                announce: bool, for_users: bool = False, pace: float = DEFAULT_PACE,
                most_buckets: int = MAX_BUCKETS) -> None:
    """Serve a data folder until SIGTERM or SIGINT.

    ``port``: ``None`` for the one it had last, else 7070 or the next free one. ``announce``: print the
    description as one line of JSON, ``for_users`` in the form of `sitepub local start --json`. Raises
    :class:`AlreadyServedError`, :class:`PortError`, DamagedError, OSError."""
    data = data.absolute()
    options = ["--pace", f"{pace:g}", "--most-buckets", str(most_buckets)]
    if misbehaviour.faults:
        options += ["--faults", ",".join(str(fault) for fault in misbehaviour.faults)]
    if misbehaviour.latency:
        options += ["--latency", f"{misbehaviour.latency * 1000:g}"]
    if force_download:
        options.append("--force-download")
    lock = FolderLock(data)
    try:
        cloud = open_cloud(data, misbehaviour=misbehaviour, force_download=force_download, pace=pace,
                           most_buckets=most_buckets)
        try:
            await _serve(cloud, port, announce, for_users, options)
        finally:
            cloud.close()
    finally:
        lock.release()


def _for_programs(description: Mapping[str, object]) -> dict[str, object]:
    """What `sitepub local start --json` answers; this process has taken the place of the one that would."""
    own = ("secret", "edition", "options", "moved_from")
    return {"version": 1, "action": "local start", "status": "ok",
            **{name: value for name, value in description.items() if name not in own},
            "next": [["sitepub", "deploy", "--local"]]}


async def _serve(cloud: LocalCloud, port: int | None, announce: bool, for_users: bool, options: list[str]) -> None:
    authority = CertificateAuthority(cloud.data)
    stopped = asyncio.Event()
    _on_signals(stopped)
    server = Server(cloud)
    database = cloud.storage.database
    before = _last_port(database)
    used = await _listen(server, database, port)
    names = DnsServer(cloud.services)
    dns_port = await _listen_again(names.start, database, "dns_port")
    edge = Edge(cloud.services, cloud.storage.buckets, cloud.access_log, Origins(server.answer, used))
    edge_http = await _listen_again(edge.start_http, database, "edge_http_port")
    edge_https = await _listen_again(edge.start_https, database, "edge_https_port")
    description = {
        "endpoint": f"http://127.0.0.1:{used}",
        "app_id": cloud.identity.account.app_id,
        "secret_id": cloud.identity.account.secret_id,
        "secret_key": cloud.identity.account.secret_key,
        "region": REGION,
        "data": str(cloud.data),
        "pid": os.getpid(),
        "edge_http": edge_http,
        "edge_https": edge_https,
        "dns": dns_port,
        "ca": str(authority.root_file),
        "secret": cloud.secret,
        "edition": edition(),
        "options": options,
        "moved_from": before if before not in (None, used) and port is None else 0,
    }
    cloud.lifecycle.start()
    file = cloud.data / "cloud.json"
    with opening(file):
        write_private_json(file, description)
    if announce:
        print(json.dumps(_for_programs(description) if for_users else description), flush=True)
    else:
        print(f"Embedded cloud at {description['endpoint']}, data in {cloud.data}", flush=True)
    try:
        while not stopped.is_set():
            # On Windows a signal handler runs only when the loop turns.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), 0.5 if sys.platform == "win32" else None)
    finally:
        await edge.stop()
        await names.stop()
        await server.stop()
        file.unlink(missing_ok=True)


def _on_signals(stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:
            # the event loop of Windows has none
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))


def _last_port(database: Database) -> int | None:
    row = database.one("SELECT value FROM settings WHERE name='port'")
    return int(row[0]) if row is not None else None


async def _listen(server: Server, database: Database, port: int | None) -> int:
    """The port: ``port``, else the one it had last, 7070, or the next free one."""
    if port is not None:
        try:
            used = await server.start(port)
        except OSError as error:
            why = {errno.EADDRINUSE: "another program has it", errno.EACCES: "this user may not listen on it"}.get(
                error.errno or 0, error.strerror)
            raise PortError(f"the embedded cloud cannot listen on port {port}: {why}") from error
    else:
        last = _last_port(database)
        wanted = [last] if last is not None else []
        wanted += range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED)
        for candidate in wanted:
            try:
                used = await server.start(candidate)
                break
            except OSError:
                continue
        else:
            used = await server.start(0)
    await database.write(lambda transaction: transaction.execute(
        "INSERT OR REPLACE INTO settings (name, value) VALUES ('port', ?)", (str(used),)).rowcount)
    return used


async def _listen_again(start: Callable[[int], Awaitable[int]], database: Database, setting: str) -> int:
    """Start a further listener on the port that it had last, when that is free, else on any; the port."""
    row = database.one("SELECT value FROM settings WHERE name=?", (setting,))
    try:
        used = await start(int(row[0]) if row is not None else 0)
    except OSError:
        used = await start(0)
    await database.write(lambda transaction: transaction.execute(
        "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (setting, str(used))).rowcount)
    return used
