"""What serverless.yml says of two stages in a different way, and a build may hold. Secret values are not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sitepub.config.project import Project, Source
from sitepub.leaks.cloud_secrets import is_secret_name, reveals, secret_values

_SOURCE = {"hook": "src.hook", "include": "src.include", "exclude": "src.exclude", "website_path": "src.websitePath",
           "env_path": "src.envPath", "allow_secrets": "src.allowSecrets", "follow_links": "src.followLinks"}
_FOLDERS = {"folder": "src.src", "dist": "src.dist"}
_WEBSITE = {"index": "src.index", "error": "src.error", "ignore_html_ext": "ignoreHtmlExt",
            "disable_error_status": "disableErrorStatus", "redirect_rules": "redirectRules"}
_LONGEST = 60
_PRIVATE_WORDS = ("secret", "token", "pass", "pwd", "private", "credential", "key", "auth", "cookie", "session", "salt",
                  "dsn", "pin")
_HARMLESS = re.compile(r"https?://[^\s@?#]{1,200}|[^\s]{0,16}|(?:[A-Za-z]{1,20} ){1,8}[A-Za-z]{1,20}")
"""An address without a password, a short word, some words: everything else may be a key."""
_NOT_OF_A_BUILD = ("TENCENT", "SITEPUB", "COS_", "QCLOUD")


@dataclass(frozen=True, slots=True)
class Different:
    """A value that differs."""

    name: str
    """``env.API``, ``src.hook``, or ``API in .env``."""
    values: tuple[str, str] | None
    """Of the two stages, as they are shown; ``None``: not to be shown."""

    @property
    def words(self) -> str:
        return self.name if self.values is None else f"{self.name}: {self.values[0]} → {self.values[1]}"


def differences_of(source: Project, target: Project, environ: Mapping[str, str]) -> list[Different]:
    """Of what a build or its publication depends on. Where a site lies and who may see it is no part of that."""
    secrets = secret_values(environ, source.dotenv, target.dotenv)
    found = [*_of_maps("env", source.env, target.env, secrets)]
    for field in fields(Source):
        a, b = getattr(source.source, field.name), getattr(target.source, field.name)
        if a == b:
            continue
        if field.name in _SOURCE:
            # A command may hold a password.
            found.append(Different(_SOURCE[field.name], None))
        elif field.name in _FOLDERS:
            found.append(Different(_FOLDERS[field.name], (_short(str(a)), _short(str(b)))))
    for name, key in _WEBSITE.items():
        a, b = getattr(source.website, name), getattr(target.website, name)
        if a != b:
            found.append(Different(key, None if name == "redirect_rules" else (_short(_text(a)), _short(_text(b)))))
    if source.protocol != target.protocol:
        found.append(Different("protocol", (source.protocol, target.protocol)))
    if _rules(source) != _rules(target):
        found.append(Different("headers", None))
    return [*found, *_of_dotenv(source.dotenv, target.dotenv, environ)]


def _of_dotenv(a: Mapping[str, str], b: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[Different]:
    """A build may read these files, too. Their values are not shown."""
    for name in sorted(a.keys() | b.keys()):
        used = name not in environ and not name.startswith(_NOT_OF_A_BUILD) and not is_secret_name(name)
        if used and a.get(name) != b.get(name) and name != "STAGE":
            yield Different(f"{name} in .env", None)


def _rules(project: Project) -> list[tuple[object, ...]]:
    return [(rule.pattern, dict(rule.headers), tuple(pattern for pattern, _ in rule.but), rule.no_extension)
            for rule in project.headers]


def _of_maps(name: str, a: Mapping[str, Any], b: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[Different]:
    for key in sorted(a.keys() | b.keys()):
        one, other = a.get(key), b.get(key)
        if key in a and key in b and one == other and type(one) is type(other):
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _of_maps(f"{name}.{key}", one, other, secrets)
        else:
            yield Different(f"{name}.{key}", _shown(one if key in a else _LEFT_OUT, other if key in b else _LEFT_OUT,
                                                    f"{name}.{key}", secrets))


class _LeftOut:
    def __str__(self) -> str:
        return "(left out)"


_LEFT_OUT = _LeftOut()


def _shown(a: object, b: object, name: str, secrets: frozenset[str]) -> tuple[str, str] | None:
    """``None`` where one of them may be a secret."""
    if any(word in name.lower() for word in _PRIVATE_WORDS):
        return None
    texts = [_text(value) for value in (a, b)]
    if any(reveals(text, secrets) or not _HARMLESS.fullmatch(text) for text in texts):
        return None
    return _short(texts[0]), _short(texts[1])


def _text(value: object) -> str:
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "(none)" if value is None else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
