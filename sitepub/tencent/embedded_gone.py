"""The embedded cloud that ended while it was needed: a network is worth waiting for, a process that is gone is not."""

from __future__ import annotations

import socket

from sitepub.errors import NetworkError
from sitepub.tencent.cloud import Embedded
from sitepub.tencent.embedded_proof import check

RESET_HINT = ("`sitepub local reset` deletes everything in the embedded cloud; the next command with --local starts a"
              " new one.")
"""What to do about damaged files of its: never by itself."""


EMBEDDED_GONE = "LocalCloudGone"
"""The code of that error."""


def embedded_gone() -> NetworkError:
    return NetworkError("The embedded cloud is not running any more.", code=EMBEDDED_GONE,
                        hint="Run the same command again: --local starts it, and what was done is not done twice.")


def is_gone(embedded: Embedded | None) -> bool:
    """Whether no program listens at its address, or another one does; checked after a request to it failed."""
    if embedded is None:
        return False
    try:
        with socket.create_connection((embedded.host, embedded.port), 1) as sock:
            if embedded.secret:
                check(sock, embedded.port, embedded.secret)
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
