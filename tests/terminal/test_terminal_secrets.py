"""Secrets do not reach the screen."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.terminal import secrets
from tests.terminal.screen import Screen

SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
SIGNATURE = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"


@pytest.mark.parametrize(("text", "secret", "kept"), [
    (f"key {SECRET_ID} used", SECRET_ID, "AKID…MPLE"),
    (f"GET /x?q-ak={SECRET_ID}&q-signature={SIGNATURE}&b=1", SIGNATURE, "&b=1"),
    (f"Authorization: q-sign-algorithm=sha1&q-signature={SIGNATURE}", SIGNATURE, "Authorization"),
    (f"{{'Authorization': 'q-sign-algorithm=sha1&q-ak=x{SIGNATURE}', 'Host': 'h'}}", SIGNATURE, "'Host':"),
    (f"TC3-HMAC-SHA256 Credential=x/2024, SignedHeaders=a, Signature={SIGNATURE}", SIGNATURE, "TC3"),
    ("x-cos-security-token: tOkEn-1234 end", "tOkEn-1234", "end"),
    ("{'X-TC-Token': 'tOkEn-1234', 'b': 1}", "tOkEn-1234", "'b': 1"),
    ("TENCENT_SECRET_KEY=my key with spaces", "spaces", "TENCENT_SECRET_KEY"),
    ('{"secretKey": "abcdef", "region": "r"}', "abcdef", '"region": "r"'),
    ("GITHUB_TOKEN=ghp_123456", "ghp_123456", "GITHUB_TOKEN"),
    ("proxy http://me:pa$$w0rd@proxy.example:3128/", "pa$$w0rd", "@proxy.example:3128"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\nabc\n-----END PRIVATE KEY----- end", "MIIEvQ", "end"),
])
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str, kept: str) -> None:
    shown = secrets.scrub(text)
    assert secret not in shown
    assert kept in shown


@pytest.mark.parametrize("text", [
    "SyntaxError: Unexpected token: }", "assets/token.js", "https://example.com:8080/a@b",
    "secrets: none", '"secretKey": {"type": "string"}', "AKID…MPLE",
    "the author: me", "http://[::1]:7070/ user@example.com",
])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert secrets.scrub(text) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=6, max_size=60))
def test_a_registered_secret_is_hidden_as_itself_and_url_encoded(secret: str) -> None:
    secrets.register(secret)
    try:
        shown = secrets.scrub(f"<<{secret}>> <<{quote(secret, safe='')}>>")
        assert f"<<{secret}>>" not in shown
        assert f"<<{quote(secret, safe='')}>>" not in shown
    finally:
        secrets.forget(secret)


def test_json_is_scrubbed_value_by_value_and_stays_json() -> None:
    secrets.register('quo"ted-secret')
    screen = Screen()
    screen.json({"message": 'it is quo"ted-secret', "list": [SECRET_ID], "count": 3, "none": None})
    shown = json.loads(screen.printed)
    assert shown == {"message": "it is ***", "list": ["AKID…MPLE"], "count": 3, "none": None}


def test_short_words_are_not_taken_for_secrets() -> None:
    secrets.register("abc", "", None)
    assert secrets.scrub("abc") == "abc"


@pytest.mark.parametrize("text", [
    "a." * 500_000 + " ://", "a://" * 250_000, "://a:" * 200_000, "://" + "a:" * 500_000, "://a:b" * 150_000,
    "authorization" + " " * 1_000_000, "Authorization: " * 60_000 + "\n", "x-cos-security-token" * 50_000,
    "A_SECRET_KEY" * 80_000, "secretKey" + " " * 1_000_000, "AKID" + "a-" * 500_000, "AKID-" * 200_000,
    "-----BEGIN PRIVATE KEY-----" * 40_000, "-----BEGIN " + "A " * 500_000, "q-signature=" * 80_000,
], ids=lambda text: text[:24])
def test_a_megabyte_of_hostile_text_is_scrubbed_in_time(text: str) -> None:
    began = time.process_time()
    secrets.scrub(text)
    assert time.process_time() - began < 5, "half a second on a slow computer; hours if it were quadratic"


@pytest.mark.parametrize("url", ["http://user:pw@host", "see HTTPS://u:p%40w@h/x", "代理http://a:b@c", "1+x.y-z://:pw@h"])
def test_the_password_of_an_address_is_hidden(url: str) -> None:
    assert ":***@" in secrets.scrub(url)
    assert "pw" not in secrets.scrub(url)
