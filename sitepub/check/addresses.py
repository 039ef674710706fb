"""Addresses as browsers understand them (WHATWG URL), as far as it takes to see where in the site they lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}:")
_STRIPPED = "".join(map(chr, range(33)))
_DROPPED = str.maketrans("", "", "\t\n\r")
_PLACEHOLDERS = ("{{", "${", "<%", "{%", "[[", "%7B%7B")
"""Of templates that a script fills in the browser."""
WEB = ("http", "https")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a reference leads."""

    scheme: str
    """``http``, ``https``, or another one; "" for an address of the site itself that names no host."""
    host: str
    """Lower case, in ASCII, with the port where it is no usual one; "": the host of the page."""
    path: str
    """Begins with a slash; percent-encoding read, dots resolved. Bytes that are no UTF-8 are surrogates."""
    fragment: str | None = None
    """As written, behind the ``#``; ``None``: there is none."""
    raw_path: str = ""
    """The path with its percent-encoding."""


def parse(written: str, base_path: str = "/", base_host: str = "", base_scheme: str = "") -> Address | None:
    """``None`` for what is no address of a place: an empty one, a template, an address that makes no sense.

    ``base_path``: of the document, percent-encoding read. ``base_host``, ``base_scheme``: when its ``<base>`` leads to
    another host."""
    text = written.strip(_STRIPPED).translate(_DROPPED)
    if any(mark in text for mark in _PLACEHOLDERS):
        return None
    found = _SCHEME.match(text)
    scheme, rest = (found[0][:-1].lower(), text[found.end():]) if found else (base_scheme, text)
    if found and scheme not in WEB:
        return Address(scheme, "", rest)
    rest, mark, fragment = rest.partition("#")
    rest = rest.partition("?")[0].replace("\\", "/")
    named = fragment if mark else None
    host = base_host
    if found or rest.startswith("//"):
        authority, slash, path = rest.lstrip("/").partition("/")
        host = host_of(authority, scheme or "https")
        if not host:
            return None
        if not found:
            scheme = base_scheme
        rest = slash + path or "/"
        if not found and not scheme:
            scheme = "https"
    if not rest:
        return Address(scheme, host, base_path, named, "") if mark or "?" in text else None
    return Address(scheme, host, joined(base_path, rest), named, rest)


def joined(base_path: str, path: str) -> str:
    """The path that a relative one leads to; percent-encoding read."""
    if path.startswith("/"):
        parts: list[str] = []
        steps = path[1:].split("/")
    else:
        parts = base_path[1:].split("/")[:-1]
        steps = path.split("/")
    last = len(steps) - 1
    for number, step in enumerate(steps):
        plain = unquote(step, errors="surrogateescape") if "%" in step else step
        if plain == ".":
            if number == last:
                parts.append("")
        elif plain == "..":
            del parts[-1:]
            if number == last:
                parts.append("")
        else:
            parts.append(plain)
    return "/" + "/".join(parts)


def host_of(authority: str, scheme: str) -> str:
    """The host of an authority, with its port when that is no usual one; "" when it makes no sense."""
    host = authority.rpartition("@")[2].lower()
    if host.startswith("["):
        return host
    name, _, port = host.partition(":")
    if not name.isascii():
        name = _in_ascii(name)
    name = name.removesuffix(".")
    usual = {"http": "80", "https": "443"}.get(scheme, "")
    return f"{name}:{port}" if port and port != usual else name


def _in_ascii(name: str) -> str:
    import idna

    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return name


def is_of_this_computer(host: str) -> bool:
    """A name or number that each computer has for itself, or that only a private network knows."""
    name = host if host.startswith("[") else host.rpartition(":")[0] or host
    return (name in ("localhost", "0.0.0.0", "[::1]") or host.startswith("[::1]") or name.endswith(".localhost")
            or re.fullmatch(r"127(?:\.\d{1,3}){3}", name) is not None)


def fragment_names(fragment: str) -> tuple[str, ...]:
    """What an element may be called that a fragment leads to (HTML, "find a potential indicated element"): as it is
    written, and with its percent-encoding read. Nothing for what leads nowhere in particular."""
    name = fragment.partition(":~:")[0]
    if not name or name.lower() == "top" or name.startswith(("!", "/")):
        return ()
    plain = unquote(name)
    if plain.lower() == "top":
        return ()
    return (name,) if plain == name else (name, plain)
