from __future__ import annotations

from pathlib import Path

import pytest

from sitepub.errors import SiteError
from sitepub.site.scan import scan
from tests.site.sample import project, write

PEM = "-----BEGIN {}PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END {}PRIVATE KEY-----\n"
KEY = PEM.format("", "")
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkq\n-----END CERTIFICATE-----\n"
SERVICE_ACCOUNT = '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}'

SECRET: dict[str, str | bytes] = {
    "server.pem": KEY,
    "tls/site.key": PEM.format("RSA ", "RSA "),
    "chain.crt": CERTIFICATE + KEY,
    "bag.pem": "Bag Attributes\r\n    friendlyName: x\r\n" + PEM.format("ENCRYPTED ", "ENCRYPTED "),
    "openssh.key": PEM.format("OPENSSH ", "OPENSSH "),
    "deploy-key": PEM.format("EC ", "EC "),
    "pasted.txt": "\ufeff\n" + KEY,
    "my.asc": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----\n",
    "id_rsa": "",
    "backup/id_ed25519": "x",
    ".npmrc": "//registry.example/:_authToken=x",
    ".pypirc": "", ".netrc": "", ".htpasswd": "a:b", ".git-credentials": "https://u:p@example.com",
    ".aws/credentials": "[default]\n", ".tencentcloud/credentials": "[default]\n", ".ssh/config": "Host x",
    "store.p12": b"\x30\x82", "store.PFX": b"\x30\x82", "app.jks": b"\xfe\xed", "debug.keystore": b"\xfe\xed",
    "credentials.json": SERVICE_ACCOUNT,
    "config/service-account-prod.json": SERVICE_ACCOUNT,
    "web-firebase-adminsdk-1a2b3.json": SERVICE_ACCOUNT,
    "default.credential": '{"secretId": "AKIDEXAMPLE", "secretKey": "0123456789abcdef"}',
    "credentials": "[default]\naws_secret_access_key = abcdefgh\n",
    "credentials.csv": "Access key ID,Secret access key\nAKIA,abc\n",
}
HARMLESS: dict[str, str | bytes] = {
    "docs/tls.html": f"<pre>{KEY}</pre>",
    "docs/tls.md": f"Your key looks like this:\n\n{KEY}",
    "docs/keys.js": f"export const example = `\n{KEY}`",
    "docs/how-to.txt": f"Put your key into a file:\n{KEY}",
    "docs/page-without-extension": f"<!doctype html><pre>\n{KEY}",
    "ca.pem": CERTIFICATE,
    "public.pem": "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n",
    "slides.key": b"PK\x03\x04 a Keynote presentation",
    "id_rsa.pub": "ssh-rsa AAAA",
    "search.json": '{"text": "' + KEY.replace("\n", "\\n") + '"}',
    "data/credentials.json": '{"title": "Credentials", "text": "How private_key works"}',
    "credentials.html": "secret_key = what",
    "openpgp.asc": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
    ".well-known/security.txt": "Contact: mailto:a@example.com",
    "LICENSE": "Apache",
    "tokens.json": '{"color": {"primary": "#fff"}}',
    "keyboard.txt": "qwerty", "big": b"x" * 100_000 + KEY.encode(),
}


def test_everything_that_looks_secret_is_refused_at_once_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path, {**SECRET, **HARMLESS})
    with pytest.raises(SiteError) as caught:
        scan(project(tmp_path), tmp_path, environ={})
    told = {problem.message.split(" is not published: it looks like ")[0]
            for problem in caught.value.problems}
    assert told == set(SECRET)
    assert caught.value.code == "SecretFile"
    assert "src.allowSecrets" in (caught.value.hint or "")
    assert "MIIEvQ" not in "".join(problem.message for problem in caught.value.problems)


def test_what_is_allowed_or_left_out_is_not_refused(tmp_path: Path) -> None:
    write(tmp_path, {**SECRET, **HARMLESS})
    allowed = project(tmp_path, source={"allow_secrets": ("*",)})
    assert set(scan(allowed, tmp_path, environ={}).files) == {*SECRET, *HARMLESS}
    source = {"allow_secrets": ("server.pem", "/tls/**", "*.jks"), "exclude": tuple(
        f"/{name}" for name in SECRET if name not in ("server.pem", "tls/site.key", "app.jks"))}
    published = scan(project(tmp_path, source=source), tmp_path, environ={})
    assert set(published.files) == {"server.pem", "tls/site.key", "app.jks", *HARMLESS}


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_documentation_about_keys_is_published(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: HARMLESS[name]})
    assert set(scan(project(tmp_path), tmp_path, environ={}).files) == {name}
