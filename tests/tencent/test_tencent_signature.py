"""The request signature: the published vectors, and the official SDK's own signer as a second opinion."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth
from requests import Request

from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cos.signature import WINDOW_SECONDS, Signer, is_signed, sign_key, signature

HOST = "site-1250000000.cos.ap-guangzhou.myqcloud.com"
KEY_TIME = "1700000000;1700003660"
KEY = sign_key("SECRETEXAMPLE", KEY_TIME)


def test_the_published_vector_with_parameters() -> None:
    params = {"prefix": "中 文/", "max-keys": "1000", "delimiter": "/"}
    found = signature(KEY, KEY_TIME, "GET", "/", params.items(), [("host", HOST)])
    assert found == ("21c0d0b650ca28dd9ffdd7a47f9b64ea8e26172f", "host", "delimiter;max-keys;prefix")


def test_the_published_vector_with_headers() -> None:
    headers = {"Content-Type": "text/html", "Cache-Control": "max-age=60, public", "x-cos-meta-md5": "abc",
               "Content-Length": "2", "Host": HOST}
    found, names, _ = signature(KEY, KEY_TIME, "PUT", "/a b/中.html", (), headers.items())
    assert found == "fa7859e6902d6780b19c2b6c3958d8790915d304"
    assert names == "cache-control;content-length;content-type;host;x-cos-meta-md5"


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
names = st.text("abcXYZ019-_", min_size=1, max_size=8)


@given(key=text, params=st.dictionaries(names, text, max_size=4),
       meta=st.dictionaries(st.text("abc019-", min_size=1, max_size=6), text, max_size=3),
       method=st.sampled_from(["GET", "PUT", "HEAD", "POST", "DELETE"]))
def test_the_official_signer_agrees(key: str, params: dict[str, str], meta: dict[str, str],
                                    method: str) -> None:
    params = {name.lower(): value for name, value in params.items()}
    headers = {"Host": HOST, "Content-Type": "text/html; charset=utf-8",
               **{f"x-cos-meta-{name}": value for name, value in meta.items()}}
    config = CosConfig(Region="ap-guangzhou", SecretId="AKIDEXAMPLE", SecretKey="SECRETEXAMPLE")
    request = Request(method, "http://x/", headers=dict(headers))
    theirs = CosS3Auth(config, "/" + key, params)(request).headers["Authorization"]
    found = re.search(r"q-sign-time=([0-9;]+)&.*q-header-list=(.*)&q-url-param-list=(.*)&q-signature=(.*)",
                      theirs)
    assert found is not None
    key_time, header_list, param_list, their_signature = found.groups()
    ours = signature(sign_key("SECRETEXAMPLE", key_time), key_time, method, "/" + key, params.items(),
                     headers.items())
    assert ours == (their_signature, header_list, param_list)


def test_one_signing_key_serves_many_requests_and_is_renewed_in_time() -> None:
    signer = Signer(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"))

    def key_time(now: float) -> str:
        signed = signer.authorization("GET", "/", {}, [("host", HOST)], now)
        found = re.search("q-key-time=([0-9;]+)", signed)
        assert found is not None
        return found.group(1)

    first = key_time(1_700_000_000)
    assert first == f"1699999940;{1_700_000_000 + WINDOW_SECONDS}"
    assert key_time(1_700_000_000 + WINDOW_SECONDS // 2 - 1) == first
    later = key_time(1_700_000_000 + WINDOW_SECONDS // 2 + 1)
    assert later != first
    assert int(later.split(";")[0]) == 1_700_000_000 + WINDOW_SECONDS // 2 + 1 - 60


def test_a_clock_that_was_set_back_gets_a_key_that_is_valid_then() -> None:
    signer = Signer(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"))
    signer.authorization("GET", "/", {}, [], 1_700_000_000)
    assert "q-key-time=1699989940;" in signer.authorization("GET", "/", {}, [], 1_699_990_000)


@pytest.mark.parametrize(("name", "signed"), [
    ("host", True), ("content-md5", True), ("content-type", True), ("x-cos-meta-a", True),
    ("x-cos-forbid-overwrite", True), ("content-length", False), ("user-agent", False),
])
def test_what_guards_and_commands_is_signed(name: str, signed: bool) -> None:
    assert is_signed(name) is signed
