from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.bucket_settings import Access, HeaderRule, Website
from sitepub.errors import ConfigError, SiteError
from sitepub.leaks.search import SecretSearch
from sitepub.site import hash_cache, hashing
from sitepub.site.scan import scan
from sitepub.site.walk import FoundFile
from sitepub.terminal import secrets
from tests.leaks.material import PUBLIC, TOKENS, der, pem, secret_id, shortened, some
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
    # Copies, other cases, other folders.
    "id_rsa.old": "", "ID_RSA": "", "keys/Id_Ed25519.bak": "", "deploy_rsa": "", "server.key.orig": KEY,
    ".NPMRC": "", ".npmrc.bak": "", "Store.JKS.old": b"", "copy/.netrc.1": "",
    "notes.log": f"yesterday\n{KEY}", "terraform.tfstate": "{}", "terraform.tfstate.backup": "{}", "prod.tfvars": "",
    "tencent.ini": f"[default]\nSecretId = {secret_id()}\nSecretKey = {some(32)}\n",
    "cos.yaml": f"cos:\n  base:\n    secretid: {secret_id()}\n", "aws.csv": f"x\n{TOKENS['aws']},{some(40)}\n",
    "keys.json": f'{{"id": "{secret_id()}", "key": "{some(32)}"}}',
    "prod.env": "", "config/app.ENV": "", ".flaskenv": "", "api/.dev.vars": "",
    ".cargo/credentials.toml": "", "cargo/credentials": "", "docker/config.json": "{}", ".docker/config.json": "{}",
    "config/master.key": "0123", "wp-config.php": "<?php", "wp-config.php.bak": "<?php",
    "serverless.yml.bak": "", "sub/serverless.yml": "", "serverless.prod.yml": "", "sub/Serverless.YAML": "",
    "google.der": der(), "app/key.p8": der(),
    "js/app.js": f"new COS({{SecretId: '{secret_id()}', SecretKey: '{some(32)}'}})", "js/key.js": f"k=`{pem()}`",
    "blog/post.html": f"<pre>{pem('OPENSSH')}</pre>", ".gem/credentials": "", "home/.kube/config": "",
    "backup/sftp-config.json": "{}", "rails/secrets.yml": "", "Secrets.TOML": "",
    ".bash_history": "", "mysql/.my.cnf": "", "rclone.conf": "", "pass.kdbx": b"", "client.ovpn": "",
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
    "env.html": "", "environment.js": "", "docs/docker/config.html": "", "master.css": "", "id_rsa.pub.txt": "ssh-rsa",
    "id_rsa.html": "", "docs/wp-config.php.html": "", "prod.env.example": "KEY=", "serverless.yml.example": "",
    "secrets.html": "", "secrets.js": "", "tfstate.md": "", "keys.css": "", "appsettings.json": '{"a": 1}',
    "manifest.key.json": '{"key": 1}', "known_hosts": "", "google-services.json": '{"k": "AIza' + some(35) + '"}',
    "config.yml": "backend:\n  name: git-gateway\n", "history.txt": "", "shadow.css": "", "settings.json": "{}",
    "blog/keys.html": f"<pre>{shortened()}</pre>", "docs/examples.md": "\n\n".join(PUBLIC.values()),
}


def test_everything_that_looks_secret_is_refused_at_once_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path, {**SECRET, **HARMLESS})
    with pytest.raises(SiteError) as caught:
        scan(project(tmp_path), tmp_path, environ={})
    told = {problem.message.split(" is not published: it ")[0]
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


def refusal(folder: Path) -> str:
    with pytest.raises(SiteError) as caught:
        scan(project(folder), folder, environ={})
    return "\n".join(problem.message for problem in caught.value.problems)


@pytest.fixture
def key() -> Iterator[str]:
    """A key that the run holds, as connecting with a profile, tccli's file or a role registers it."""
    made = some(32)
    secrets.register("AKIDnever" + some(27), made, None)
    yield made
    secrets.forget(made)


@pytest.mark.parametrize("name", ["a.js", "deep/page.html", "photo.png", "data.bin"])
def test_a_key_in_use_is_found_wherever_it_came_from(tmp_path: Path, key: str, name: str) -> None:
    write(tmp_path, {name: f"const k='{key}'", "index.html": ""})
    told = refusal(tmp_path)
    assert told == f"{name} is not published: it holds your account's SecretKey or token" and key not in told


def test_a_key_in_use_is_no_part_of_a_name(tmp_path: Path, key: str) -> None:
    write(tmp_path, {f"a/{key}.html": ""})
    assert "its name holds your account's SecretKey" in refusal(tmp_path)


def test_a_key_in_use_is_no_part_of_what_the_bucket_says(tmp_path: Path, key: str) -> None:
    write(tmp_path, {"index.html": ""})
    places: list[dict[str, Any]] = [
        {"headers": (HeaderRule("*", {"x-cos-meta-a": f"b {key}"}),)}, {"tags": {"owner": key}},
        {"website": Website(error=f"{key}.html")}, {"env": {"A": {"B": [key]}}},
        {"access": Access(policy={"Statement": [{"Sid": key}]})}, {"key_prefix": f"{key}/"}]
    for values in places:
        with pytest.raises(ConfigError) as caught:
            scan(project(tmp_path, **values), tmp_path, environ={})
        assert "a secret of the cloud account" in caught.value.problems[0].message
        assert key not in str(caught.value.problems)


def test_the_verdict_is_kept_with_the_hash(tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_cache, "UNSURE_NS", -10**15)
    site, cache = write(tmp_path / "site", {"a.js": f"x='{TOKENS['npm']}'", "b.js": key[::-1]}), tmp_path / "cache"
    allowed = project(site, source={"allow_secrets": ("a.js",)})
    scan(allowed, site, environ={}, cache_file=cache)
    monkeypatch.setattr(hashing, "_read", lambda *_: pytest.fail("a file was read again"))
    scan(allowed, site, environ={}, cache_file=cache)
    with pytest.raises(SiteError, match=r"a\.js is not published: it holds a token of npm in line 1"):
        scan(project(site), site, environ={}, cache_file=cache)


@pytest.mark.usefixtures("key")
def test_another_key_in_use_looks_at_every_file_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_cache, "UNSURE_NS", -10**15)
    second = some(32)
    site, cache = write(tmp_path / "site", {"a.js": "1", "b.js": f"k='{second}'"}), tmp_path / "cache"
    scan(project(site), site, environ={}, cache_file=cache)
    secrets.register(second)
    try:
        with pytest.raises(SiteError, match=r"b\.js is not published"):
            scan(project(site), site, environ={}, cache_file=cache)
        (site / "b.js").write_text("2")
        scan(project(site), site, environ={}, cache_file=cache)
    finally:
        secrets.forget(second)
    reads: list[str] = []
    original = hashing._read

    def read(file: FoundFile, search: SecretSearch) -> object:
        reads.append(file.path)
        return original(file, search)

    monkeypatch.setattr(hashing, "_read", read)
    scan(project(site), site, environ={}, cache_file=cache)
    assert reads == [], "what was searched for both keys counts for the first one"
