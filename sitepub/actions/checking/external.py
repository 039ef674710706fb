"""Addresses of other sites: whether something answers there. Only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urljoin, urlsplit

from sitepub.check.findings import Finding, Kind, Place
from sitepub.errors import NetworkError, SitepubError
from sitepub.tencent.network.one_request import ask
from sitepub.threads import pool

_THREADS = 16
_TIMEOUT = 15.0
"""Seconds."""
_REDIRECTS = 5
_GONE = (404, 410)
"""Other refusals (401, 403, 405, 429, 999, 5xx) are often meant for programs alone, or pass."""
_SAFE = "/!$&'()*+,;=:@-._~%?[]"


def unreachable(addresses: Mapping[str, Iterable[Place]]) -> list[Finding]:
    """What answers 404 or 410, and hosts that do not answer at all. Raises nothing for a single one."""
    with pool(_THREADS, "external") as threads:
        answers = list(threads.map(_problem, addresses))
    findings = []
    for address, problem in zip(addresses, answers, strict=True):
        if problem is not None:
            places = list(addresses[address])
            findings.append(Finding(Kind.EXTERNAL, address, f"{address} {problem}", "", places, len(places)))
    return findings


def _problem(address: str) -> str | None:
    """In words that follow the address; ``None``: something is there."""
    now = _ascii(address)
    try:
        for _ in range(_REDIRECTS):
            answer = ask("HEAD", now, direct=False, timeout=_TIMEOUT)
            if answer.status in (*_GONE, 405, 501):
                answer = ask("GET", now, direct=False, timeout=_TIMEOUT, limit=1 << 24, sink=lambda _data: None)
            if answer.status in _GONE:
                return f"answers {answer.status}"
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return None
            now = _ascii(urljoin(now, location))
            if urlsplit(now).scheme not in ("http", "https"):
                return None
    except NetworkError as error:
        return f"does not answer: {error.message}"
    except (SitepubError, ValueError, OSError) as error:
        return f"cannot be asked: {error}"
    return "is redirected again and again"


def _ascii(address: str) -> str:
    scheme, _, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    try:
        host = authority.encode("ascii").decode()
    except UnicodeError:
        import idna

        host = idna.encode(authority, uts46=True).decode()
    return f"{scheme}://{host}{slash}{quote(path, safe=_SAFE)}"
