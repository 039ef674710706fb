"""The two services that take addresses of changed pages: IndexNow (Bing, Yandex, Naver, Seznam) and Baidu.

IndexNow: https://www.indexnow.org/documentation. Baidu: the interface 普通收录 of its page for webmasters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sitepub.errors import NetworkError
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.one_request import ask

INDEXNOW_BATCH = 10_000
BAIDU_BATCH = 2_000
_TIMEOUT = 15.0
_ANSWER = 64 * 1024
_MEANINGS = {400: "the request is not valid", 403: "the key file is not found at the host, or holds another key",
             422: "the addresses are not of this host, or the key is not",
             429: "too many requests: try again later"}


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of the addresses of one host at one service."""

    service: str
    """"IndexNow" or "Baidu"."""
    host: str
    sent: int
    """Addresses that the service took."""
    total: int
    failed: str = ""
    """Why it did not take all; "": it did."""


def to_indexnow(endpoint: str, host: str, key: str, key_location: str, urls: tuple[str, ...]) -> Notified:
    """Raises nothing: a failure is in the answer."""
    sent = 0
    for start in range(0, len(urls), INDEXNOW_BATCH):
        batch = urls[start:start + INDEXNOW_BATCH]
        body = json.dumps({"host": host, "key": key, "keyLocation": key_location, "urlList": list(batch)})
        answer = _post(endpoint, body.encode(), "application/json; charset=utf-8")
        if isinstance(answer, str):
            return Notified("IndexNow", host, sent, len(urls), answer)
        if answer.status not in (200, 202):
            why = _MEANINGS.get(answer.status, "it answers with an error")
            return Notified("IndexNow", host, sent, len(urls), f"{why} (status {answer.status})")
        sent += len(batch)
    return Notified("IndexNow", host, sent, len(urls))


def to_baidu(endpoint: str, site: str, token: str, urls: tuple[str, ...]) -> Notified:
    """``site``: scheme and host, as it is registered there. What is over the day's quota is not sent again."""
    host, sent = site.partition("://")[2], 0
    address = f"{endpoint}{'&' if '?' in endpoint else '?'}site={quote(site, safe=':/')}&token={quote(token, safe='')}"
    at, left = 0, BAIDU_BATCH
    while at < len(urls):
        batch = urls[at:at + min(BAIDU_BATCH, left)]
        at += len(batch)
        if not batch:
            return Notified("Baidu", host, sent, len(urls), "the quota of the day is used up")
        answer = _post(address, "\n".join(batch).encode(), "text/plain")
        if isinstance(answer, str):
            return Notified("Baidu", host, sent, len(urls), answer)
        told = _object(answer)
        if "error" in told or answer.status != 200:
            words = str(told.get("message") or "it answers with an error")[:200]
            return Notified("Baidu", host, sent, len(urls), f"{words} (status {answer.status})")
        taken = told.get("success")
        sent += taken if isinstance(taken, int) else 0
        refused = [str(one) for name in ("not_same_site", "not_valid") for one in told.get(name) or ()]
        if refused:
            return Notified("Baidu", host, sent, len(urls), f"it refuses {refused[0][:200]}"
                            + (f" and {len(refused) - 1} more" if len(refused) > 1 else ""))
        remain = told.get("remain")
        left = remain if isinstance(remain, int) else BAIDU_BATCH
    return Notified("Baidu", host, sent, len(urls))


def _post(address: str, body: bytes, content_type: str) -> Answer | str:
    """The answer, or why there is none."""
    try:
        return ask("POST", address, direct=_on_this_computer(address), timeout=_TIMEOUT, limit=_ANSWER, body=body,
                   content_type=content_type)
    except NetworkError as error:
        return error.message


def _on_this_computer(address: str) -> bool:
    host = address.partition("://")[2].partition("/")[0].rpartition(":")[0]
    return host in ("127.0.0.1", "localhost", "[::1]")


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
