"""The JavaScript engine: QuickJS in this process, with limits on time, memory and stack, and with no way out.

A context has the language, the globals of ``function_runtime.js``, and nothing else: no files, no network, no modules,
no functions of Python. It and the edge exchange texts (JSON) alone.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitepub.local.edge.served_functions import ServedFunction

CPU = 0.2
"""Seconds of the processor that a function may take for one request (limits of edge functions)."""
MEMORY = 128 * 1024 * 1024
STACK = 512 * 1024
_LOADING = 5.0
"""Seconds for our own code, and for that of a function at its start."""
NO_ENGINE = "pip install 'sitepub[edge]'"


class FunctionFailed(Exception):
    """The function threw, ran too long, took too much memory, or never answered."""


@functools.cache
def has_engine() -> bool:
    """Whether the engine is installed: the extra ``sitepub[edge]``."""
    return importlib.util.find_spec("quickjs") is not None


@functools.cache
def _runtime() -> str:
    return Path(__file__).with_name("function_runtime.js").read_text(encoding="utf-8")


class Isolate:
    """One function, ready for requests, one after the other. What it keeps in its globals stays between them, as on a
    node. Only one thread may use it. Every method raises :class:`FunctionFailed`."""

    def __init__(self, function: ServedFunction) -> None:
        import quickjs

        self.context = quickjs.Context()
        self.context.set_memory_limit(MEMORY)
        self.context.set_max_stack_size(STACK)
        self.context.set_time_limit(_LOADING)
        self._calls = self.context.eval(_runtime())
        self._start, self._taken, self._resolve, self._reject = (
            self._member(name) for name in ("start", "taken", "resolve", "reject"))
        for name, variable in function.variables.items():
            value = variable.value if variable.type == "json" else json.dumps(variable.value)
            self._eval(f"globalThis[{json.dumps(name)}] = {value or 'undefined'};")
        self._eval(function.content)
        self.left = CPU

    def _member(self, name: str) -> Any:
        read = self.context.eval("(from, name) => from[name]")
        return read(self._calls, name)

    def _eval(self, code: str) -> None:
        self._limited(lambda: self.context.eval(code))

    def start(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A request has come; what the function wants."""
        self.left = CPU
        return self._run(lambda: self._start(json.dumps(event)))

    def resolve(self, call: int, answer: Any) -> list[dict[str, Any]]:
        """What it asked for is there; what it wants now."""
        return self._run(lambda: self._resolve(call, json.dumps(answer)))

    def reject(self, call: int, reason: str) -> list[dict[str, Any]]:
        return self._run(lambda: self._reject(call, reason))

    def _run(self, work: Any) -> list[dict[str, Any]]:
        if self.left <= 0:  # many short calls take as much as a long one
            raise FunctionFailed("it takes more than 200 ms of the processor")
        started = time.thread_time()
        self.context.set_time_limit(max(self.left, 0.001))

        def all_jobs() -> Any:
            work()
            while self.context.execute_pending_job():
                if time.thread_time() - started > self.left:
                    raise FunctionFailed("it takes more than 200 ms of the processor")
            return self._taken()

        try:
            wanted = json.loads(self._limited(all_jobs))
        except (ValueError, RecursionError) as error:
            raise FunctionFailed("it changed the runtime that it runs in") from error
        finally:
            self.left -= time.thread_time() - started
        return [one for one in wanted if isinstance(one, dict)] if isinstance(wanted, list) else []

    def _limited(self, work: Any) -> Any:
        import quickjs

        try:
            return work()
        except quickjs.JSException as error:
            text = str(error).strip()
            if text.startswith("InternalError: interrupted"):
                raise FunctionFailed("it takes more than 200 ms of the processor") from error
            if text.startswith("InternalError: out of memory") or text == "null":
                raise FunctionFailed("it takes more than 128 MB of memory") from error
            raise FunctionFailed(text) from error
