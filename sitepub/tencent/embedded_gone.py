"""The embedded cloud that ended while it was needed: a network is worth waiting for, a process that is gone is not."""

from __future__ import annotations

import socket

from sitepub.errors import NetworkError
from sitepub.tencent.cloud import Embedded


def embedded_gone() -> NetworkError:
    return NetworkError("The embedded cloud is not running any more.", code="LocalCloudGone",
                        hint="Run the same command again: --local starts it, and what was done is not done twice.")


def is_gone(embedded: Embedded | None) -> bool:
    """Whether nobody listens at its address, asked after a request to it that failed."""
    if embedded is None:
        return False
    try:
        socket.create_connection((embedded.host, embedded.port), 1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
