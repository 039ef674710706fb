"""A bound on the bytes that are held in memory at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """Hands out up to ``limit`` bytes; who asks for more than is left waits. One that asks for more than the
    limit gets it when no other thread holds any."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._change = threading.Condition()

    @contextmanager
    def hold(self, count: int) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: self._held == 0 or self._held + count <= self._limit)
            self._held += count
        try:
            yield
        finally:
            with self._change:
                self._held -= count
                self._change.notify_all()
