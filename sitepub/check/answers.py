"""What the website endpoint will answer to an address, worked out from the keys that will be there.

Facts: COS API 436/31930 (the settings), 436/14984 (the endpoint). A folder without the slash at its end is 404: there
is no redirect as S3 sends it. Rules for a prefix come before the object, those for 404 after it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cached_property

import msgspec

_HOPS = 10


class Rule(msgspec.Struct, frozen=True, array_like=True):
    """A redirect. Either ``prefix`` or ``status`` is set."""

    prefix: str | None = None
    status: int | None = None
    replace_with: str | None = None
    replace_prefix_with: str | None = None
    at_edge: bool = False
    """The nearest to what an edge does: which files it hides is not known."""

    def target(self, key: str) -> str:
        if self.replace_with is not None:
            return self.replace_with.lstrip("/")
        return ((self.replace_prefix_with or "") + key.removeprefix(self.prefix or "")).lstrip("/")


class Website(msgspec.Struct, frozen=True, array_like=True):
    """The settings of the endpoint."""

    index: str = "index.html"
    error: str = ""
    """Key of the error document; "": there is none."""
    no_extension: bool = False
    """``/about`` serves ``about.html``."""
    app: bool = False
    """The error document answers with 200: it is an app that knows what to show."""
    rules: tuple[Rule, ...] = ()


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """``key``: the object that is served in the end; ``None``: 404."""

    key: str | None
    circle: bool = False
    """The redirects never end."""
    app: bool = False
    """Served by the error document, with 200 or after a redirect for everything that is missing."""


class Answers:
    """``keys``: of all objects that will be there, with their sizes."""

    def __init__(self, keys: Mapping[str, int], website: Website) -> None:
        self.keys = keys
        self.website = website
        self._prefixes = [rule for rule in website.rules if rule.prefix is not None]
        self._missing = next((rule for rule in website.rules if rule.status == 404), None)

    def of(self, path: str) -> Answer:
        """``path``: decoded, with its slash in front."""
        key, by_status = path[1:], False
        for _ in range(_HOPS):
            rule = next((one for one in self._prefixes if key.startswith(one.prefix or "")), None)
            if rule is None:
                found = self._object(key)
                if found is not None:
                    return Answer(found, app=by_status)
                if self._missing is None:
                    app = self.website.app and self.website.error in self.keys
                    return Answer(self.website.error if app else None, app=app)
                rule, by_status = self._missing, True
            key = rule.target(key)
        return Answer(None, circle=True)

    def _object(self, key: str) -> str | None:
        if not key or key.endswith("/"):
            index = key + self.website.index
            return index if index in self.keys else None
        if key in self.keys:
            return key
        if self.website.no_extension and f"{key}.html" in self.keys:
            return f"{key}.html"
        return None

    def near(self, path: str) -> str | None:
        """The path that would be served if case and the spelling of accents did not count."""
        key = path[1:]
        candidates = [key + self.website.index] if not key or key.endswith("/") else [
            key, *([f"{key}.html"] if self.website.no_extension else []), f"{key}/{self.website.index}"]
        for candidate in candidates:
            found = self._folded.get(folded(candidate))
            if found is not None and found != candidate:
                return found
        return None

    def is_folder(self, path: str) -> bool:
        """Something lies below it."""
        return path.strip("/") in self._folders

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {folded(key): key for key in self.keys}

    @cached_property
    def _folders(self) -> set[str]:
        found: set[str] = set()
        for key in self.keys:
            folder = key.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return found


def folded(key: str) -> str:
    """The same for names that a disk may take for the same one."""
    return key.casefold() if key.isascii() else unicodedata.normalize("NFC", key).casefold()


def address_of(key: str, website: Website) -> str:
    """The path that visitors use for a page."""
    path = f"/{key}"
    folder, _, name = path.rpartition("/")
    if name == website.index:
        return f"{folder}/"
    return path.removesuffix(".html") if website.no_extension else path
