from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sitepub.config.load import load_project
from sitepub.config.project import Host
from sitepub.domains.certificates.files import OwnCertificate, check_certificate, own_certificate_info
from sitepub.domains.host_names import covers, name_covers, record_name, registered_domain, zone_of
from sitepub.domains.pem import Unreadable, read_pem
from sitepub.errors import ConfigError
from tests.domains.openssl import Authority, Pair, needs_openssl, openssl

NOW = datetime.now(UTC) + timedelta(hours=1)
"""Certificates of these tests are made while they run, some time after this was read, and are valid from then on."""
HOST = "www.example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def checked(chain: str, key: str, *, host: str = HOST, root: Path | None = None,
            now: datetime = NOW) -> OwnCertificate:
    return check_certificate(Host(host), {"certificate": chain, "privateKey": key}, root or Path.cwd(), now=now)


def problems(chain: str, key: str, **how: object) -> str:
    with pytest.raises(ConfigError) as caught:
        checked(chain, key, **how)  # type: ignore[arg-type]
    return "\n".join(problem.message for problem in caught.value.problems)


@needs_openssl
@pytest.mark.parametrize("kind", ["rsa:2048", "prime256v1", "secp384r1"])
def test_a_good_certificate_is_taken_and_its_fingerprints_are_openssls(authority: Authority, kind: str) -> None:
    leaf = authority.leaf(f"good-{kind.replace(':', '')}", HOST, "example.com", kind=kind)
    found = checked(authority.chain(leaf, root=True), leaf.key_pem)
    told = openssl("x509", "-in", str(leaf.cert), "-noout", "-fingerprint", "-sha256", folder=authority.folder)
    assert found.sha256 == told.partition("=")[2].strip().replace(":", "").lower()
    told = openssl("x509", "-in", str(leaf.cert), "-noout", "-fingerprint", "-sha1", folder=authority.folder)
    assert found.sha1 == told.partition("=")[2].strip().replace(":", "").lower()
    assert found.names == (HOST, "example.com")
    assert found.issuer == "Test Intermediate"
    assert found.chain.count("BEGIN CERTIFICATE") == 3
    assert not found.warnings
    # What goes out is the same key, in a form that every service reads.
    openssl("pkey", "-check", "-noout", folder=authority.folder, text=found.key)


@needs_openssl
def test_neither_key_nor_certificate_is_in_the_repr(authority: Authority) -> None:
    leaf = authority.leaf("repr", HOST)
    shown = repr(checked(authority.chain(leaf), leaf.key_pem))
    assert "BEGIN" not in shown and leaf.key_pem.splitlines()[2] not in shown


@needs_openssl
@pytest.mark.parametrize(("names", "host", "fits"), [
    (["*.example.com"], "www.example.com", True),
    (["*.example.com"], "a.b.example.com", False),
    (["*.example.com"], "example.com", False),
    (["example.com", "www.example.com"], "example.com", True),
    (["xn--fsq092h.example"], "xn--fsq092h.example", True),
    (["*.xn--fsq092h.example"], "www.xn--fsq092h.example", True),
    (["www.example.org"], "www.example.com", False),
    (["WWW.Example.COM"], "www.example.com", True),
])
def test_a_certificate_covers_what_its_names_say(authority: Authority, names: list[str], host: str, fits: bool
                                                 ) -> None:
    leaf = authority.leaf(re.sub(r"\W", "_", f"{names}{host}"), *names, kind="prime256v1")
    if fits:
        assert checked(authority.chain(leaf), leaf.key_pem, host=host).host == host
    else:
        assert "does not cover this host" in problems(authority.chain(leaf), leaf.key_pem, host=host)


@needs_openssl
def test_a_common_name_alone_covers_nothing(authority: Authority) -> None:
    leaf = authority.leaf("nosan", HOST, san=False, kind="prime256v1")
    assert "names no host" in problems(authority.chain(leaf), leaf.key_pem)


@needs_openssl
def test_a_key_of_another_certificate_is_refused(authority: Authority) -> None:
    one = authority.leaf("one", HOST, kind="prime256v1")
    other = authority.leaf("other", HOST, kind="prime256v1")
    assert "do not belong together" in problems(authority.chain(one), other.key_pem)


@needs_openssl
def test_an_expired_and_a_future_certificate_are_refused(authority: Authority) -> None:
    old = authority.leaf("old", HOST, kind="prime256v1", begin="20200101000000Z", end="20200301000000Z")
    assert "expired on 2020-03-01 00:00 UTC" in problems(authority.chain(old), old.key_pem)
    new = authority.leaf("new", HOST, kind="prime256v1", begin="20900101000000Z", end="20910301000000Z")
    assert "is not valid before 2090-01-01" in problems(authority.chain(new), new.key_pem)


@needs_openssl
def test_little_time_left_is_a_warning(authority: Authority) -> None:
    now = datetime.now(UTC)
    for lifetime, left, warned in [(90, 10, True), (90, 29, True), (90, 31, False), (10, 10, False), (200, 60, True)]:
        begin, end = (f"{now + timedelta(days=days):%Y%m%d%H%M%S}Z" for days in (left - lifetime, left))
        leaf = authority.leaf(f"soon{lifetime}-{left}", HOST, begin=begin, end=end, kind="prime256v1")
        found = checked(authority.chain(leaf), leaf.key_pem)
        assert ["more days only" in warning.message for warning in found.warnings] == [True] * warned


@needs_openssl
def test_the_chain_has_to_be_in_order(authority: Authority) -> None:
    leaf = authority.leaf("order", HOST, kind="prime256v1")
    assert "chain is not in order: certificate 1 (www.example.com)" in problems(
        leaf.pem + authority.root.pem + authority.intermediate.pem, leaf.key_pem)
    upside_down = problems(authority.intermediate.pem + leaf.pem, leaf.key_pem)
    assert "the key belongs to certificate 2 of the chain" in upside_down


@needs_openssl
def test_a_leaf_alone_is_taken_with_a_warning(authority: Authority) -> None:
    leaf = authority.leaf("alone", HOST, kind="prime256v1")
    found = checked(leaf.pem, leaf.key_pem)
    assert "without its chain" in found.warnings[0].message


@needs_openssl
def test_an_expired_intermediate_is_told(authority: Authority) -> None:
    leaf = authority.leaf("late", HOST, days=400, kind="prime256v1")
    later = NOW + timedelta(days=350)
    assert "certificate 2 of the chain (Test Intermediate) expired" in problems(
        authority.chain(leaf), leaf.key_pem, now=later)


@needs_openssl
def test_a_certificate_for_something_else_is_refused(authority: Authority) -> None:
    leaf = authority.leaf("client", HOST, usage="clientAuth", kind="prime256v1")
    assert "not for web servers" in problems(authority.chain(leaf), leaf.key_pem)


@needs_openssl
@pytest.mark.parametrize(("kind", "said"), [
    ("rsa:1024", "RSA key of 1024 bits"), ("secp521r1", "curve secp521r1"), ("ed25519", "neither an RSA nor an EC")])
def test_keys_that_browsers_refuse_are_told(authority: Authority, kind: str, said: str) -> None:
    leaf = authority.leaf(f"weak-{kind.replace(':', '')}", HOST, kind=kind)
    assert said in problems(authority.chain(leaf), leaf.key_pem)


@needs_openssl
def test_an_encrypted_key_is_told_with_the_way_to_decrypt_it(authority: Authority) -> None:
    leaf = authority.leaf("locked", HOST)
    for words in (("pkey", "-aes256"), ("rsa", "-aes256", "-traditional")):
        locked = openssl(*words, "-in", str(leaf.key), "-passout", "pass:sesame", folder=authority.folder)
        with pytest.raises(ConfigError) as caught:
            checked(authority.chain(leaf), locked)
        assert "encrypted with a password" in caught.value.message
        assert "openssl pkey" in (caught.value.hint or "")


@needs_openssl
def test_text_with_its_line_breaks_escaped_or_lost_is_taken(authority: Authority) -> None:
    leaf = authority.leaf("breaks", HOST, kind="prime256v1")
    good = checked(leaf.pem, leaf.key_pem)
    assert checked(leaf.pem.replace("\n", "\\n"), leaf.key_pem.replace("\n", "\\n")).sha256 == good.sha256
    assert checked(leaf.pem.replace("\n", " "), leaf.key_pem.replace("\n", " ")).sha256 == good.sha256
    assert checked(leaf.pem.replace("\n", "\r\n"), leaf.key_pem).sha256 == good.sha256


@needs_openssl
def test_a_file_with_everything_in_it_sends_no_key_as_the_public_part(authority: Authority) -> None:
    leaf = authority.leaf("combined", HOST, kind="prime256v1")
    both = leaf.key_pem + leaf.pem
    found = checked(both, both)
    assert "PRIVATE" not in found.chain


@needs_openssl
def test_every_mistake_is_told_at_once_with_its_line(authority: Authority, tmp_path: Path) -> None:
    leaf = authority.leaf("many", "other.example.org", kind="prime256v1")
    stranger = authority.leaf("many-key", HOST, kind="prime256v1")
    (tmp_path / "site").mkdir()
    (tmp_path / "cert.pem").write_text(authority.chain(leaf))
    (tmp_path / "key.pem").write_text(stranger.key_pem)
    file = tmp_path / "serverless.yml"
    file.write_text(f"""component: website
name: x
inputs:
  src: ./site
  hosts:
    - host: {HOST}
      https:
        certInfo:
          certificate: cert.pem
          privateKey: key.pem
    - host: b.example.com
      https:
        certInfo: {{certificate: nowhere.pem, privateKey: key.pem}}
    - host: c.example.com
      https: {{switch: off, certInfo: {{certificate: nowhere.pem, privateKey: key.pem}}}}
""")
    told = []
    for host in load_project(file, environ={}).hosts:
        written = own_certificate_info(host)
        if written is not None:
            with pytest.raises(ConfigError) as caught:
                check_certificate(host, written, tmp_path, now=datetime.now(UTC))
            told += [(problem.position.line if problem.position else None, problem.message)
                     for problem in caught.value.problems]
    assert [line for line, _ in told] == [8, 8, 13]
    assert "does not cover this host: it is for other.example.org" in told[0][1]
    assert "do not belong together" in told[1][1]
    assert "a file that does not exist: nowhere.pem" in told[2][1]


@needs_openssl
def test_paths_start_next_to_serverless_yml(authority: Authority, tmp_path: Path) -> None:
    leaf = authority.leaf("paths", HOST, kind="prime256v1")
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/cert.pem").write_text(authority.chain(leaf))
    (tmp_path / "tls/key.pem").write_bytes(b"\xef\xbb\xbf" + leaf.key_pem.encode())
    assert checked("tls/cert.pem", "./tls/key.pem", root=tmp_path).names == (HOST,)


def test_what_is_no_pem_is_told(tmp_path: Path) -> None:
    (tmp_path / "der").write_bytes(b"\x30\x82\x01\xff\xfe")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "large").write_text("x" * 300_000)
    (tmp_path / "damaged").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert "not PEM" in problems("der", "text", root=tmp_path)
    assert "holds no certificate" in problems("text", "text", root=tmp_path)
    assert "holds no private key" in problems("text", "text", root=tmp_path)
    assert "too large" in problems("large", "text", root=tmp_path)
    assert "damaged" in problems("damaged", "text", root=tmp_path)
    assert "does not exist" in problems("damaged", ".", root=tmp_path)


def test_key_material_without_its_frame_is_not_repeated_as_a_path() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ" * 4
    with pytest.raises(Unreadable) as caught:
        read_pem(body, Path("/"))
    assert body[:20] not in caught.value.why


def test_a_wildcard_stands_for_one_whole_label() -> None:
    assert name_covers("*.example.com", "a.example.com")
    assert not name_covers("w*.example.com", "www.example.com")
    assert not name_covers("*.com", "example.com")
    assert not name_covers("*.*.example.com", "a.b.example.com")
    assert not covers([], "example.com")
    assert name_covers("bücher.example", "xn--bcher-kva.example")


def test_the_zone_of_a_host_is_the_longest_that_holds_it() -> None:
    zones = ["example.com", "blog.example.com", "ample.com", "例子.example"]
    assert zone_of("a.blog.example.com", zones) == "blog.example.com"
    assert zone_of("www.example.com", zones) == "example.com"
    assert zone_of("www.xn--fsqu00a.example", zones) == "例子.example"
    assert zone_of("example.org", zones) is None
    assert record_name("a.blog.example.com", "example.com") == "a.blog"
    assert record_name("example.com", "EXAMPLE.com.") == "@"
    assert registered_domain("a.b.example.com.cn") == "example.com.cn"
    assert registered_domain("a.example.com") == "example.com"


@needs_openssl
def test_a_certificate_that_ends_with_the_check_is_expired(authority: Authority) -> None:
    leaf = authority.leaf("edge", HOST, kind="prime256v1")
    found = checked(authority.chain(leaf), leaf.key_pem)
    assert "expired" in problems(authority.chain(leaf), leaf.key_pem, now=found.not_after)
    assert replace(found, remarks="x").names == found.names
    assert isinstance(leaf, Pair)
