"""What a visitor of a host gets from its edge, wherever DNS points to."""

from __future__ import annotations

from sitepub.tencent.cloud import Embedded
from sitepub.tencent.cos.xml import error_document

_TIMEOUT = 10.0
_MOST = 64 * 1024


def refusal(host: str, target: str, embedded: Embedded | None = None) -> str:
    """The code of COS's error document that ``target`` answers for ``host``; "" for a page, for any other answer, and
    when nothing can be asked from here (a firewall)."""
    from http.client import HTTPConnection, HTTPException

    address = (embedded.host, embedded.port) if embedded is not None else (target, 80)
    connection = HTTPConnection(*address, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/", headers={"Host": host, "User-Agent": "sitepub"})
        answer = connection.getresponse()
        found = error_document(answer.read(_MOST)) if answer.status >= 400 else None
    except (OSError, HTTPException, ValueError):
        return ""
    finally:
        connection.close()
    return found.code if found is not None else ""
