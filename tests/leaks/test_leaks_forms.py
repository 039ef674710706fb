"""Keys are known by their form, in files of any name; what is meant for everybody is not taken for one."""

from __future__ import annotations

import html
import json

import pytest

from sitepub.leaks.search import SecretSearch
from tests.leaks.material import (
    KINDS_OF_PEM,
    PUBLIC,
    TOKENS,
    TOKENS_OF_DATA,
    TOKENS_OF_SETTINGS,
    der,
    pem,
    shortened,
    some,
)

PAGES = ("index.html", "app.8f3a.js", "post.md", "search.json", "feed.xml", "main.css", "a.js.map", "notes.txt",
         "LICENSE")
SETTINGS = ("notes.log", "config.yaml", "tencent.ini", "aws.csv", "x.toml", "dump.sql", "run.sh", "app.py",
            "a.html.bak", "server.key.orig", ".hidden", "unknown.zzz")


def found(name: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    looking = SecretSearch().file(name)
    looking.feed(data, more=False)
    assert not looking.own
    return looking.found


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_found_in_every_file(token: str) -> None:
    value = TOKENS[token]
    for name in (*PAGES, *SETTINGS):
        for content in (value, f"key = {value}\n", f'{{"a":"{value}","b":1}}', f"<code>{value}</code>",
                        f"const k='{value}';", f"\n\nK: `{value}`,"):
            assert found(name, content), (name, content)
        for media in ("a.png", "film.mp4", "font.woff2"):
            assert not found(media, value)


@pytest.mark.parametrize("token", TOKENS_OF_DATA)
def test_more_is_found_in_data_that_is_no_page(token: str) -> None:
    value = TOKENS_OF_DATA[token]
    for name in ("keys.json", "x.txt", "x.csv", "feed.xml", "LICENSE", *SETTINGS):
        assert found(name, f'"k": "{value}"\n'), name


@pytest.mark.parametrize("token", TOKENS_OF_SETTINGS)
def test_more_is_found_in_files_of_settings(token: str) -> None:
    value = TOKENS_OF_SETTINGS[token]
    for name in ("config.yaml", "tencent.ini", "x.toml", "run.sh", "app.py", "prod.conf.bak"):
        assert found(name, f"# settings\n{value}\n"), name


@pytest.mark.parametrize("example", PUBLIC)
def test_what_is_public_is_no_key(example: str) -> None:
    for name in PAGES:
        for content in (PUBLIC[example], f"<p>Use {PUBLIC[example]} here</p>", f'{{"key": "{PUBLIC[example]}"}}'):
            assert not found(name, content), (name, content)


@pytest.mark.parametrize("kind", KINDS_OF_PEM)
def test_a_whole_private_key_is_found_however_it_is_written(kind: str) -> None:
    key = pem(kind)
    lines = key.splitlines()
    written: dict[str, str | bytes] = {
        "notes.log": f"2024-01-01 deployed with\n{key}",
        "terraform.json": json.dumps({"resources": [{"private_key_pem": key}]}),
        "twice.json": json.dumps({"inner": json.dumps({"private_key": key})}),
        "app.js": "const key=`" + key + "`",
        "bundle.js": "var k=" + json.dumps(key) + ";",
        "joined.js": "var k = " + " +\n  ".join(json.dumps(line + "\n") for line in lines),
        "list.js": "[" + ",\n".join(map(json.dumps, lines)) + "].join('\\n')",
        "page.html": f"<pre>{html.escape(key)}</pre>",
        "code.html": "<pre>" + "".join(f'<span class="line"><span style="color:#fff">{line}</span></span>\n'
                                       for line in lines) + "</pre>",
        "post.md": "> My key:\n" + "".join(f"> {line}\n" for line in lines),
        "config.yaml": "key: |\n" + "".join(f"    {line}\n" for line in lines),
        "indented.txt": "A text first.\n" + "".join(f"\t{line}\n" for line in lines),
        "windows.txt": "A text first.\r\n" + key.replace("\n", "\r\n"),
        "commented.js": "".join(f"// {line}\n" for line in lines),
        "one-line.txt": "KEY=" + key.replace("\n", "\\n"),
        "utf16.txt": ("A text first.\n" + key).encode("utf-16"),
    }
    for name, content in written.items():
        assert "private key" in found(name, content), name


@pytest.mark.parametrize("kind", ["PKCS8", "RSA", "EC", "OPENSSH"])
def test_a_text_about_keys_is_no_key(kind: str) -> None:
    begin, first, *_, end = pem(kind).splitlines()
    texts = [shortened(kind), f"{begin}\n{first}\n…\n{end}", f"{begin}\n[your key here]\n{end}", begin,
             f"It begins with <code>{begin}</code> and ends with <code>{end}</code>.", f"{begin} {end}",
             f"{begin}\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n{end}", f"{begin}\n{first[:40]}********\n{end}",
             f"{begin}\n{first}\n(24 lines more)\n{end}", f"grep -r '{begin}' ."]
    for name in PAGES:
        for text in texts:
            assert not found(name, text), (name, text)


def test_the_beginning_of_a_key_is_enough_in_a_file_that_nobody_reads() -> None:
    fake = "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END RSA PRIVATE KEY-----\n"
    for name in ("notes.log", "terraform.tfstate.1", "id.old", "a.conf", "b.yaml"):
        assert found(name, "first\n" + fake).startswith("a private key in line 2"), name
        assert not found(name, "-----BEGIN RSA PRIVATE KEY-----\n...\n"), name
        assert not found(name, "grep 'BEGIN RSA PRIVATE KEY' server.pem"), name


def test_keys_of_other_programs() -> None:
    putty = (f"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: me\r\nPublic-Lines: 2\r\n"
             f"{some(64)}\r\n{some(20)}\r\nPrivate-Lines: 1\r\n{some(48)}\r\nPrivate-MAC: {some(64)}\r\n")
    assert "PuTTY" in found("x.txt", putty)
    assert not found("forge.js", 'var a="PuTTY-User-Key-File-3: ssh-rsa\\r\\n";a+="Private-Lines: "+n.length+"\\r\\n"')
    pgp = (f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n{some(64)}\n{some(64)}\n{some(63)}=\n=abcd\n"
           "-----END PGP ")
    assert found("x.txt", pgp + "PRIVATE KEY BLOCK-----")
    assert not found("x.txt", pgp.replace("PRIVATE", "PUBLIC") + "PUBLIC KEY BLOCK-----")
    assert der()[:1] == b"0"


def test_the_place_is_told() -> None:
    assert found("a.js", f"\n\n  x = '{TOKENS['npm']}'") == "a token of npm in line 3"
    assert TOKENS["npm"] not in found("a.js", TOKENS["npm"])


@pytest.mark.parametrize("line", [
    "password: ${DB_PASSWORD}", "password: changeme", "secret = process.env.SECRET_VALUE_OF_MINE",
    "token_url: https://a", "password=*****************",
    "passwordResetUrl: /account/password/reset/now", "client_secret: your-client-secret-1",
    "secretName: my-long-secret-name-in-words", "access_token: pk.eyJ1IjoiYSJ9.abcdef1234567890",
    "# secret sauce 12345",
    "password_hash_algorithm: argon2id", "secret: <put-your-secret-0123456789-here>", "tokens: [1234567890123456789]"])
def test_a_setting_without_a_secret_is_harmless(line: str) -> None:
    assert not found("config.yaml", line + "\n")
