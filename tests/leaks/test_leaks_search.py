"""The account's own secrets are found in whatever way they stand in a file, wherever a block of it ends."""

from __future__ import annotations

import base64
import gzip
import html
import json
import urllib.parse
from collections.abc import Callable

import pytest

from sitepub.leaks.search import SecretSearch
from tests.leaks.material import pem, some

KEY = some(32)
TOKEN = some(300) + "/+=&" + some(40)
SYMBOLS = "ab/cd+ef==&gh<ij>kl'mn\"op-qr_st"

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": lambda s: s.encode(),
    "JSON": lambda s: json.dumps(s).encode(),
    "JSON of PHP": lambda s: json.dumps(s).replace("/", "\\/").encode(),
    "JSON of Go": lambda s: (json.dumps(s).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
                             .encode()),
    "URL": lambda s: urllib.parse.quote(s, safe="").encode(),
    "form": lambda s: urllib.parse.urlencode({"k": s}).encode(),
    "HTML": lambda s: html.escape(s).encode(),
    "UTF-16 LE": lambda s: ("k=" + s + "\n").encode("utf-16-le"),
    "UTF-16 BE": lambda s: ("k=" + s + "\n").encode("utf-16-be"),
    "UTF-16 with a mark": lambda s: ("k=" + s + "\n").encode("utf-16"),
    "base64": lambda s: base64.b64encode(s.encode()),
    "base64 of id:key": lambda s: base64.b64encode(b"AKIDx:" + s.encode()),
    "base64 inside 1": lambda s: base64.b64encode(b"x" + s.encode() + b"yz"),
    "base64 inside 2": lambda s: base64.urlsafe_b64encode(b"xx" + s.encode() + b"y"),
    "base64 inside 3": lambda s: base64.b64encode(b"xxx" + s.encode()),
    "gzip": lambda s: gzip.compress(b"first\n" + s.encode()),
    "gzip of many members": lambda s: gzip.compress(b"first") + gzip.compress(s.encode()),
    "gzip, cut off": lambda s: gzip.compress(s.encode() + some(5000).encode())[:-20],
}


@pytest.mark.parametrize("name", ["page.html", "a.js", "x.yaml", "photo.jpg", "noextension", "site.tar.gz"])
@pytest.mark.parametrize("how", WRITTEN)
def test_a_secret_is_found_however_it_is_written(how: str, name: str) -> None:
    for secret in (KEY, TOKEN, SYMBOLS):
        search = SecretSearch([KEY, TOKEN, SYMBOLS]).file(name)
        search.feed(b"before " + WRITTEN[how](secret) + b" after" if "gzip" not in how and "UTF" not in how
                    else WRITTEN[how](secret), more=False)
        assert search.own, (how, secret)


def test_another_key_is_not_taken_for_ones_own() -> None:
    search = SecretSearch([KEY]).file("a.js")
    for written in WRITTEN.values():
        search.feed(written(some(32)), more=True)
    assert not search.own


@pytest.mark.parametrize("before", [0, 1, 31, 32, 33, 1000])
def test_the_border_of_two_blocks_hides_nothing(before: int) -> None:
    content = b"." * (4096 - before) + KEY.encode() + b"." * 5000
    search = SecretSearch([KEY]).file("a.js")
    for start in range(0, len(content), 4096):
        search.feed(content[start:start + 4096], more=True)
    assert search.own
    key = pem().encode()
    content = b"\n" * (1 << 16) + b"." * (100 - before % 100) + b"\n" + key + b"\n" * (1 << 16)
    for cut in range((1 << 16), (1 << 16) + len(key), 97):
        search = SecretSearch().file("a.js")
        search.feed(content[:cut], more=True)
        search.feed(content[cut:], more=False)
        assert search.found == "a private key" or "a private key in line" in search.found, cut


def test_a_secret_right_behind_an_anchor_is_found() -> None:
    for anchor in ("npm_", "ghp_", "AKID", "PRIVATE KEY", "k_live_"):
        for overlap in range(len(anchor)):
            secret = anchor[overlap:] + "_" + some(4) + KEY
            search = SecretSearch([secret]).file("a.js")
            search.feed((anchor[:overlap] + secret).encode(), more=False)
            assert search.own, secret


def test_a_packed_file_costs_a_bounded_time_and_nesting_ends() -> None:
    bomb = gzip.compress(bytes(1 << 30), 1)
    search = SecretSearch([KEY]).file("a.gz")
    for start in range(0, len(bomb), 1 << 20):
        search.feed(bomb[start:start + (1 << 20)], more=True)
    assert not search.own
    nested = KEY.encode()
    for _ in range(50):
        nested = gzip.compress(nested)
    search.feed(nested, more=False)


def test_a_mark_says_nothing_of_its_secret_and_differs() -> None:
    search = SecretSearch([KEY, TOKEN])
    assert len(set(search.marks)) == 2 and all(len(mark) == 8 for mark in search.marks)
    assert search.marks == SecretSearch([TOKEN, KEY]).marks
