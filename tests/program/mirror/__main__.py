from __future__ import annotations

import atexit
import gc
import json
import locale
import os
import random
import signal
import stat
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any


def stream(one: Any) -> dict[str, Any]:
    names = ("encoding", "errors", "line_buffering", "write_through", "newlines", "mode", "name")
    raw = getattr(one.buffer, "raw", one.buffer)
    return {**{name: getattr(one, name) for name in names}, "kind": [type(one).__name__, type(one.buffer).__name__],
            "raw": [type(raw).__name__, raw.mode, raw.closefd], "tty": one.isatty(), "number": one.fileno()}


def descriptors() -> dict[str, str]:
    found = {}
    for number in range(256):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        found[str(number)] = f"{stat.S_IFMT(mode):o} inheritable={os.get_inheritable(number)}"
    return found


def shown() -> dict[str, Any]:
    umask = os.umask(0)
    os.umask(umask)
    return {
        "argv": sys.argv, "orig_argv": sys.orig_argv, "executable": sys.executable, "path": sys.path,
        "flags": repr(sys.flags), "warnings": [sys.warnoptions, repr(warnings.filters)],
        "xoptions": sys._xoptions, "bytecode": sys.dont_write_bytecode, "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(), "filesystem": [sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()],
        "hooks": [sys.excepthook is sys.__excepthook__, sys.gettrace() is None, sys.getprofile() is None],
        "gc": [gc.isenabled(), gc.get_threshold(), gc.callbacks],
        "main": [__name__, getattr(__spec__, "name", None), __file__, __package__,
                 sys.modules["__main__"].__dict__ is globals()],
        "cwd": str(Path.cwd()), "environ": dict(os.environ), "umask": umask,
        "signals": {number.name: repr(signal.getsignal(number)) for number in signal.valid_signals()
                    if isinstance(number, signal.Signals)},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "wakeup": signal.set_wakeup_fd(-1),
        "limits": Path("/proc/self/limits").read_text(encoding="utf-8"),
        "descriptors": descriptors(), "stdin": stream(sys.stdin), "stdout": stream(sys.stdout),
        "stderr": stream(sys.stderr), "same": sys.__stdout__ is sys.stdout, "read": sys.stdin.read(),
        "group": [os.getpgrp(), os.getsid(0)], "ids": [os.getuid(), os.geteuid(), os.getgroups()],
        "priority": os.getpriority(os.PRIO_PROCESS, 0), "cpus": sorted(os.sched_getaffinity(0)),
        "zone": [time.tzname, time.timezone], "locale": [locale.setlocale(locale.LC_ALL), locale.getlocale()],
        "threads": [threading.active_count(), threading.current_thread() is threading.main_thread(),
                    threading.main_thread().ident == threading.get_ident(), len([*Path("/proc/self/task").iterdir()])],
    }


def main(word: str) -> None:
    if word == "show":
        print(json.dumps(shown()))
    elif word == "random":
        print(random.random(), os.urandom(8).hex())
    elif word == "exit":
        sys.exit(int(sys.argv[2]))
    elif word == "text":
        sys.exit("a text is an error")
    elif word == "raise":
        raise ValueError("nobody catches this")
    elif word == "interrupt":
        raise KeyboardInterrupt
    elif word == "ends":
        # What comes after the last line: the text that waits in stdout, threads, functions for the end, objects.
        atexit.register(print, "at the end")
        threading.Timer(0.1, print, ["thread"]).start()
        globals()["last"] = Last()
        print("main", end=" ")
    elif word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
        print("never arrives")
    elif word == "wait":
        print("waiting", flush=True)
        time.sleep(60)


class Last:
    def __del__(self) -> None:
        os.write(2, b"taken apart\n")


main(sys.argv[1])
