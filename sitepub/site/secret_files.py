"""Files that look like private keys or credentials: published only when ``src.allowSecrets`` names them.

Judged by name where the name leaves no doubt (``id_rsa``, ``.npmrc``, ``*.p12``), else by name and content:
a ``.pem`` or ``.key`` with a private key in it, a text file that begins with one, a service account's JSON.
A page, a stylesheet or a Markdown text that shows a key block is documentation and is never looked into.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sitepub.errors import ConfigError
from sitepub.site.content_types import extension_of
from sitepub.site.globs import GlobError, Globs, as_line

OPTION = "src.allowSecrets"
_HEAD = 64 * 1024
"""Bytes of a suspicious file that are looked at."""

_BY_NAME = {
    **dict.fromkeys(("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", "id_xmss"),
                    "an SSH private key by its name"),
    ".npmrc": "settings of npm, which hold its token",
    ".yarnrc.yml": "settings of Yarn, which hold its token",
    ".pypirc": "passwords for PyPI",
    ".netrc": "passwords for hosts",
    "_netrc": "passwords for hosts",
    ".htpasswd": "passwords of a web server",
    ".git-credentials": "passwords for Git",
    ".pgpass": "passwords for PostgreSQL",
    ".my.cnf": "a password for MySQL",
    ".dockercfg": "passwords for Docker registries",
    ".s3cfg": "keys for object storage",
    ".cos.conf": "keys of a Tencent Cloud account",
    ".cos.yaml": "keys of a Tencent Cloud account",
    ".terraformrc": "a token for Terraform",
    ".bash_history": "the history of a shell",
    ".zsh_history": "the history of a shell",
}
CREDENTIAL_FOLDERS = {
    ".ssh": "a file of SSH's own folder",
    ".aws": "a file of the AWS tools' folder of credentials",
    ".tencentcloud": "a file of Tencent Cloud's folder of credentials",
    ".tccli": "a file of Tencent Cloud's folder of credentials",
    ".gnupg": "a file of GnuPG's own folder",
    ".kube": "a file of kubectl's folder of credentials",
    ".docker": "a file of Docker's folder of credentials",
}
_HARMLESS_IN_FOLDERS = re.compile(r"known_hosts.*|.*\.pub")
_BY_EXTENSION = {
    "p12": "a container of private keys", "pfx": "a container of private keys",
    "jks": "a container of private keys", "keystore": "a container of private keys",
    "ppk": "a private key of PuTTY", "kdbx": "a container of passwords",
    "ovpn": "settings of a VPN, which hold its private key",
}
_KEY_EXTENSIONS = frozenset({"pem", "key", "p8", "pk8", "crt", "cer", "cert", "asc", "gpg", "bak"})
"""A private key anywhere in these counts."""
_TEXT_EXTENSIONS = frozenset({"", "txt", "text", "conf", "cfg", "ini", "secret"})
"""These count when a private key is the first thing in them."""
_LARGEST_TEXT = 64 * 1024

_PRIVATE_KEY = re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)
_BEGINS_WITH_KEY = re.compile(rb"(?:\xef\xbb\xbf)?\s*-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_JSON_NAME = re.compile(r".*(?:credential|secret|service[-_]?account|adminsdk).*|.*[-_.]key|key",
                        re.IGNORECASE | re.DOTALL)
_JSON_SECRET = re.compile(
    rb'"(?:private_key|client_secret|secretKey|secret_key|SecretAccessKey)"\s*:\s*"[^"]{8,}')
_TEXT_NAME = re.compile(r"credentials?(?:\.(?:ini|csv|toml|ya?ml))?", re.IGNORECASE)
_TEXT_SECRET = re.compile(rb"^[\w \t.,\"-]*(?:secret_?(?:access_?)?key|secret access key)\"?\s*(?:[=:,]|$)",
                          re.MULTILINE | re.IGNORECASE)


def secret_reason(path: str, full_path: str, size: int, real_name: str | None = None) -> str | None:
    """Why the file looks secret, as a noun phrase; ``None``: it does not.

    ``path``: below the web root; ``real_name``: the name of the file that a symbolic link leads to.
    Reads the head of the file only when its name is suspicious. Raises OSError when it cannot be read.
    """
    name = path.rpartition("/")[2]
    for each in {name, real_name or name}:
        if reason := _named(each):
            return reason
    if "/." in f"/{path}":
        for part in path.split("/")[:-1]:
            if part in CREDENTIAL_FOLDERS and not _HARMLESS_IN_FOLDERS.fullmatch(name):
                return CREDENTIAL_FOLDERS[part]
    for each in {name, real_name or name}:
        if reason := _inside(each, full_path, size):
            return reason
    return None


def _named(name: str) -> str | None:
    return _BY_NAME.get(name) or _BY_EXTENSION.get(extension_of(name))


def _inside(name: str, full_path: str, size: int) -> str | None:
    extension = extension_of(name)
    if extension in _KEY_EXTENSIONS:
        return "a private key" if _PRIVATE_KEY.search(_head(full_path)) else None
    stem = name[:-len(extension) - 1] if extension else name
    if extension == "json":
        secret = _JSON_NAME.fullmatch(stem) and _JSON_SECRET.search(_head(full_path))
        return "credentials with their secret key" if secret else None
    if _TEXT_NAME.fullmatch(name) and _TEXT_SECRET.search(_head(full_path)):
        return "credentials with their secret key"
    if extension == "credential":  # of tccli
        return "credentials with their secret key" if _JSON_SECRET.search(_head(full_path)) else None
    if extension in _TEXT_EXTENSIONS and 0 < size <= _LARGEST_TEXT:
        return "a private key" if _BEGINS_WITH_KEY.match(_head(full_path)) else None
    return None


def _head(full_path: str) -> bytes:
    with Path(full_path).open("rb") as stream:
        return stream.read(_HEAD)


SUSPICIOUS = frozenset({*_BY_EXTENSION, *_KEY_EXTENSIONS, *_TEXT_EXTENSIONS, "json", "credential", "csv",
                        "toml", "yml", "yaml"})
"""A file whose extension is none of these need not be judged when no part of its path begins with a dot."""


class Allowed:
    """The files that ``src.allowSecrets`` lets through: globs in gitignore syntax, below the web root."""

    def __init__(self, patterns: Sequence[str]) -> None:
        try:
            self._globs = Globs(map(as_line, patterns))
        except GlobError as error:
            raise ConfigError(f"{OPTION} holds a pattern that .gitignore would not know: {error}") from None

    def __call__(self, path: str) -> bool:
        return path in self._globs
