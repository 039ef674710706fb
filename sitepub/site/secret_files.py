"""Files that look like private keys or credentials: published only when ``src.allowSecrets`` names them.

Judged by name where the name leaves no doubt (``id_rsa``, ``.npmrc``, ``*.p12``), by name and content together where
a name is suspicious (a ``.pem`` with a private key in it), and by content alone where a key has a form of its own
(see :mod:`sitepub.leaks`). A page or a Markdown text that shows the beginning of a key block is documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import ConfigError, Position, Problem, SiteError
from sitepub.leaks.cloud_secrets import revealing
from sitepub.leaks.names import OPTION, folder_secret, named_secret, plain_name
from sitepub.leaks.search import OWN_SECRET
from sitepub.site.content_types import extension_of
from sitepub.site.globs import GlobError, Globs, as_line
from sitepub.site.keys import printable

if TYPE_CHECKING:
    from sitepub.site.hashing import Hashed
    from sitepub.site.walk import FoundFile

_HEAD = 64 * 1024
"""Bytes of a suspicious file that are read."""

_KEY_EXTENSIONS = frozenset({"pem", "key", "p8", "pk8", "crt", "cer", "cert", "asc", "gpg", "der", "priv", "rsa"})
"""A private key anywhere in these counts."""
_TEXT_EXTENSIONS = frozenset({"", "txt", "text", "conf", "cfg", "ini", "secret"})
"""These count when a private key is the first thing in them."""
_LARGEST_TEXT = 64 * 1024

_PRIVATE_KEY = re.compile(rb"^-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)
_BEGINS_WITH_KEY = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_DER_KEY = re.compile(
    rb"\x30(?:\x82..|\x81.|[\x20-\x7f])"  # a sequence of
    rb"(?:\x02\x01\x00\x30.\x06"  # PKCS#8: version 0, an algorithm
    rb"|\x02\x01\x00\x02[\x20-\x82]"  # PKCS#1: version 0, the modulus
    rb"|\x02\x01\x01\x04[\x1c-\x42]"  # SEC 1: version 1, the key
    rb"|\x30.\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05[\x0d\x03\x0a])", re.DOTALL)  # PKCS#8, encrypted (PKCS#5)
"""The beginning of a private key in DER (RFC 5208, 5958, 8017, 5915)."""
_JSON_NAME = re.compile(r"credential|secret|service[-_]?account|adminsdk|[-_.]key\Z|\Akey\Z", re.IGNORECASE)
_JSON_SECRET = re.compile(
    rb'"(?:private_key|client_secret|secretKey|secret_key|SecretAccessKey)"\s{0,99}:\s{0,99}"[^"]{8}')
_TEXT_NAME = re.compile(r"credentials?(?:\.(?:ini|csv|toml|ya?ml))?", re.IGNORECASE)
_TEXT_SECRET = re.compile(
    rb"(?:secret_?(?:access_?)?key|secret access key)\"?[ \t]{0,99}(?:[=:,]|$)", re.MULTILINE | re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLAIN = _words(
    "html htm css js mjs cjs map png jpg jpeg gif webp avif svg ico woff woff2 ttf otf eot mp4 webm mp3 md "
    "mdx scss less ts tsx jsx vue pdf wasm")
"""No name that ends so says that a file is secret."""


def secret_reason(path: str, full_path: str, size: int, real_name: str | None = None) -> str | None:
    """Why the file looks secret by its name, or by its name and its head; ``None``: it does not.

    ``path``: below the web root; ``real_name``: the name of the file that a symbolic link leads to.
    Reads the head of the file only when its name is suspicious. Raises OSError when it cannot be read.
    """
    name = path.rpartition("/")[2]
    names = (name,) if real_name in (None, name) else (name, str(real_name))
    for each in names:
        if extension_of(each) not in _PLAIN and (reason := named_secret(each)):
            return reason
    if reason := folder_secret(path):
        return reason
    for each in names:
        if reason := _inside(plain_name(each), full_path, size):
            return reason
    return None


def _inside(name: str, full_path: str, size: int) -> str | None:
    extension = extension_of(name)
    if extension in _KEY_EXTENSIONS:
        head = _head(full_path)
        return "a private key" if _PRIVATE_KEY.search(head) or _DER_KEY.match(head) else None
    stem = name[:-len(extension) - 1] if extension else name
    if extension == "json":
        secret = _JSON_NAME.search(stem) and _JSON_SECRET.search(_head(full_path))
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


class Allowed:
    """The files that ``src.allowSecrets`` lets through: globs in gitignore syntax, below the web root."""

    def __init__(self, patterns: Sequence[str]) -> None:
        try:
            self._globs = Globs(map(as_line, patterns))
        except GlobError as error:
            raise ConfigError(f"{OPTION} holds a pattern that .gitignore would not know: {error}") from None

    def __call__(self, path: str) -> bool:
        return path in self._globs


def by_name(files: Iterable[FoundFile], secrets: Iterable[str]) -> dict[str, str]:
    """Path → why the file is not to be published: what its name says, or a secret that is part of its name."""
    reasons = {}
    known = tuple(secrets)
    for file in files:
        path, name = file.path, file.name
        if extension_of(name) not in _PLAIN or "/." in path or file.real_name != name:
            try:
                why = secret_reason(path, file.full_path, file.size, file.real_name)
            except OSError:
                continue  # told by hashing, together with the others
            if why:
                reasons[path] = f"it looks like {why}"
        if known and any(secret in path for secret in known):
            reasons[path] = f"its name holds {OWN_SECRET}"
    return reasons


def refuse(project: Project, named: Mapping[str, str], hashed: Hashed, allowed: Allowed) -> None:
    """Raises :class:`~sitepub.errors.SiteError` for all files that look secret and are not allowed.

    ``named``: what :func:`by_name` found; ``hashed``: what was found in the files."""
    reasons = {path: f"it holds {what}" for path, what in hashed.keys.items()}
    reasons.update(named)
    reasons.update(dict.fromkeys(hashed.leaks, f"it holds {OWN_SECRET}"))
    problems = [Problem(f"{printable(path)} is not published: {why}", project.source.position)
                for path, why in sorted(reasons.items()) if not allowed(path)]
    if problems:
        message = problems[0].message if len(problems) == 1 else f"{len(problems)} files look secret"
        own = all(OWN_SECRET in problem.message for problem in problems)
        first = "take the key out of it, or leave it out" if own else "leave it out"
        raise SiteError(message, problems=problems, code="SecretFile", hint=(
            f"{first} with src.exclude; if it is meant for everybody, name it in {OPTION}"))


def check_settings(project: Project, secrets: Iterable[str]) -> None:
    """Nothing that the project says of its bucket may hold a secret: headers, tags, rules can be read by others.

    Raises :class:`~sitepub.errors.ConfigError` with every place."""
    known = tuple(secrets)
    public: list[tuple[str, object, Position | None]] = [
        ("headers", [rule.headers for rule in project.headers],
         project.headers[0].position if project.headers else None),
        ("website", asdict(project.website), None), ("policy", project.access.policy, None),
        ("cors", [asdict(rule) for rule in project.cors or ()], None), ("tags", project.tags, None),
        ("lifecycle", [asdict(rule) for rule in project.lifecycle or ()], None),
        ("hosts", [[host.host, host.settings.get("responseHeader")] for host in project.hosts], None),
        ("keyPrefix", project.key_prefix, None), ("bucketName", project.bucket_name, None),
        ("name", [project.app, project.name, project.stage], None),
    ]
    problems = [Problem(f"{place} holds a secret of the cloud account, and others can read it",
                        position or project.at(name), "take it out of serverless.yml")
                for name, value, position in public for place in dict.fromkeys(revealing(value, known, name))]
    if problems:
        raise ConfigError(problems)
