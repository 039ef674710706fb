"""Ends a process group when this process is gone, however it went: also by SIGKILL, which cannot be handled."""

from __future__ import annotations

import contextlib
import os
import subprocess

_WATCH = 'read -r _ || { kill -s INT -- "-$0"; sleep 2; kill -s KILL -- "-$0"; } 2>/dev/null'
"""Waits for a line that says that all is well. The end of the pipe without one says that its writer is gone."""


class Lifeline:
    """POSIX only. A small shell holds the reading end of a pipe whose writing end no other process has."""

    def __init__(self, group: int) -> None:
        """``group``: the process group. Raises OSError when there is no shell to be had."""
        reading, self._writing = os.pipe()
        try:
            self._shell = subprocess.Popen(["/bin/sh", "-c", _WATCH, str(group)], stdin=reading,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           start_new_session=True, env={"PATH": "/usr/bin:/bin"})
        except OSError:
            os.close(self._writing)
            raise
        finally:
            os.close(reading)

    def cut(self) -> None:
        """The group may live on from now on. May be called once."""
        with contextlib.suppress(OSError):
            os.write(self._writing, b"\n")
        os.close(self._writing)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._shell.wait(1)
