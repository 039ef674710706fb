"""Files that a build has compressed: ``logo.svgz``, ``game.wasm.br``, ``app.js.gz``.

A bucket sends the Content-Encoding that is stored with an object, whatever the browser accepts: it chooses between
nothing. A page that names ``app.js.gz`` gets a script only if the object says that it is one, and packed. A download
(``backup.sql.gz``, ``site.tar.gz``) must stay as it is, and a sitemap too, which search engines unpack themselves
(sitemaps.org, "You can compress your Sitemap files using gzip").
"""

from __future__ import annotations

from pathlib import Path

_MARKS = {"gz": ("gzip", b"\x1f\x8b"), "br": ("br", b""), "zst": ("zstd", b"\x28\xb5\x2f\xfd")}
"""Extension → Content-Encoding (RFC 1952, 7932, 8878) and the first bytes; Brotli has none."""
_PARTS_OF_PAGES = frozenset({"js", "mjs", "css", "html", "htm", "xhtml", "svg", "wasm", "map", "data"})
"""What a page loads by itself, and a browser has to unpack. ``data`` and ``symbols.json`` are Unity's (its manual, "Web
server configuration"). Not JSON in general: a script that fetches ``points.json.gz`` may unpack it itself."""
_UNITY_SYMBOLS = ".symbols.json"


def inner_name(name: str, full_path: str | None) -> tuple[str, str] | None:
    """The name below the compression and the Content-Encoding: ``("app.js", "gzip")``; ``None`` for a file that is to
    be served as it is. ``full_path``: the file is looked into, since one that is not packed must not say that it is.

    Raises OSError when it cannot be read."""
    stem, _, extension = name.rpartition(".")
    lower = extension.lower()
    if lower == "svgz":
        inner, encoding, mark = f"{stem}.svg", *_MARKS["gz"]
    elif lower in _MARKS:
        inner, (encoding, mark) = stem, _MARKS[lower]
        if not inner.lower().endswith(_UNITY_SYMBOLS) and (
                "." not in inner or inner.rpartition(".")[2].lower() not in _PARTS_OF_PAGES):
            return None
    else:
        return None
    return (inner, encoding) if full_path is None or _begins_with(full_path, mark) else None


def _begins_with(full_path: str, mark: bytes) -> bool:
    if not mark:
        return True
    with Path(full_path).open("rb") as stream:
        return stream.read(len(mark)) == mark
