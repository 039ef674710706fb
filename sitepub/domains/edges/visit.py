"""What a visitor of a host gets from its edge, wherever DNS points to."""

from __future__ import annotations

import re

from sitepub.tencent.cloud import Embedded

_TIMEOUT = 10.0
_MOST = 64 * 1024
_CODE = re.compile(rb"<Error>.*?<Code>([A-Za-z]+)</Code>", re.DOTALL)


def refusal(host: str, target: str, embedded: Embedded | None = None) -> str:
    """The code of COS's error document that ``target`` answers for ``host``; "" for a page, for any other answer, and
    when nothing can be asked from here (a firewall)."""
    from http.client import HTTPConnection, HTTPException

    address = (embedded.host, embedded.port) if embedded is not None else (target, 80)
    connection = HTTPConnection(*address, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/", headers={"Host": host, "User-Agent": "sitepub"})
        answer = connection.getresponse()
        found = _CODE.search(answer.read(_MOST)) if answer.status >= 400 else None
    except (OSError, HTTPException, ValueError):
        return ""
    finally:
        connection.close()
    return found[1].decode() if found is not None else ""
