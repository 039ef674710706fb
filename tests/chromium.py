"""Chromium, driven over its own protocol (the DevTools protocol): one page, one question at a time.

Tests get it from the fixture ``chromium``: that is how ``tests/run --quick`` knows what needs a browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import aiohttp
import pytest

PATIENCE = 60.0
"""Seconds until what a test waits for must have happened, on a busy computer too."""


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail("the tests need Chromium: tests/run installs it")


class Page:
    """A page that is open. Every method waits for its answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._loop = loop
        self._socket = socket
        self._number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol. Raises RuntimeError with the browser's words."""
        return self._loop.run_until_complete(self._call(method, parameters))

    async def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json(timeout=PATIENCE)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, url: str) -> None:
        """Go to an address and wait until everything is loaded."""
        self.call("Page.enable")
        found = self.call("Page.navigate", url=url)
        assert "errorText" not in found, found
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str, *, frame: str | None = None) -> Any:
        """Value of a JavaScript expression; promises are awaited. ``frame``: of which document, by its id."""
        where = {}
        if frame is not None:
            where = {"contextId": self.call("Page.createIsolatedWorld", frameId=frame)["executionContextId"]}
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, **where)
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"].get("value")

    def wait_for(self, expression: str, *, frame: str | None = None) -> Any:
        """The first true value of an expression. Looks again while the page loads or is loaded anew."""
        deadline = time.monotonic() + PATIENCE
        found = None
        while time.monotonic() < deadline:
            # a page that goes away meanwhile takes the question with it
            with contextlib.suppress(RuntimeError):
                found = self.evaluate(expression, frame=frame)
            if found:
                return found
            time.sleep(0.02)
        pytest.fail(f"never true: {expression} (last: {found!r})")


@contextlib.contextmanager
def run_chromium(*options: str) -> Iterator[Page]:
    """Run a browser with one empty page until the block ends."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command: Sequence[str] = [
            find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--remote-debugging-port=0", f"--user-data-dir={profile}", *options,
            "about:blank",
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                   errors="replace", start_new_session=True)
        loop = asyncio.new_event_loop()
        try:
            with _page(loop, _port(process)) as page:
                yield page
                with contextlib.suppress(RuntimeError, TypeError, ConnectionError):
                    page.call("Browser.close")
        finally:
            loop.close()
            _end(process)


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
            return int(found.group(1))
    raise RuntimeError("Chromium did not start")


@contextlib.contextmanager
def _page(loop: asyncio.AbstractEventLoop, port: int) -> Iterator[Page]:
    async def connect() -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
        session = aiohttp.ClientSession()
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [one for one in await answer.json() if one["type"] == "page"]
        return session, await session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)

    session, socket = loop.run_until_complete(connect())
    try:
        yield Page(loop, socket)
    finally:
        loop.run_until_complete(socket.close())
        loop.run_until_complete(session.close())


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    assert process.stderr is not None
    process.stderr.close()


RunChromium = Callable[..., contextlib.AbstractContextManager[Page]]
"""What the fixture ``chromium`` gives: called with options of the browser, it runs one until the block ends."""
