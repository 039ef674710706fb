"""Where in the sources a reference was written: the posts, layouts and configuration that the pages were made of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

from sitepub.check.findings import Finding

_TEXTS = frozenset({
    "md", "markdown", "mdx", "mdoc", "rst", "adoc", "org", "txt", "html", "htm", "ejs", "njk", "swig", "pug", "jade",
    "hbs", "liquid", "tmpl", "twig", "jinja", "j2", "vue", "svelte", "astro", "jsx", "tsx", "js", "ts", "mjs", "cjs",
    "yml", "yaml", "toml", "json", "css", "styl", "scss", "sass", "less", "xml"})
_SKIPPED = frozenset({"node_modules", ".git", ".hg", ".svn", ".cache", "__pycache__", ".deploy_git", ".venv", "venv",
                      ".next", ".nuxt", ".astro", ".docusaurus", "resources", "vendor"})
_LARGEST = 1 << 20
_MOST = 5000
"""Files."""
_THEME = re.compile(r"^theme:[ \t]{1,20}[\"']?([\w-]{1,80})", re.MULTILINE)
_SHORTEST = 4
"""Characters of a reference that is looked for: shorter ones stand everywhere."""


def find_sources(root: Path, output: Path, findings: Iterable[Finding]) -> dict[str, tuple[str, int, int]]:
    """Reference as it is written → file (from ``root``), line and column of the first place in the sources.

    ``output``: the folder that is published, which is no source. Only when it lies inside ``root`` and is not all of
    it: a folder that is published as it is has no other sources."""
    if output == root or not output.is_relative_to(root):
        return {}
    wanted: dict[str, list[str]] = {}
    for finding in findings:
        for place in finding.places:
            written = place.written.strip()
            if len(written) >= _SHORTEST:
                wanted.setdefault(written, _page_words(place.key))
    if not wanted:
        return {}
    found: dict[str, tuple[int, str, int, int]] = {}
    for name, text in texts_of(root, output):
        for written, words in wanted.items():
            at = _find(text, written)
            if at is None:
                continue
            # A post that has the page's name comes before a layout, and both before data.
            rank = (0 if any(word in name for word in words) else 3 if name.startswith("node_modules/")
                    else 1 if not name.endswith(("json", "yml", "yaml")) else 2)
            if written not in found or rank < found[written][0]:
                found[written] = (rank, name, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return {written: place[1:] for written, place in found.items()}


def texts_of(root: Path, output: Path) -> Iterator[tuple[str, str]]:
    """Name from ``root``, and text, of each source."""
    for path in _files(root, output):
        try:
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue


def _page_words(key: str) -> list[str]:
    """What the source of a page may be called."""
    parts = [part for part in key.split("/") if part and not part.startswith("index.")]
    name = parts[-1].rpartition(".")[0] or parts[-1] if parts else ""
    return [name] if len(name) >= _SHORTEST else []


def _find(text: str, written: str) -> int | None:
    """Between marks that may stand around a reference, so that ``/img/a.png`` is not found in ``/img/a.png.bak``."""
    at = text.find(written)
    while at >= 0:
        before, after = text[at - 1:at], text[at + len(written):at + len(written) + 1]
        if before not in _WORD and after not in _WORD:
            return at
        at = text.find(written, at + 1)
    return None


_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.%")


def _files(root: Path, output: Path) -> Iterator[Path]:
    theme = _hexo_theme(root)
    yield from islice(chain(_below(root, output), _below(theme, output) if theme is not None else ()), _MOST)


def _hexo_theme(root: Path) -> Path | None:
    """The theme that a Hexo site has from npm: its links are in none of the site's own sources."""
    try:
        named = _THEME.search((root / "_config.yml").read_text(encoding="utf-8", errors="replace")[:_LARGEST])
    except OSError:
        return None
    return root / "node_modules" / f"hexo-theme-{named[1]}" if named is not None else None


def _below(root: Path, output: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and here / name != output)
        for name in sorted(names):
            path = here / name
            if name.rpartition(".")[2].lower() not in _TEXTS or name.endswith((".min.js", "-lock.json", "-lock.yaml")):
                continue
            try:
                if path.is_symlink() or path.stat().st_size > _LARGEST:
                    continue
            except OSError:
                continue
            yield path


def source_of(finding: Finding, sources: Mapping[str, tuple[str, int, int]]) -> tuple[str, int, int] | None:
    return next((sources[place.written.strip()] for place in finding.places if place.written.strip() in sources), None)
