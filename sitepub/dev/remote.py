"""The remote of a run of dev: fewer tries for a request than in a deploy, since dev itself tries again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from sitepub.config.project import Project
from sitepub.publish.states.dev_overlay import OverlayStates
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.network.retry import Backoff

_TRIES = 5
_CAP = 1.0
_NO_ANSWER = 8.0
"""Seconds without an answer after which the small requests for lock and state, which begin every publish, are
tried again. Objects are given longer: many at once may share a slow line."""


@dataclass(frozen=True, slots=True)
class ReportingBackoff(Backoff):
    """Calls ``failed`` for each request that has failed and is tried again."""

    failed: Callable[[], None] = lambda: None

    def wait(self, failures: int, retry_after: float | None = None,
             rand: Callable[[], float] = random.random) -> float:
        self.failed()
        return Backoff.wait(self, failures, retry_after, rand)


def open_for_dev(project: Project, cloud: Cloud, failed: Callable[[], None]) -> tuple[Remote, OverlayStates]:
    """Raises what :func:`~sitepub.publish.states.remote.open_remote` raises. ``failed`` is called, from any thread, for
    each request that has failed and is tried again."""
    from sitepub.tencent.cos.object_store import CosObjectStore
    from sitepub.tencent.cos.wire import route_to

    remote = open_remote(project, cloud)
    states = remote.states
    remote.store.close()
    states.store.close()
    backoff = ReportingBackoff(attempts=_TRIES, cap=_CAP, failed=failed)
    store = CosObjectStore(cloud, remote.bucket, connections=128, backoff=backoff)
    plain = replace(cloud, accelerate=False)
    route = replace(route_to(plain, states.store.bucket), connect_timeout=_NO_ANSWER, timeout=_NO_ANSWER)
    state_store = CosObjectStore(plain, states.store.bucket, connections=2, backoff=backoff, route=route)
    overlay = OverlayStates(state_store, states.prefix)
    return replace(remote, store=store, states=overlay, unaccelerated=lambda: store.unaccelerated), overlay
