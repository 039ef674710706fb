"""How a deploy is to go, and what a run that holds the lock has in hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sitepub.publish.apply import DEFAULT_THREADS
from sitepub.publish.locking.lock import Lock
from sitepub.publish.outcome import Outcome
from sitepub.publish.prepare import Prepared
from sitepub.publish.progress import Progress
from sitepub.publish.release.origin import Origin
from sitepub.publish.states.remote import Remote
from sitepub.settings.apply import Written
from sitepub.site.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """How to carry out a deploy."""

    allow_delete: bool = False
    approve: Callable[[Prepared], None] | None = None
    """Asked again when the plan had to be made anew under the lock; raises to refuse it."""
    progress: Progress | None = None
    on_setting: Written | None = None
    """Called with each setting that was written."""
    stop: threading.Event | None = None
    """Ctrl-C: requests under way are finished, what was done is written down."""
    threads: int = DEFAULT_THREADS
    record: bool = True
    """Keep a record of the release, and all that it takes to go back to it. ``sitepub dev`` keeps one for the whole
    run (:mod:`~sitepub.publish.states.dev_release`)."""
    message: str | None = None
    """What the user says of the release."""
    origin: Origin | None = None
    """Where it comes from, if not from the project's folder."""
    release: str = ""
    """Id of the release; "": a new one."""
    first: Callable[[UnderLock], UnderLock | Outcome] | None = None
    """Done under the lock before the bucket's root is changed: the slots of a site. Answers what to go on with, or how
    the run has ended."""


@dataclass(frozen=True, slots=True)
class UnderLock:
    """A run that holds the lock, and what it is about to do."""

    remote: Remote
    snapshot: Snapshot
    prepared: Prepared
    options: PublishOptions
    lock: Lock
    lost: threading.Event
    """Set when the lock is lost."""
