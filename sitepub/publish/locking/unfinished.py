"""A journal that was found: its run was killed, or is still at work. Only the lock shows which."""

from __future__ import annotations

import os

from sitepub.publish.locking.lock import read_lock
from sitepub.publish.locking.owner import process_space, started_at
from sitepub.publish.states.state import Journal
from sitepub.publish.states.state_store import StateStore


def still_runs(states: StateStore) -> bool:
    """Whether another run holds the lock of the site now. Raises what the cloud answers."""
    holder = read_lock(states.store, f"{states.prefix}lock")
    if holder is None or holder.outlived:
        return False
    record = holder.record
    own = (process_space(), os.getpid(), started_at(os.getpid()))
    return (record.space, record.pid, record.process_started) != own


def about(journal: Journal, *, running: bool) -> str:
    """The journal in words, for a run that is about to list the bucket instead of trusting the manifest."""
    began = f"the deploy that {journal.by} began at {journal.started}"
    if running:
        return f"{began} is still running; the bucket was listed to find out what it has done so far"
    if journal.ended:
        return f"{began} ended before everything was done; the bucket was listed to find out what it did"
    return f"{began} did not end; the bucket was listed to find out what it did"
