"""Who asks: people or bots, how many, and with which browsers. Nothing that names a visitor is kept."""

from __future__ import annotations

import os
import re
from datetime import date
from hashlib import blake2b

from sitepub.logs.visit import Visit

_ROOM = 200_000
"""Visitors that are counted exactly; beyond, every second one is let go, and each of the rest counts twice."""
_BOT = re.compile(
    r"bot\b|bot[/_-]|spider|crawl|slurp|yandex|preview|headless|lighthouse|monitor|uptime|pingdom|scan|fetch|archive"
    r"|facebookexternalhit|inspectiontool|mediapartners|feed|gptbot|chatgpt|claude|perplexity",
    re.IGNORECASE)
"""Words of search engines, link previews and monitors. Who looks with curl is none: that may be the author. CUBOT is a
telephone, and taken out first."""
_PHONE = re.compile(r"\bcubot\b", re.IGNORECASE)
_NAMED = re.compile(
    r"[\w.!-]{0,40}(?:bot|spider|crawler|slurp|hit|preview|lighthouse|monitor)[\w.!-]{0,40}", re.IGNORECASE)
_PRODUCT = re.compile(r"[\w.!+-]+")
_FAMILIES = (
    ("MicroMessenger", "WeChat"), ("AlipayClient", "Alipay"), ("DingTalk", "DingTalk"), ("QQBrowser", "QQ Browser"),
    (" QQ/", "QQ"), ("UCBrowser", "UC Browser"), ("MiuiBrowser", "Mi Browser"), ("HuaweiBrowser", "Huawei Browser"),
    ("SamsungBrowser", "Samsung Internet"), ("baiduboxapp", "Baidu"), ("Weibo", "Weibo"), ("Edg", "Edge"),
    ("OPR/", "Opera"), ("Opera", "Opera"), ("Vivaldi", "Vivaldi"), ("YaBrowser", "Yandex Browser"),
    ("FxiOS", "Firefox"), ("Firefox/", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Version/", "Safari"),
    ("Safari/", "Safari"),
    ("AppleWebKit", "WebKit"), ("MSIE", "Internet Explorer"), ("Trident/", "Internet Explorer"))
"""In the User-Agent → a browser, the first that is in it: most name others too."""
_OWN = "sitepub"
_LONGEST = 500


def is_own(visit: Visit) -> bool:
    """Did sitepub ask, to see whether a host answers?"""
    return visit.agent == _OWN or visit.agent.startswith(f"{_OWN}/")


def is_bot(agent: str) -> bool:
    """No person reads what such a program asks for. An agent that is not known may be a person."""
    return _BOT.search(_PHONE.sub("", agent[:_LONGEST])) is not None


def bot_name(agent: str) -> str:
    """``Googlebot``."""
    agent = _PHONE.sub("", agent[:_LONGEST])
    found = _NAMED.search(agent) or _PRODUCT.search(agent.partition("compatible;")[2]) or _PRODUCT.search(agent)
    return found[0] if found else "others"


def agent_name(agent: str) -> str:
    """``Chrome``, ``curl``; "" for one that is not known."""
    known = next((name for mark, name in _FAMILIES if mark in agent), None)
    if known is None and agent and not agent.startswith("Mozilla/"):
        found = _PRODUCT.match(agent[:_LONGEST])
        known = found[0] if found else None
    return known or ("others" if agent else "")


class Visitors:
    """Counts different visitors of each day: those of one address with one browser. Kept is a hash of both and the
    day with a random key that ends with this process."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._key = os.urandom(16)
        self._mask = 0
        self._seen: set[int] = set()

    def add(self, day: date, client: str, agent: str) -> None:
        text = f"{day}\n{client}\n{agent[:_LONGEST]}".encode("utf-8", "replace")
        hashed = int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest(), "big")
        if hashed & self._mask:
            return
        self._seen.add(hashed)
        if len(self._seen) > self._room:
            self._mask = self._mask * 2 + 1
            self._seen = {one for one in self._seen if not one & self._mask}

    @property
    def count(self) -> int:
        return len(self._seen) * (self._mask + 1)

    @property
    def is_exact(self) -> bool:
        return not self._mask
