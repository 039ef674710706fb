"""``env.js``: the project's ``env`` map for the pages, as ``window.env``. Never written to the folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from sitepub.config.project import Project
from sitepub.errors import ConfigError, Problem
from sitepub.leaks.cloud_secrets import reveals
from sitepub.site.headers import HeaderBook
from sitepub.site.snapshot import SiteFile

NAME = "env.js"

_UNSAFE = re.compile("[<>&\u2028\u2029\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def env_js(values: Mapping[str, Any]) -> bytes:
    """The script that sets ``window.env`` to these values, in UTF-8.

    It may also be put inline into a page: ``<``, ``>`` and ``&`` are escaped, so no value can end the script
    or open a comment, and so are U+2028 and U+2029, which older browsers take for line breaks in a string.
    ``__proto__`` becomes a key like any other. A value that JSON has no form for (a date) becomes its text;
    NaN and the infinities are written as JavaScript does.
    """
    return b"window.env = " + _literal(dict(values)).encode("utf-8") + b";\n"


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        items = [f"{_key(str(key))}:{_literal(item)}" for key, item in value.items()]
        return "{" + ",".join(items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_literal(item) for item in value) + "]"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return _string(str(value))


def _key(key: str) -> str:
    # In an object literal, unlike in JSON, a plain "__proto__" sets the prototype; a computed key does not.
    return f"[{_string(key)}]" if key == "__proto__" else _string(key)


def _string(text: str) -> str:
    return _UNSAFE.sub(lambda char: f"\\u{ord(char[0]):04x}", json.dumps(text, ensure_ascii=False))


def env_file(project: Project, headers: HeaderBook, secrets: frozenset[str] = frozenset()) -> SiteFile | None:
    """``env.js`` as a file of the site; ``None`` when the project has no ``env``.

    Raises :class:`~sitepub.errors.ConfigError` when a value is, or holds, one of ``secrets``: everybody can
    read this file.
    """
    if not project.env:
        return None
    leaking = [name if not reveals(name, secrets) else "(a key)" for name, value in project.env.items()
               if _any_reveals({name: value}, secrets)]
    if leaking:
        raise ConfigError([Problem(
            f"env: {name} holds a secret of the cloud account, and everyone can read env.js",
            project.at(f"env.{name}", "env"), "take it out of `env`") for name in leaking])
    data = env_js(project.env)
    path = env_path(project)
    made, digest = headers.of(path, NAME)
    return SiteFile(key=project.key_prefix + path, size=len(data), headers=made, headers_hash=digest,
                    md5=hashlib.md5(data, usedforsecurity=False).hexdigest(), data=data)


def env_path(project: Project) -> str:
    """Where ``env.js`` lies below the web root."""
    folder = project.source.env_path.strip("/")
    return f"{folder}/{NAME}" if folder not in ("", ".") else NAME


def _any_reveals(value: Any, secrets: frozenset[str]) -> bool:
    if isinstance(value, str):
        return reveals(value, secrets)
    if isinstance(value, Mapping):
        return any(_any_reveals(item, secrets) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple):
        return any(_any_reveals(item, secrets) for item in value)
    return False
