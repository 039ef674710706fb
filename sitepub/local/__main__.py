"""``python -m sitepub.local``: run the embedded cloud in the foreground.

Exit codes: 0 stopped by a signal, 1 could not listen or open its data, 2 wrong usage, 5 the data folder is
already served by a living process, 6 a file of the data folder is damaged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

_REFUSED = 5
_DAMAGED = 6
_NO_PORT = 7


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sitepub.local", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of all its data")
    parser.add_argument("--foreground", action="store_true", help="end with the exit codes that users know")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1 (0: any; default: the last, else 7070)")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="delay of every request")
    parser.add_argument("--faults", default="", metavar="SPEC",
                        help="kind=rate,… with kinds 429, 500, 503, reset, timeout, truncate, redirect, portal, etag;"
                             " PUT:503=0.2")
    parser.add_argument("--force-download", action="store_true",
                        help="default domains make browsers download, as for new buckets of the real service")
    parser.add_argument("--pace", default="1", metavar="SECONDS",
                        help="how long states of the cloud API take, such as `processing` (0: no time)")
    parser.add_argument("--most-buckets", type=int, default=200, metavar="N",
                        help="buckets that the account may have (default: 200, as the real service grants)")
    parser.add_argument("--json", action="store_true", help="print endpoint and keys as a line of JSON")
    return parser.parse_args(arguments)


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    run: Callable[[Coroutine[Any, Any, None]], None] = uvloop.run
    return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal; returns the exit code."""
    options = _arguments(arguments)
    # whatever is written from here on is for its owner alone
    os.umask(0o077)
    from sitepub.local.base.faults import Misbehaviour, parse_faults
    from sitepub.local.base.pace import parse_pace

    try:
        misbehaviour = Misbehaviour(parse_faults(options.faults), options.latency / 1000)
        pace = parse_pace(options.pace)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    from sitepub.local.base.damage import DamagedError
    from sitepub.local.process import AlreadyServedError, PortError, serve

    try:
        _runner()(serve(options.data, port=options.port, misbehaviour=misbehaviour,
                        force_download=options.force_download, announce=options.json,
                        for_users=options.foreground, pace=pace, most_buckets=options.most_buckets))
    except AlreadyServedError as error:
        print(error, file=sys.stderr)
        return _REFUSED
    except (DamagedError, PortError) as error:
        if options.foreground:  # people read this, and the exit codes of sitepub
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(error, file=sys.stderr)
        return _DAMAGED if isinstance(error, DamagedError) else _NO_PORT
    except OSError as error:
        print(f"the embedded cloud could not start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
