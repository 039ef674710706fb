"""Which certificates browsers trust, judged on certificates that the openssl program has made."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest

from sitepub.domains.certificates.trust import BrowserTrust
from sitepub.domains.pem import blocks
from tests.domains.openssl import Authority, Pair, needs_openssl

HOST = "www.trust.example"
EC = "prime256v1"
pytestmark = needs_openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Pair:
    return authority.leaf("leaf", HOST, kind=EC)


def trusts(authority: Authority, chain: str, host: str = HOST, *, later: timedelta = timedelta(0)) -> bool:
    """By a browser that has the test's root among its own."""
    return BrowserTrust(str(authority.root.cert)).trusts(chain, host, datetime.now(UTC) + later)


def test_a_chain_to_a_known_root_is_trusted_in_every_usual_form(authority: Authority, leaf: Pair) -> None:
    assert trusts(authority, authority.chain(leaf))
    assert trusts(authority, authority.chain(leaf, root=True))
    assert trusts(authority, authority.chain(leaf).replace("\n", "\r\n"))
    assert trusts(authority, "a comment\n" + authority.chain(leaf) + leaf.key_pem)
    wild = authority.leaf("wild", "*.trust.example", "trust.example", kind="secp384r1")
    assert trusts(authority, authority.chain(wild)) and trusts(authority, authority.chain(wild), "trust.example")
    rsa = authority.leaf("rsa", HOST, kind="rsa:2048")
    assert trusts(authority, authority.chain(rsa))
    direct = authority.leaf("direct", HOST, kind=EC, signer=authority.root)
    assert trusts(authority, direct.pem)


def test_the_public_roots_alone_do_not_trust_a_private_authority(authority: Authority, leaf: Pair) -> None:
    for chain in (authority.chain(leaf), authority.chain(leaf, root=True)):
        assert not BrowserTrust().trusts(chain, HOST, datetime.now(UTC))


def test_what_no_browser_trusts(authority: Authority, leaf: Pair) -> None:
    impostor = authority.authority_named("impostor", "/CN=Test Root")
    chains = {
        "signed by itself": authority.self_signed("self", HOST).pem,
        "signed by another root of the same name":
            authority.leaf("fake", HOST, kind=EC, signer=impostor).pem + impostor.pem,
        "without the authority between": leaf.pem,
        "with another certificate between": leaf.pem + authority.root.pem,
        "in the wrong order": authority.intermediate.pem + leaf.pem,
        "expired": authority.chain(authority.leaf("old", HOST, kind=EC, begin="20200101000000Z",
                                                  end="20200301000000Z")),
        "not begun": authority.chain(authority.leaf("new", HOST, kind=EC, begin="20900101000000Z",
                                                    end="20900301000000Z")),
        "of another host": authority.chain(authority.leaf("other", "trust.example", kind=EC)),
        "of a wildcard two labels up": authority.chain(authority.leaf("up", "*.example", kind=EC)),
        "for clients": authority.chain(authority.leaf("client", HOST, kind=EC, usage="clientAuth")),
        "without SubjectAltName": authority.chain(authority.leaf("bare", HOST, kind=EC, san=False)),
        "with a weak key": authority.chain(authority.leaf("weak", HOST, kind="rsa:1024")),
        "signed by a certificate that is no authority":
            authority.leaf("child", HOST, kind=EC, signer=leaf).pem + authority.chain(leaf),
        "damaged": authority.chain(leaf).replace("A", "B", 20),
        "empty": "",
        "no certificate": leaf.key_pem,
    }
    assert [what for what, chain in chains.items() if trusts(authority, chain)] == []
    assert not trusts(authority, authority.chain(leaf), later=timedelta(days=61)), "it expires"


def test_the_list_of_public_roots_is_read_whole_and_without_a_word() -> None:
    listed = [label for label, _block in blocks(Path(certifi.where()).read_text("utf-8"))]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert len(BrowserTrust()._roots()) == len(listed) > 100
    assert said == []
