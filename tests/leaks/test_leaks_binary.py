"""Private keys in files that are no text, as the tools write them; what those tools write beside them is no key."""

from __future__ import annotations

import base64
import gzip
import io
import json
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sitepub.leaks.search import SecretSearch
from tests.leaks.material import TOKENS, pem, some

NAMES = ("a.bin", "key", "a.dat", "logo.png", "a.js", "x.der.bak", "data.json", "a.wasm")


def found(name: str, data: bytes | str) -> str:
    """The same whether the file is read as a whole or block by block."""
    data = data.encode() if isinstance(data, str) else data
    whole = SecretSearch().whole(name, data)
    search = SecretSearch().file(name)
    search.feed(data, more=True)
    search.feed(b"", more=False)
    if not name.endswith(".zip"):
        assert (search.own, search.found) == whole or data[:2] in (b"\xff\xfe", b"\xfe\xff") or whole[1].startswith(
            search.found.partition(" in line")[0])
    return whole[1]


def openssl(*words: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


@cache
def made() -> dict[str, bytes]:
    """Each kind once, by OpenSSL."""
    keys = {"rsa": openssl("genrsa", "2048"), "ec": openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"),
            "ed25519": openssl("genpkey", "-algorithm", "ed25519"), "x448": openssl("genpkey", "-algorithm", "x448")}
    pkcs8 = ("pkcs8", "-topk8", "-outform", "DER")
    secret = {f"PKCS#8 {name}": openssl(*pkcs8, "-nocrypt", data=key) for name, key in keys.items()}
    secret["PKCS#8, encrypted"] = openssl(*pkcs8, "-passout", "pass:abcd", data=keys["rsa"])
    secret["PKCS#8, encrypted by PKCS#12's way"] = openssl(
        *pkcs8, "-passout", "pass:abcd", "-v1", "PBE-SHA1-3DES", data=keys["ec"])
    secret["PKCS#1"] = openssl("rsa", "-traditional", "-outform", "DER", data=keys["rsa"])
    secret["SEC 1"] = openssl("ec", "-outform", "DER", data=keys["ec"])
    certificate = openssl("req", "-x509", "-new", "-key", "/dev/stdin", "-subj", "/CN=a", data=keys["ec"])
    secret["PKCS#12"] = openssl("pkcs12", "-export", "-passout", "pass:abcd", data=keys["ec"] + certificate)
    secret["OpenSSH"] = base64.b64decode("".join(pem("OPENSSH").splitlines()[1:-1]))
    return secret


@cache
def public() -> dict[str, bytes]:
    key = openssl("genrsa", "2048")
    curve = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
    request = openssl("req", "-new", "-key", "/dev/stdin", "-subj", "/CN=a", "-outform", "DER", data=key)
    certificate = openssl("req", "-x509", "-new", "-key", "/dev/stdin", "-subj", "/CN=a", data=key)
    return {
        "certificate": openssl("x509", "-outform", "DER", data=certificate), "request": request,
        "public key": openssl("rsa", "-pubout", "-outform", "DER", data=key),
        "public key, PKCS#1": openssl("rsa", "-RSAPublicKey_out", "-outform", "DER", data=key),
        "public key of a curve": openssl("ec", "-pubout", "-outform", "DER", data=curve),
        "Ed25519": ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "chain, PKCS#7": openssl("crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", "-outform", "DER", data=certificate),
        "parameters of a curve": openssl("ecparam", "-name", "secp384r1", "-param_enc", "explicit", "-outform", "DER"),
        "revocations": b"\x30\x16\x30\x14\x02\x01\x01\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
        "a vector of a test": b"\x30\x0b\x02\x01\x01\x04\x06abcdef",
        "numbers": b"\x30\x09\x02\x01\x00\x02\x01\x05\x02\x01\x07",
        "a text": b"0123456789 and so on" * 20, "a csv": b"0,1,2,3\n0,1,2,3\n", "no key": b"openssh-key-v2\0", "": b"",
        "class file": b"\xca\xfe\xba\xbe\0\0\0\x41", "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
        "icon": b"\0\0\1\0\1\0", "gbk": "暂".encode("gbk") * 99, "Slovak": ("ž" * 99).encode(), "a head": b"\x30\x82",
        "a head of a store": b"\xfe\xed\xfe\xed", "utf-16": "\ufeffText".encode("utf-16-be"),
    }


def test_a_key_is_found_in_a_file_of_any_name() -> None:
    for kind, data in made().items():
        for name in NAMES:
            assert found(name, data) == ("a container of private keys" if kind == "PKCS#12" else "a private key"), (
                kind, name)
        assert found("a.bin.gz", gzip.compress(data)), kind
        assert not found("a.bin", data[:len(data) // 3]), kind


def test_what_is_public_is_no_key() -> None:
    for kind, data in public().items():
        for name in NAMES:
            assert not found(name, data), (kind, name)


def _java(*entries: int, magic: bytes = b"\xfe\xed\xfe\xed") -> bytes:
    """A keystore as Java's `JavaKeyStore` writes it, with entries of these kinds."""
    def text(word: str) -> bytes:
        return len(word).to_bytes(2, "big") + word.encode()

    parts = [kind.to_bytes(4, "big") + text("alias") + bytes(8)
             + (text("X.509") + (300).to_bytes(4, "big") + bytes(300) if kind == 2 else bytes(400)) for kind in entries]
    return magic + (2).to_bytes(4, "big") + len(entries).to_bytes(4, "big") + b"".join(parts) + bytes(20)


@pytest.mark.parametrize(("data", "secret"), [
    (_java(1), True), (_java(2, 2, 1), True), (_java(2), False), (_java(), False), (_java(2, 2), False),
    (_java(3, magic=b"\xce\xce\xce\xce"), True), (_java(1)[:12], False), (b"\xfe\xed\xfe\xed" + b"\xff" * 99, False)])
def test_keystores_of_java(data: bytes, secret: bool) -> None:
    assert found("store", data) == ("a container of private keys" if secret else "")


@pytest.mark.skipif(shutil.which("keytool") is None, reason="keytool is not installed")
def test_keystores_that_java_itself_writes(tmp_path: Path) -> None:
    words = ["keytool", "-keystore", "store", "-storepass", "abcdef", "-alias", "a"]
    subprocess.run([*words, "-genkeypair", "-keyalg", "EC", "-dname", "CN=a", "-storetype", "JKS"], cwd=tmp_path,
                   check=True, capture_output=True)
    subprocess.run([*words, "-exportcert", "-file", "cert.der"], cwd=tmp_path, check=True, capture_output=True)
    words[2] = "trust"
    subprocess.run([*words, "-importcert", "-noprompt", "-file", "cert.der", "-storetype", "JKS"], cwd=tmp_path,
                   check=True, capture_output=True)
    assert found("a", (tmp_path / "store").read_bytes()) == "a container of private keys"
    assert not found("a", (tmp_path / "trust").read_bytes()) and not found("a", (tmp_path / "cert.der").read_bytes())


@pytest.mark.parametrize(("head", "secret"), [
    (b"\x95\x03\x98\x04\x65\0\0\0\x01", True), (b"\x94\x58\x04\x65\0\0\0\x16", True),
    (b"\xc5\xc0\x18\x04\x65\0\0\0\x01", True),
    (b"\xc5\x58\x06\x65\0\0\0\x1b", True), (b"\x99\x01\x0d\x04\x65\0\0\0\x01", False),
    (b"\xc6\x58\x04\x65\0\0\0\x16", False),
    (b"\x95\x03\x98\x04\x65\0\0\0\x63", False)])
def test_keys_of_openpgp(head: bytes, secret: bool) -> None:
    """Packets 5 (a secret key, RFC 9580 5.5.3) and 6 (a public one)."""
    assert found("a.gpg", head + bytes(99)) == ("a private key of OpenPGP" if secret else "")


def _jwk(**members: object) -> str:
    return json.dumps(members)


def _long(length: int) -> str:
    return some(length)


RSA = {"kty": "RSA", "n": _long(342), "e": "AQAB"}
EC = {"kty": "EC", "crv": "P-256", "x": _long(43), "y": _long(43)}
PRIVATE_JWKS = {
    "rsa": _jwk(**RSA, d=_long(342)), "ec": _jwk(**EC, d=_long(43)), "first": _jwk(d=_long(43), **EC),
    "okp": _jwk(kty="OKP", crv="Ed25519", x=_long(43), d=_long(43)), "oct": _jwk(kty="oct", k=_long(43), alg="HS256"),
    "set": f'{{"keys": [{_jwk(**RSA)}, {_jwk(**EC, d=_long(43))}]}}',
    "spaced": json.dumps({**EC, "d": _long(43)}, indent=4),
    "within a text": json.dumps({"KEY": _jwk(**EC, d=_long(43))}),
}
PUBLIC_JWKS = {
    "rsa": _jwk(**RSA), "ec": _jwk(**EC), "set": f'{{"keys": [{_jwk(**RSA)}, {_jwk(**EC)}]}}', "word": '{"kty": "RSA"}',
    "d of another object": f'[{_jwk(**EC)}, {{"d": "{_long(43)}"}}]', "short": _jwk(**RSA, d=_long(86)),
    "RFC 7517": _jwk(**EC, d="870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"),
    "RFC 8037": _jwk(kty="OKP", d="nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
    "RFC 7515": _jwk(
        kty="oct", k="AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
    "placeholder": _jwk(**EC, d="x" * 43), "schema": '{"kty": "EC", "d": {"type": "string"}}',
}


def test_web_keys() -> None:
    for kind, text in PRIVATE_JWKS.items():
        for name in ("jwks.json", "a.txt", "key.jwk", "settings"):
            assert found(name, text).startswith("a private key as a JSON Web Key"), (kind, name)
    for kind, text in PUBLIC_JWKS.items():
        for name in ("jwks.json", "a.txt", "key.jwk", "app.js"):
            assert not found(name, text), (kind, name)


def test_real_web_keys_have_these_lengths() -> None:
    number = rsa.generate_private_key(65537, 2048).private_numbers().d
    assert 340 <= len(base64.urlsafe_b64encode(number.to_bytes(256, "big")).rstrip(b"=")) <= 342
    assert ec.generate_private_key(ec.SECP256R1()).key_size // 8 == 32


def _zip(**files: bytes | str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def test_small_archives_are_searched() -> None:
    assert found("a.zip", _zip(src__a="x", **{"src__app.js": f"k = '{TOKENS['npm']}'"})) == (
        "a token of npm in line 1, in 'src/app.js' of the archive")
    assert found("site.zip", _zip(**{"site__.env": "A=b", "index.html": ""})) == (
        "environment variables, which hold keys, in 'site/.env' of the archive")
    assert found("a.zip", _zip(key=made()["PKCS#1"])) == "a private key, in 'key' of the archive"
    assert SecretSearch(["s3cretKeyOf32CharactersAndMore12"]).whole(
        "a.zip", _zip(a="x s3cretKeyOf32CharactersAndMore12")) == (True, "")
    for name, data in {"a.zip": _zip(a="x", b=b"\0" * 9_000_000), "b.zip": b"PK\x03\x04" + bytes(99),
                       "a.docx": _zip(a=TOKENS["npm"]), "c.zip": _zip(a="x")[:-30]}.items():
        assert not found(name, data), name


@pytest.mark.parametrize(("name", "text", "secret"), [
    ("npm.txt", "//registry.example/:_authToken=8f3a2b1c-1234-4abc-9def-0123456789ab", True),
    ("npm.txt", "//registry.example/:_authToken=${NPM_TOKEN}", False),
    ("app.js.map", json.dumps({"sourcesContent": [f"new COS({{SecretId: '{TOKENS['tencent']}'}})"]}), True),
    ("account.json", json.dumps({"type": "service_account", "private_key_id": some(40), "private_key": pem()}), True),
    ("account.json", json.dumps({"type": "service_account", "private_key_id": some(40)}), False),
    ("connection.txt", "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2U"
                       "VErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", False)])
def test_settings_and_source_maps(name: str, text: str, secret: bool) -> None:
    assert bool(found(name, text)) is secret
