"""Every wait in the source is known, with what ends it after Ctrl-C. A new one has to be thought of first.

Whatever is missed here ends all the same (``sitepub.interrupts``: the process goes after less than a second), but not
in good order. ``tests/e2e/test_e2e_waits.py`` tries it with real signals."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sitepub"
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "local" not in path.relative_to(PACKAGE).parts]
"""All but the embedded cloud, which is another program."""

MAIN = "in the main thread: Ctrl-C breaks in"
STOP = "ends when stop is set"
PRESSED = "ends with the first signal"
LIMITED = "ends by itself within what is left"
OURS = "of a thread of ours that ends as soon as it is asked to"
DAEMON = "in a daemon thread that nobody waits for longer than what is left"
FUTURE = "in the main thread, which is broken in on; the pool does not wait for its threads then"

WAITS = {
    "domains/hosts/zone_setup.py: lock.acquire": "it does not block: domains.poll waits between two tries",
    "cli/previews/open.py: stop.wait": STOP,
    "dev/loop.py: self._worker.join": LIMITED,
    "dev/loop.py: finishing.join": LIMITED,
    "dev/loop.py: tool.join": LIMITED,
    "dev/inbox.py: self._queue.get": "the signal handler puts a message into it",
    "dev/worker.py: self._thread.join": LIMITED,
    "embedded/cloud.py: time.sleep": MAIN,
    "embedded/process.py: process.wait": MAIN,
    "embedded/process.py: time.sleep": MAIN,
    "dev/leftovers.py: time.sleep": "for half a second at the most, and the processes have been told to end",
    "watch/library_watching.py: self._observer.join": OURS,
    "watch/linux_watching.py: self._thread.join": OURS,
    "watch/linux_watching.py: waiting.poll": DAEMON,
    "watch/polling.py: self._end.wait": STOP,
    "watch/polling.py: self._thread.join": OURS,
    "dev/tool_process.py: process.wait": LIMITED,
    "dev/tool_process.py: self._end.wait": STOP,
    "dev/tool_process.py: self._thread.join": DAEMON,
    "watch/watching.py: self._heard.wait": "for a second at the most, when dev begins",
    "check/work/workers.py: future.result": FUTURE,
    "check/work/workers.py: idle.get": "there are as many processes as threads",
    "check/work/workers.py: self.process.wait": LIMITED,
    "domains/edges/edgeone.py: self.wait": "polls, and each pause ends when stop is set",
    "domains/hosts/context.py: self.edge.wait": STOP,
    "domains/hosts/removal.py: self.edge.wait": STOP,
    "domains/hosts/site_hosts.py: stop.wait": STOP,
    "domains/poll.py: stop.wait": STOP,
    "domains/router/router.py: self._sleep": PRESSED,
    "domains/service_api.py: self._sleep": PRESSED,
    "interrupts.py: pressed.wait": PRESSED,
    "interrupts.py: time.sleep": "the thread that counts",
    "logs/cls_topic.py: stop.wait": STOP,
    "logs/cos_logging.py: stop.wait": STOP,
    "logs/embedded.py: stop.wait": STOP,
    "logs/feed.py: self._thread.join": "two seconds at the most, and its connection has been closed",
    "logs/feed.py: self._visits.get": "looks up five times a second",
    "logs/hourly_files.py: stop.wait": STOP,
    "probe/hosts.py: h.poll": PRESSED,
    "probe/objects.py: start.wait": "of daemon threads, for 30 seconds at the most",
    "probe/objects.py: thread.join": MAIN,
    "config/repository/git.py: process.wait": MAIN,
    "publish/prepare.py: found.result": FUTURE,
    "publish/locking/patience.py: self.sleep": PRESSED,
    "publish/locking/lock.py: self._end.wait": STOP,
    "publish/locking/lock.py: self._thread.join": MAIN,
    "publish/workers.py: self._change.wait": "the main thread looks up twice a second; workers are daemons",
    "publish/workers.py: self._one.wait": STOP,
    "site/hashing.py: answer.result": FUTURE,
    "site/hashing.py: last.result": FUTURE,
    "site/build/hook.py: self.process.wait": MAIN,
    "site/build/hook.py: time.sleep": LIMITED,
    "site/build/process.py: self._blocks.get": MAIN,
    "site/build/process.py: self._process.wait": LIMITED,
    "site/build/process.py: self._reader.join": "half a second at the most, and its pipe is closed",
    "site/build/process.py: self.wait": LIMITED,
    "site/build/lifeline.py: self._shell.wait": "it ends when its pipe is closed",
    "tencent/cos/sdk_client.py: self._sleep": PRESSED,
    "tencent/cloud_api.py: self._sleep": PRESSED,
    "tencent/network/http_answer.py: self._sock.recv": "closing the store ends it; in the main thread Ctrl-C breaks in",
    "tencent/cos/multipart.py: future.exception": "in a worker, which is a daemon",
    "tencent/cos/multipart.py: future.result": "in a worker, which is a daemon",
    "tencent/cos/wire.py: self._closed.wait": "ends when the store is closed; in the main thread Ctrl-C breaks in",
    "terminal/browser.py: process.wait": DAEMON,
    "terminal/keys.py: self._end.wait": STOP,
    "terminal/keys.py: self._thread.join": OURS,
    "terminal/keys.py: select.select": DAEMON,
    "terminal/live_display.py: ended.wait": STOP,
    "terminal/progress.py: self._ended.wait": STOP,
    "terminal/progress.py: self._thread.join": OURS,
    "terminal/status_lines.py: self._thread.join": OURS,
    "threads.py: future.exception": FUTURE,
    "threads.py: future.result": FUTURE,
}
SIGNALS = {"interrupts.py", "__main__.py", "actions/interrupt.py", "embedded/process.py", "cli/boundary.py",
           "terminal/keys.py"}
"""Who may decide what a signal does: ``keys`` only for those that end nothing, ``embedded/process`` before it becomes
another program."""
SWALLOWING = {"__main__.py", "cli/boundary.py", "actions/interrupt.py", "publish/workers.py", "site/build/hook.py"}
"""Who may catch KeyboardInterrupt without raising it again."""
_WAITING = {"wait", "sleep", "_sleep", "select", "acquire", "result", "exception", "recv", "communicate"}
_THREADS = ("thread", "worker", "observer", "reader", "tool", "finishing")
_BACKOFF = "backoff.wait"
"""Answers how long to wait, and does not."""


@dataclass(frozen=True)
class Call:
    file: str
    line: int
    node: ast.Call

    @functools.cached_property
    def name(self) -> str:
        return ast.unparse(self.node.func)

    @property
    def options(self) -> set[str | None]:
        return {keyword.arg for keyword in self.node.keywords}


@functools.cache
def trees() -> Mapping[Path, ast.Module]:
    """Not when the file is imported: each worker imports all files."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


@functools.cache
def calls() -> tuple[Call, ...]:
    return tuple(Call(path.relative_to(PACKAGE).as_posix(), node.lineno, node)
                 for path, tree in trees().items() for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.fixture(scope="module", autouse=True)
def forget_the_trees() -> Iterator[None]:
    """A worker that keeps them looks through them whenever it collects garbage."""
    yield
    calls.cache_clear()
    trees.cache_clear()


def waits(call: Call) -> bool:
    if not isinstance(call.node.func, ast.Attribute):
        return False
    method = call.node.func.attr
    if method not in _WAITING and method not in ("join", "get", "poll"):
        return False
    receiver = call.name.rpartition(".")[0]
    if method == "join":  # of a thread: nothing, or how long
        if isinstance(call.node.func.value, ast.Constant | ast.JoinedStr) or "path" in receiver.lower():
            return False
        return not call.node.args or any(word in receiver for word in _THREADS)
    if method == "get" and receiver != "asking":  # of a queue
        return "timeout" in call.options or not (call.node.args or call.node.keywords)
    if method == "poll":  # of a selector; a process's own comes back at once
        return "process" not in receiver and receiver != "select"
    if method in ("wait", "result", "exception") and (_BACKOFF in call.name.lower() or "terminal" in receiver):
        return False
    if method == "acquire" and receiver == "self":
        return False
    return method in _WAITING


def test_every_wait_is_known() -> None:
    found = {f"{call.file}: {call.name}" for call in calls() if waits(call)}
    assert found - WAITS.keys() == set(), "what ends these after Ctrl-C?"
    assert WAITS.keys() - found == set(), "these are not there any more"


@pytest.mark.parametrize("name", ["logging", "Backoff.wait"])
def test_what_only_sounds_like_a_wait_is_none(name: str) -> None:
    assert not any(waits(call) for call in calls() if call.name.startswith(name))


def test_the_search_finds_each_kind() -> None:
    """Were it blind for one, it would find nothing to complain about."""
    source = ("event.wait(3)\ntime.sleep(1)\nself._thread.join()\nqueue.get(timeout=2)\nqueue.get()\nfuture.result()\n"
              "lock.acquire()\nselect.select([], [], [])\nselector.poll()\nsock.recv(3)\nprocess.communicate()\n")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    assert all(waits(Call("x.py", node.lineno, node)) for node in nodes) and len(nodes) == 11
    harmless = "', '.join(words)\nmapping.get('key')\nbackoff.wait(3)\nself._backoff.wait(1)\nos.path.join(a, b)\n"
    assert not any(waits(Call("x.py", node.lineno, node)) for node in ast.walk(ast.parse(harmless))
                   if isinstance(node, ast.Call))


def test_an_event_that_is_asked_otherwise_is_waited_for_otherwise() -> None:
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any("Event" in ast.unparse(base) for base in node.bases):
                methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
                assert not methods & {"is_set", "set"} or "wait" in methods, f"{path}: {node.name} cannot be waited for"


def test_threads_keep_nobody_from_ending() -> None:
    for call in calls():
        if call.name in ("threading.Thread", "Thread"):
            daemon = next((word.value for word in call.node.keywords if word.arg == "daemon"), None)
            assert isinstance(daemon, ast.Constant) and daemon.value is True, f"{call.file}:{call.line}"
        if call.name.endswith("ThreadPoolExecutor"):
            # threads.pool() leaves its threads alone when it is broken off; the parts' pool belongs to a store.
            assert call.file in ("threads.py", "tencent/cos/multipart.py"), f"{call.file}:{call.line}: use threads.pool"


def test_signals_have_one_master() -> None:
    for call in calls():
        method = call.name.rpartition(".")[2]
        if call.name in ("signal.signal", "_signal.signal", "signal.set_wakeup_fd", "signal.pthread_sigmask",
                         "signal.setitimer", "signal.siginterrupt", "faulthandler.register"):
            assert call.file in SIGNALS, f"{call.file}:{call.line}"
        # An event loop would take the signals over.
        loop = call.name.startswith("asyncio.") and method in ("run", "new_event_loop")
        assert not loop, f"{call.file}:{call.line}"


def test_ctrl_c_is_caught_by_few() -> None:
    for path, tree in trees().items():
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type is not None else "BaseException"
                again = any(isinstance(part, ast.Raise) for part in ast.walk(node))
                if ("KeyboardInterrupt" in caught or "BaseException" in caught) and not again:
                    assert name in SWALLOWING, f"{name}:{node.lineno}"
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                words = [ast.unparse(word) for word in node.args]
                assert not {"KeyboardInterrupt", "BaseException"} & set(words) or name in SWALLOWING


def test_whatever_is_asked_of_others_has_a_limit() -> None:
    for call in calls():
        place, method = f"{call.file}:{call.line}", call.name.rpartition(".")[2]
        if call.name == "subprocess.run":
            assert "timeout" in call.options or "taskkill" in ast.unparse(call.node), place
        if call.name.endswith(("HTTPConnection", "HTTPSConnection", "urlopen", "create_connection")):
            assert "timeout" in call.options or len(call.node.args) >= 2, place
        if method in ("get", "head", "post", "put", "request") and call.name.startswith(("requests.", "asking.")):
            assert "timeout" in call.options, place
        if method == "zone_for_name":
            assert "lifetime" in call.options, place
