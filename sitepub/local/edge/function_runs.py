"""Runs a function on one request: carries out what it wants, until it answers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from sitepub.local.edge.function_engine import FunctionFailed, Isolate
from sitepub.local.edge.messages import EdgeRequest, EdgeResponse
from sitepub.local.edge.served_functions import ServedFunction

MOST_READ = 16 * 1024 * 1024
"""Bytes of a body that a function reads itself."""
PATIENCE = 60.0
"""Seconds that a function may take, what it waits for included."""
MOST_FETCHES = 64
MOST_MESSAGES = 2000
_IDLE = 16
"""Isolates that are kept for the next request."""
_DIGESTS = {"md5": "md5", "sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}


@dataclass(frozen=True, slots=True)
class Subrequest:
    """A fetch of the visitor's own host."""

    request: EdgeRequest
    cache_key: str | None
    ttl: float | None
    """Seconds that the answer is kept, whatever the origin says; 0 or less: not at all; ``None``: as always."""
    ttl_by_status: Mapping[str, float]

    def lifetime(self, status: int) -> float | None:
        """Seconds that an answer of this status is kept; ``None``: as the origin says."""
        for statuses, seconds in self.ttl_by_status.items():
            first, _, last = statuses.partition("-")
            if first.isdecimal() and (last or first).isdecimal() and int(first) <= status <= int(last or first):
                return seconds
        return self.ttl


Fetch = Callable[[Subrequest], Awaitable[EdgeResponse]]


class PassedOn(Exception):
    """The function wants the request to be answered as if there were no function. ``failure``: because it failed."""

    def __init__(self, failure: str = "") -> None:
        super().__init__(failure)
        self.failure = failure


class Functions:
    """Runs the functions of all zones."""

    def __init__(self) -> None:
        self._idle: OrderedDict[int, tuple[ServedFunction, Isolate]] = OrderedDict()
        self._numbers = itertools.count(1)

    async def answer(self, function: ServedFunction, request: EdgeRequest, host: str, fetch: Fetch) -> EdgeResponse:
        """What the function answers. Raises :class:`PassedOn` and :class:`FunctionFailed`."""
        isolate = self._ready(function)
        run = _Run(isolate, request, host, fetch, next(self._numbers))
        try:
            response = await asyncio.wait_for(run.answer(), PATIENCE)
        except TimeoutError as error:
            raise FunctionFailed("it does not answer") from error
        finally:
            clean = await run.close()
        if clean:
            self._idle[next(self._numbers)] = function, isolate
            while len(self._idle) > _IDLE:
                self._idle.popitem(last=False)
        return response

    def _ready(self, function: ServedFunction) -> Isolate:
        for number, (other, isolate) in reversed(self._idle.items()):
            if other == function:
                del self._idle[number]
                return isolate
        return Isolate(function)


@dataclass
class _Run:
    isolate: Isolate
    request: EdgeRequest
    host: str
    fetch: Fetch
    number: int
    passes: bool = False
    fetches: int = 0
    messages: int = 0
    cache: str = ""
    bodies: dict[int, EdgeResponse] = field(default_factory=dict)
    tasks: dict[asyncio.Task[EdgeResponse], int] = field(default_factory=dict)
    urls: dict[int, tuple[str, bool]] = field(default_factory=dict)

    async def answer(self) -> EdgeResponse:
        try:
            wanted = self.isolate.start(self._event())
            while True:
                found = await self._carried_out(wanted)
                if found is not None:
                    return found
                if not self.tasks:
                    raise FunctionFailed("it never answers")
                done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
                wanted = [one for task in done for one in self._fetched(task)]
        except (KeyError, TypeError, ValueError) as error:
            raise FunctionFailed("it changed the runtime that it runs in") from error
        except FunctionFailed as error:
            if self.passes and not str(error).startswith("it takes more"):
                raise PassedOn(str(error)) from error
            raise

    async def close(self) -> bool:
        """Whether nothing is left of this request, so that the isolate may have another one."""
        for task in self.tasks:
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(*self.tasks, return_exceptions=True)
        for body in self.bodies.values():
            await body.close()
        return not self.tasks

    def _event(self) -> dict[str, Any]:
        request = self.request
        target = quote(request.target, safe="".join(map(chr, range(0x21, 0x7f))), errors="surrogateescape")
        event: dict[str, Any] = {
            "event": self.number, "url": f"{request.scheme}://{self.host}{target}", "method": request.method,
            "headers": [[name, value] for name, value in request.headers.items() if _is_sent(value)],
            # no document says more of a visitor than these two; there is no map of addresses here
            "eo": {"clientIp": request.remote, "geo": {}},
        }
        if request.body and request.method not in ("GET", "HEAD"):
            self.bodies[0] = EdgeResponse(200, body=request.body)
            event["stream"] = 0
        return event

    async def _carried_out(self, wanted: list[dict[str, Any]]) -> EdgeResponse | None:
        """Do what the function wants; its answer, once it has given one."""
        while wanted:
            one = wanted.pop(0)
            self.messages += 1
            if self.messages > MOST_MESSAGES:
                raise FunctionFailed("it wants too much")
            match one.get("kind"):
                case "fetch":
                    wanted += self._begun(one)
                case "read":
                    wanted += self.isolate.resolve(one["call"], await self._read(one["stream"]))
                case "digest":
                    wanted += self._digest(one)
                case "store":
                    self.bodies[one["stream"]] = EdgeResponse(200, body=_bytes(one.get("text")))
                case "pass":
                    self.passes = True
                case "untouched":
                    raise PassedOn
                case "failed":
                    raise FunctionFailed(str(one.get("error")))
                case "answer":
                    return await self._answered(one)
        return None

    async def _answered(self, one: Mapping[str, Any]) -> EdgeResponse:
        given = one.get("body") or {}
        body = self.bodies.pop(given["stream"], None) if "stream" in given else None
        response = body if body is not None else EdgeResponse(200, body=_bytes(given.get("text")))
        headers = [(str(name), str(value)) for name, value in one["headers"]]
        good = all(_NAME.match(name) and _is_sent(value) for name, value in headers)
        if not 200 <= int(one["status"]) <= 599 or not good:
            raise ValueError(one)
        return EdgeResponse(int(one["status"]), headers, response.body, response.stream, response.length,
                            cache=self.cache)

    async def _read(self, number: int) -> str:
        body = self.bodies.pop(number, None)
        if body is None:
            raise FunctionFailed("a body that is not there was read")
        if body.stream is None:
            return body.body.decode("latin-1")
        parts, size = [], 0
        async with contextlib.aclosing(body.stream) as stream:
            async for chunk in stream:
                size += len(chunk)
                if size > MOST_READ:
                    raise FunctionFailed("it takes more than 128 MB of memory")
                parts.append(chunk)
        return b"".join(parts).decode("latin-1")

    def _digest(self, one: Mapping[str, Any]) -> list[dict[str, Any]]:
        name = _DIGESTS.get(str(one.get("name")).lower())
        if name is None:
            return self.isolate.reject(one["call"], f"no such digest: {one.get('name')}")
        digest = hashlib.new(name, _bytes(one.get("text")), usedforsecurity=False).digest()
        return self.isolate.resolve(one["call"], digest.decode("latin-1"))

    # fetch

    def _begun(self, one: Mapping[str, Any]) -> list[dict[str, Any]]:
        call, url = one["call"], urlsplit(str(one["url"]))
        self.fetches += 1
        if url.netloc != self.host:
            return self.isolate.reject(call, f"the embedded edge fetches from {self.host} alone, not from {url.netloc}")
        if self.fetches > MOST_FETCHES:
            return self.isolate.reject(call, f"a function fetches {MOST_FETCHES} times at most")
        self.tasks[asyncio.get_running_loop().create_task(self._followed(one))] = call
        return []

    async def _followed(self, one: Mapping[str, Any]) -> EdgeResponse:
        """The answer, after its redirects where the function wants them followed."""
        from multidict import CIMultiDict, CIMultiDictProxy

        url, method, left = str(one["url"]), str(one["method"]), int(one.get("follow") or 0)
        headers = CIMultiDictProxy(CIMultiDict([(str(name), str(value)) for name, value in one["headers"]]))
        eo, body = one.get("eo") or {}, one.get("body") or {}
        sent = await self._read(body["stream"]) if "stream" in body else body.get("text") or ""
        by_status = eo.get("cacheTtlByStatus") or {}
        key = eo.get("cacheKey")
        redirected = False
        while True:
            parts = urlsplit(url)
            request = EdgeRequest(
                method, self.request.scheme, self.request.authority,
                (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers, self.request.remote,
                self.request.time, body=_bytes(sent), parent=self.request.id)
            response = await self.fetch(Subrequest(
                request, str(key) if key else None, eo.get("cacheTtl"),
                {str(name): float(value) for name, value in by_status.items()}))
            location = response.get("location") if response.status in (301, 302, 303, 307, 308) else None
            if location is None or one["redirect"] == "manual":
                self.urls[one["call"]] = url, redirected
                return response
            await response.close()
            url = urljoin(url, location)
            left -= 1
            if one["redirect"] != "follow" or left < 0 or urlsplit(url).netloc != self.host:
                raise ConnectionError(f"a redirect to {url} is not followed")
            redirected, key = True, None

    def _fetched(self, task: asyncio.Task[EdgeResponse]) -> list[dict[str, Any]]:
        call = self.tasks.pop(task)
        error = task.exception()
        if error is not None:
            return self.isolate.reject(call, str(error) or type(error).__name__)
        response = task.result()
        self.cache = response.cache
        url, redirected = self.urls.pop(call)
        answer: dict[str, Any] = {
            "status": response.status, "url": url, "redirected": redirected,
            "headers": [[name, value] for name, value in response.headers if _is_sent(value)]}
        if response.status not in (204, 205, 304):
            number = next(_STREAMS)
            self.bodies[number] = response
            answer["stream"] = number
        return self.isolate.resolve(call, answer)


_STREAMS = itertools.count(1)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


def _bytes(text: Any) -> bytes:
    return str(text or "").encode("latin-1", "replace")


def _is_sent(value: str) -> bool:
    return not any(character in value for character in "\0\r\n")
