"""Keeps the records of a site's hosts in its state while a run under the lock works on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from sitepub.domains.hosts.site_hosts import former_key
from sitepub.domains.records import HostRecord
from sitepub.publish.locking.lock import Lock
from sitepub.publish.states.remote import Remote
from sitepub.publish.states.state import State
from sitepub.publish.states.state_store import StateStore
from sitepub.publish.workers import EitherEvent


@contextmanager
def open_ledger(remote: Remote, stop: threading.Event | None = None) -> Iterator[HostLedger | None]:
    """The records of a site's hosts, under its lock; ``None``: the site is gone. Raises
    :class:`~sitepub.errors.Refused` when another run has the lock. ``stop``: Ctrl-C."""
    lost = threading.Event()
    with Lock(remote.states.store, remote.states.prefix, on_lost=lost.set, patience=remote.patience) as lock:
        state = remote.states.load()
        yield None if state is None else HostLedger(
            remote.states, lock, state, EitherEvent(stop or threading.Event(), lost))


class HostLedger:
    """Implements :class:`~sitepub.domains.hosts.site_hosts.Ledger`. Every change is saved at once."""

    def __init__(self, states: StateStore, lock: Lock, state: State, stop: threading.Event | None = None) -> None:
        """``stop``: set when the work has to end."""
        self._states = states
        self._lock = lock
        self._mutex = threading.Lock()
        self.state = state
        self.stop = stop or threading.Event()

    def keeper(self, record: HostRecord, *, coming: bool) -> HostKeeper:
        hosts = self.state.hosts
        known = hosts.get(record.host)
        if known is not None and known.edge == record.edge:
            return HostKeeper(self, known, coming)
        former = hosts.get(former_key(record.host, record.edge))
        # A host that comes back brings along what was made for it elsewhere: that is in the record given.
        return HostKeeper(self, record if coming or former is None else former, coming)

    def write(self, record: HostRecord, *, coming: bool) -> None:
        """``coming``: the host is set up on this edge; its record on another one moves aside."""
        with self._mutex:
            hosts = dict(self.state.hosts)
            here = hosts.get(record.host)
            if coming and here is not None and here.edge != record.edge:
                hosts.pop(former_key(record.host, record.edge), None)
                # What was made for the host goes on with it.
                hosts[former_key(here.host, here.edge)] = msgspec.structs.replace(
                    here, dns=(), certificates=(), certificate=None)
            key = record.host if coming or (here is not None and here.edge == record.edge) else former_key(
                record.host, record.edge)
            hosts[key] = record
            self._save(hosts=hosts)

    def forget(self, record: HostRecord) -> None:
        with self._mutex:
            self._save(hosts={key: one for key, one in self.state.hosts.items()
                              if (one.host, one.edge) != (record.host, record.edge)})

    def update(self, **changes: Any) -> None:
        """Change the state itself."""
        with self._mutex:
            self._save(**changes)

    def _save(self, **changes: Any) -> None:
        state = msgspec.structs.replace(self.state, **changes)
        if state == self.state:
            return
        self._lock.still_ours()
        self.state = self._states.save(state)


@dataclass(slots=True)
class HostKeeper:
    """Implements :class:`~sitepub.domains.job.Keeper`."""

    ledger: HostLedger
    record: HostRecord
    coming: bool

    def keep(self, record: HostRecord) -> None:
        self.ledger.write(record, coming=self.coming)
        self.record = record
