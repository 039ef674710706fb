"""The embedded cloud as a process: start it, find it, end it, wipe its data.

It is another program (``python -m sitepub.local``) that we only spawn and talk to over HTTP. Its description of
itself is ``DATA/cloud.json``, written once it listens and removed when it ends. That file may be stale
(a kill leaves it behind, and its port may now belong to another program), so nothing is believed before the
process at that port has proved that it knows the secret of that file (:mod:`sitepub.tencent.embedded_proof`).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from sitepub.config import places
from sitepub.config.small_file import read_small_text
from sitepub.embedded import process as local_process
from sitepub.embedded.data_folder import DEV_MARK, check_deletable, data_folder
from sitepub.errors import Refused, SitepubError, UsageError
from sitepub.interrupts import held_back
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.embedded_gone import RESET_HINT
from sitepub.tencent.embedded_proof import EmbeddedConnection

PATIENCE = 30.0
"""Seconds that a start, a stop, or another process's start may take."""


_WRONG_OPTION = 2
"""Exit code of the server for an option that it does not understand."""
_DAMAGED = 6
"""Exit code of the server for a file of its own that cannot be right; the last line of its log says which."""
_NO_PORT = 7
"""Exit code of the server for a port that it cannot listen on; the last line of its log says why."""
_COMING_UP = 5.0
"""Seconds in which a server that holds its folder describes itself."""
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EmbeddedCloud:
    """A running embedded cloud: where it is and the key pair it takes."""

    credentials: Credentials
    app_id: str
    address: Embedded
    region: str
    data: Path
    pid: int
    edition: str = ""
    """Which code it runs: :func:`local_process.edition`."""
    options: tuple[str, ...] = ()
    """How it was started."""
    moved_from: int = 0
    """The port that it had before, when another program has that now; 0: it has not moved."""

    def as_object(self) -> dict[str, Any]:
        """What ``sitepub local start --json`` prints: the key pair too, which opens nothing but this."""
        return {"endpoint": self.address.endpoint, "app_id": self.app_id,
                "secret_id": self.credentials.secret_id, "secret_key": self.credentials.secret_key,
                "region": self.region, "data": str(self.data), "pid": self.pid,
                "edge_http": self.address.edge_http, "edge_https": self.address.edge_https,
                "dns": self.address.dns, "ca": self.address.ca}


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """How the embedded cloud should run. None and False leave the choice to it."""

    port: int | None = None
    latency: int | None = None
    """Milliseconds added to every answer."""
    faults: str | None = None
    force_download: bool = False

    def arguments(self) -> list[str]:
        words: list[str] = []
        if self.port is not None:
            words += ["--port", str(self.port)]
        if self.latency is not None:
            words += ["--latency", str(self.latency)]
        if self.faults is not None:
            words += ["--faults", self.faults]
        return [*words, "--force-download"] if self.force_download else words


def ensure_embedded(environ: Mapping[str, str], note: Note = lambda _: None) -> EmbeddedCloud:
    """The running embedded cloud, started if need be. What ``--local`` uses."""
    return start(data_folder(environ), CloudOptions(), environ=environ, note=note)[0]


def find(data: Path) -> EmbeddedCloud | None:
    """The embedded cloud that serves this folder now, if one does."""
    cloud = _described(data)
    if cloud is None or not cloud.address.secret:
        return None
    health = _health(cloud.address)
    if health.get("service") != "sitepub-local" or health.get("pid") != cloud.pid:
        return None
    return cloud if Path(str(health.get("data", ""))).resolve() == data.resolve() else None


def _described(data: Path) -> EmbeddedCloud | None:
    """What cloud.json says; ``None`` when it is missing, damaged, or not the user's own."""
    try:
        described = json.loads(local_process.read_own(data / "cloud.json"))
        number: Callable[[str], int] = lambda name: int(described.get(name, 0))  # noqa: E731
        port = urlsplit(str(described["endpoint"])).port
        options = described.get("options", [])
        if port is None or not isinstance(options, list):
            return None
        return EmbeddedCloud(
            credentials=Credentials(str(described["secret_id"]), str(described["secret_key"]), source="embedded cloud"),
            app_id=str(described["app_id"]), region=str(described["region"]), data=data, pid=int(described["pid"]),
            address=Embedded("127.0.0.1", port, number("edge_http"), number("edge_https"), number("dns"),
                             str(described.get("ca", "")), str(described.get("secret", ""))),
            edition=str(described.get("edition", "")), options=tuple(str(word) for word in options),
            moved_from=number("moved_from"),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def publishers(running: EmbeddedCloud) -> int:
    """How many runs of dev use it now."""
    number = _health(running.address).get("publishers")
    return number if isinstance(number, int) else 0


def _health(address: Embedded) -> dict[str, Any]:
    """The health report of the server at this address; empty when there is none, or it is another program.

    Asked up to three times: one that is very busy is a running one too.
    """
    for _ in range(3):
        connection = EmbeddedConnection(address, 10)
        try:
            connection.ask("GET", "/-/health")
            answer = connection.getresponse()
            report = json.loads(answer.read(65536)) if answer.status == 200 else None
        except ConnectionRefusedError:
            return {}
        except (OSError, http.client.HTTPException, ValueError):
            continue
        finally:
            connection.close()
        if isinstance(report, dict):
            return report
    return {}


def start(data: Path, options: CloudOptions, *, environ: Mapping[str, str],
          note: Note = lambda _: None) -> tuple[EmbeddedCloud, bool]:
    """The running embedded cloud for this folder, and whether this call started it.

    Processes that start it at the same moment end with one server: the first to get the lock spawns it, the
    others find it running. One of another version is started again, as it was started before, and ``note`` says
    so. Raises Refused when it runs already with other options, and SitepubError with the
    end of its log when it does not come up.
    """
    # The usual case first: nothing to lock when it runs.
    ours = local_process.edition()
    running = find(data)
    if running is None or running.edition != ours:
        with _one_at_a_time(data, environ):
            running = find(data) or _coming_up(data)
            if running is None and local_process.holder(data) is not None:
                # An older version, which proves nothing, or one whose cloud.json was damaged.
                running = _described(data)
                _stop(data)
                note("The embedded cloud was started again: "
                     + ("it was of an older version." if running is not None else "its cloud.json was damaged."))
                return _again(data, options, running, environ), True
            if running is None:
                cloud = _spawn(data, options.arguments(), environ)
                if cloud.moved_from:
                    note(f"Another program uses port {cloud.moved_from}: the embedded cloud is on port"
                         f" {cloud.address.port} now, and so are the addresses of its sites.")
                return cloud, True
            if running.edition != ours:
                _stop(data)
                note("The embedded cloud was of another version of sitepub, and was started again.")
                return _again(data, options, running, environ), True
    _check(running, options)
    return running, False


def _coming_up(data: Path) -> EmbeddedCloud | None:
    """One that another process is just starting: it holds the folder before it describes itself."""
    deadline = time.monotonic() + _COMING_UP
    while local_process.holder(data) is not None and not (data / "cloud.json").exists():
        if time.monotonic() > deadline:
            return None
        time.sleep(0.05)
    return find(data)


def _again(data: Path, options: CloudOptions, before: EmbeddedCloud | None,
           environ: Mapping[str, str]) -> EmbeddedCloud:
    """Start it as it was started before, unless ``options`` has any."""
    cloud = _spawn(data, options.arguments() or list(before.options if before is not None else ()), environ)
    mark = data / DEV_MARK
    with suppress(OSError, UnicodeDecodeError):
        if before is not None and read_small_text(mark) == str(before.pid):
            mark.write_text(str(cloud.pid), encoding="ascii")
    return cloud


def _check(running: EmbeddedCloud, options: CloudOptions) -> None:
    if options.port not in (None, 0, running.address.port):
        raise Refused(f"The embedded cloud is already running on port {running.address.port}.",
                      code="AlreadyRunning", hint="sitepub local stop, then start it on the other port.")
    if options.latency is not None or options.faults is not None or options.force_download:
        raise Refused("The embedded cloud is already running; its latency and faults are set when it starts.",
                      code="AlreadyRunning", hint="sitepub local stop, then start it again.")


def prepare(data: Path) -> None:
    """Make the data folder, for the user alone. Raises SitepubError when nothing can be written there."""
    with _writing(data):
        local_process.make_private(data)
        log = data / "server.log"
        if log.is_dir():
            raise SitepubError(f"{log} is damaged: it is a folder. Nothing was deleted.", code="EmbeddedCloudDamaged",
                               hint=RESET_HINT)
        local_process.open_log(log).close()


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Raise SitepubError, with what to do, when a folder of ours cannot be made or written."""
    try:
        yield
    except OSError as error:
        raise SitepubError(
            f"The embedded cloud cannot write to {place}: {error.strerror or error}.", code="NotWritable",
            hint="Set SITEPUB_HOME to a folder that you may write to; SITEPUB_LOCAL_DATA is for its data alone.",
        ) from error


def _spawn(data: Path, words: list[str], environ: Mapping[str, str]) -> EmbeddedCloud:
    prepare(data)
    log = data / "server.log"
    deadline = time.monotonic() + PATIENCE
    process = None
    try:
        with held_back():
            process = local_process.spawn(data, words, log=log, environ=environ)
        while time.monotonic() < deadline:
            cloud = find(data)
            if cloud is not None:
                return cloud
            if process.poll() is not None:
                # One that another process started in the meantime without our lock is as good.
                cloud = find(data)
                if cloud is not None:
                    return cloud
                if process.returncode == _WRONG_OPTION and (lines := local_process.tail(log)):
                    raise UsageError(f"{lines[-1]}.")
                if process.returncode == _NO_PORT and (lines := local_process.tail(log)):
                    raise SitepubError(f"{lines[-1][:1].upper()}{lines[-1][1:]}.", code="PortTaken",
                                       hint="Name another one with --port; --port 0 takes any that is free.")
                if process.returncode == _DAMAGED:
                    raise _damaged(data, log)
                raise _not_started(f"The embedded cloud ended at once, with exit code {process.returncode}.",
                                   log)
            time.sleep(0.02)
    except BaseException:
        if process is not None:
            local_process.end_child(process)
        raise
    local_process.end_child(process)
    raise _not_started(f"The embedded cloud did not come up within {PATIENCE:.0f} seconds.", log)


def run_in_foreground(data: Path, options: CloudOptions, *, environ: Mapping[str, str], json: bool) -> NoReturn:
    """Run the embedded cloud in this process's place until a signal ends it."""
    running = find(data)
    if running is not None:
        raise Refused(f"The embedded cloud is already running on port {running.address.port}.",
                      code="AlreadyRunning", hint="sitepub local stop, then start it again.")
    prepare(data)
    local_process.run_here(data, [*options.arguments(), "--foreground", *(["--json"] if json else [])], environ=environ)


def _not_started(message: str, log: Path) -> SitepubError:
    tail = local_process.tail(log)
    shown = ("\nThe end of its log:\n" + "\n".join(f"  {line}" for line in tail)) if tail else ""
    return SitepubError(message + shown, code="LocalCloudFailed", hint=f"Its whole log: {log}")


def _damaged(data: Path, log: Path) -> SitepubError:
    lines = local_process.tail(log)
    what = lines[-1] if lines else f"Files in {data} are damaged."
    return SitepubError(f"The embedded cloud cannot start: {what}. Nothing was deleted.".replace("..", "."),
                        code="EmbeddedCloudDamaged", hint=f"{RESET_HINT} Its log: {log}")


def stop(data: Path, *, environ: Mapping[str, str]) -> bool:
    """End the embedded cloud of this folder and wait until it is gone. False when it was not running.

    Only a process that has just said it serves this folder is ended: the number in a stale cloud.json may
    belong to any process by now.
    """
    if not data.is_dir():
        return False
    with _one_at_a_time(data, environ):
        return _stop(data)


def _stop(data: Path) -> bool:
    running = find(data)
    # Who holds the folder serves it, also when it cannot be asked.
    pid = running.pid if running is not None else local_process.holder(data)
    if pid is None:
        return False
    if not local_process.end(pid, patience=PATIENCE):
        raise SitepubError(f"The embedded cloud (process {pid}) does not end.",
                           code="LocalCloudFailed", hint=f"Its log: {data / 'server.log'}")
    # Windows ends a process without asking it, so it could not tidy up.
    with suppress(IsADirectoryError, PermissionError):
        (data / "cloud.json").unlink(missing_ok=True)
    return True


def reset(data: Path, *, environ: Mapping[str, str]) -> bool:
    """Stop the embedded cloud and delete its folder. False when there was nothing to delete.

    It is not started again: the next ``--local`` or ``local start`` does that, with a new identity.
    Raises Refused when the folder is not recognisably an embedded cloud's, or holds something else too.
    """
    check_deletable(data)
    if not data.is_dir() or not any(data.iterdir()):
        return False
    with _one_at_a_time(data, environ):
        _stop(data)
        shutil.rmtree(data)
    return True


@contextmanager
def _one_at_a_time(data: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Hold the lock for starting and stopping the server of this folder.

    The lock lies outside the folder, so that the folder can be deleted while it is held. (Should two
    processes use different places for it, the server still refuses a folder that is served.)
    """
    import hashlib

    locks = places.data_dir(environ) / "locks"
    lock = locks / f"local-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]}.lock"
    with _writing(locks):
        local_process.make_private(locks)
        lock.touch(mode=0o600)
    with local_process.file_lock(lock, patience=2 * PATIENCE):
        yield
