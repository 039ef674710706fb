"""Threads that are not waited for once the work was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


@contextmanager
def pool(threads: int, name: str = "") -> Iterator[ThreadPoolExecutor]:
    """A pool that waits for its threads at the end, unless the block is left by an exception: then what was not begun
    is dropped, and what waits for an answer goes on without us. (The library's own way waits for all of it, also on
    Ctrl-C.)"""
    executor = ThreadPoolExecutor(threads, name)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def side_by_side(tasks: Iterable[Callable[[], T]], at_once: int = 8) -> list[T]:
    """Run the tasks in threads; answers in their order. A single one is run here."""
    todo = list(tasks)
    if len(todo) <= 1:
        return [task() for task in todo]
    with pool(min(at_once, len(todo)), "side") as executor:
        return [future.result() for future in [executor.submit(task) for task in todo]]


def both(one: Callable[[], T], other: Callable[[], U]) -> tuple[T, U]:
    """Run two at the same time; the second one here."""
    with pool(1, "both") as executor:
        future = executor.submit(one)
        second = other()
        return future.result(), second


def all_of(tasks: Iterable[Callable[[], object]], at_once: int = 8) -> None:
    """Run the tasks in threads to the end of each; raises the first error of those in order. A single one is run here.
    """
    todo = list(tasks)
    if len(todo) == 1:
        todo[0]()
    elif todo:
        with pool(min(at_once, len(todo)), "all") as executor:
            futures = [executor.submit(task) for task in todo]
            errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            raise errors[0]
