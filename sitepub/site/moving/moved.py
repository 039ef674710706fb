"""What carries over from another tool's settings, and what does not, with the reason. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sitepub.config.document import Node
from sitepub.errors import Position
from sitepub.leaks.search import SecretSearch
from sitepub.site.address_rules.addresses import SPLAT
from sitepub.site.address_rules.edge_paths import header_obstacle
from sitepub.site.address_rules.headers_file import read_headers
from sitepub.site.address_rules.redirects_file import RedirectLine, read_redirects
from sitepub.site.detect.project_files import inside
from sitepub.site.moving.foreign_file import where
from sitepub.site.stored_headers import canonical_name

_SECRET_KEY = re.compile(r"(?i)secret|token|passw|api_?-?key|access_?-?key|private_?-?key|credential|\Akey\Z")
_ASSIGNED = re.compile(
    r"(?i)(?:secret|token|passw|credential|(?:api|access|private)[_-]?key)[a-z0-9_]{0,32}[=:][\"']?(?![$%\s\"']|\Z)")
_PASSED = re.compile(r"(?i)\b(?:bearer|basic) [a-z0-9+/=._~-]{8}|--(?:password|token|secret)[ =](?![$%])|"
                     r"\bAKID[0-9A-Za-z_-]{13}|\bAKIA[0-9A-Z]{12}|://[^/\s:@]{1,60}:[^/\s:@]{1,60}@")
"""Handed over in another way (a header, an option, an address), or the id of a cloud key."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_SHOWN = 80
ITS_OWN = "sitepub does this in its own way, without a setting"
NAMED = "the site is named after its folder; `app` and `name` in serverless.yml take another name"
KEEP_KEYS = ("it was not copied. Keep cloud keys with `sitepub login`, other secrets in the environment or in a .env"
             " file that git ignores; take them out of this file, and make new ones if it was ever pushed")


@dataclass(frozen=True, slots=True)
class Left:
    """One setting that does not carry over."""

    what: str
    """Its name; never its value where that may be a secret."""
    why: str
    position: Position | None
    secret: bool = False

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position is not None else ""
        return f"{place}{self.what} - {self.why}"


@dataclass(frozen=True, slots=True)
class Headers:
    """An entry of ``headers`` in serverless.yml."""

    files: tuple[str, ...]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Moved:
    """Filled by the reader of one tool's file."""

    tool: str
    file: str
    """Its name, without a path."""
    hook: str | None = None
    install: str | None = None
    base: str = "."
    """The folder that the command runs in, and that ``folder`` is taken from by the readers."""
    folder: str | None = None
    """What is published, below the project; ``.``: the project itself."""
    index: str | None = None
    error: str | None = None
    spa: bool = False
    without_html: bool = False
    bucket: str | None = None
    region: str | None = None
    prefix: str | None = None
    exclude: list[str] = field(default_factory=list)
    headers: list[Headers] = field(default_factory=list)
    redirects: list[str] = field(default_factory=list)
    """Lines of `_redirects`."""
    blocks: list[tuple[str, list[str]]] = field(default_factory=list)
    """Of `_headers`: an address and the lines below it."""
    needs_edge: bool = False
    """The rules hold some that the bucket alone cannot do."""
    left: list[Left] = field(default_factory=list)

    @property
    def taken(self) -> tuple[str, ...]:
        """What carries over, in words."""
        found = [words for value, words in (
            (self.hook, "the build command"), (self.install, "the install command"), (self.folder, "the folder"),
            (self.spa, "one page for every address"), (self.error and not self.spa, "the error page"),
            (self.without_html, "addresses without .html"), (self.bucket, f"the bucket {self.bucket}"),
            (self.region, f"the region {self.region}"), (self.prefix, f"the prefix {self.prefix}"),
            (self.exclude, "files that stay out")) if value]
        headers = len(self.headers) + sum(len(lines) for _address, lines in self.blocks)
        for count, one in ((len(self.redirects), "redirect"), (headers, "header")):
            if count:
                found.append(f"{count} {one}{'s' if count > 1 else ''}")
        return tuple(found)

    def leave(self, node: Node | None, what: str, why: str) -> None:
        self.left.append(Left(_CONTROL.sub("", what)[:200], why, where(node)))

    def secret(self, node: Node | None, what: str) -> None:
        self.left.append(Left(_CONTROL.sub("", what)[:200], f"holds a secret; {KEEP_KEYS}", where(node), secret=True))

    def rest(self, entries: Mapping[str, Node], known: Mapping[str, str] | None = None, *, before: str = "",
             otherwise: str = "sitepub has no such setting") -> None:
        """Leave entries, each with its reason of ``known``."""
        for key, node in entries.items():
            if key == "$schema":
                continue
            if _SECRET_KEY.search(key) and isinstance(node.value, str) and node.value:
                self.secret(node, before + key)
            elif node.value not in (None, "", [], {}):
                self.leave(node, before + key, (known or {}).get(key, otherwise))

    # Values

    def words(self, node: Node | None, what: str) -> str | None:
        """A text of one line without secrets; anything else is left."""
        if node is None or node.value in (None, ""):
            return None
        if isinstance(node.value, bool | list | dict):
            self.leave(node, what, f"is {node.kind}, and text is expected")
            return None
        value = str(node.value).strip()
        if _CONTROL.search(value):
            self.leave(node, what, "has several lines or a control character, and one line of text is expected")
            return None
        if holds_secret(value):
            self.secret(node, what)
            return None
        return value

    def place(self, node: Node | None, what: str, base: str = ".") -> str | None:
        """A folder below the project, ``.`` for the project itself."""
        value = self.words(node, what)
        if value is None:
            return None
        if value.replace("\\", "/").strip("/") in ("", "."):
            return base
        found = inside(value.lstrip("/"), base)
        if found is None or "${" in value or "{{" in value:
            self.leave(node, what, "is not a folder below this one; sitepub publishes what lies in the project's"
                                   " folder")
            return None
        return found

    def flag(self, node: Node | None) -> bool:
        return node is not None and node.value is True

    # Rules for addresses

    def redirect(self, node: Node | None, address: str, to: str, status: int | None, *, force: bool = False) -> None:
        """One rule, or its reason to stay behind."""
        shown = f"redirect {_cut(address)}"
        if any(re.search(r"\s", one) for one in (address, to)) or _CONTROL.search(address + to):
            self.leave(node, shown, "an address with a blank must be percent-encoded")
            return
        if holds_secret(to) or holds_secret(address):
            self.secret(node, shown)
            return
        line = " ".join(part for part in (address, to, f"{status}{'!' if force else ''}" if status else "") if part)
        rules, problems = read_redirects(line, "")
        if problems or not rules:
            hint = problems[0].hint if problems else None
            self.leave(node, shown, (problems[0].message if problems else "is not a rule")
                       + (f"; {hint}" if hint else ""))
            return
        rule = rules[0]
        if rule.address.path == "/*" and not rule.force and rule.status in (200, 404) and not rule.external \
                and f":{SPLAT}" not in rule.to:
            self._page_for_missing(node, shown, rule)
        elif why := _impossible(rule):
            self.leave(node, shown, why)
        else:
            self.redirects.append(line)
            self.needs_edge |= not _on_bucket(rule)

    def _page_for_missing(self, node: Node | None, shown: str, rule: RedirectLine) -> None:
        page = rule.to.partition("?")[0].partition("#")[0].strip("/") or "index.html"
        if "${" in page:
            self.leave(node, shown, "is not a page that can be there")
            return
        if self.error is not None:
            self.leave(node, shown, f"an earlier rule shows {self.error} at addresses that do not exist")
            return
        self.error, self.spa = page if "." in page.rpartition("/")[2] else f"{page}/index.html", rule.status == 200

    def header(self, node: Node | None, address: str, name: str, value: str) -> None:
        shown = f"header {_cut(name)} of {_cut(address)}"
        if _CONTROL.search(address + name + value):
            self.leave(node, shown, "holds a line break or a control character")
            return
        if holds_secret(f"{name}={value}") or holds_secret(value) or name.lower() == "basic-auth":
            self.secret(node, shown)
            return
        line = f"{name.strip()}: {value.strip()}"
        found, problems = read_headers(f"{address}\n  {line}", "")
        if problems or not found:
            self.leave(node, shown, problems[0].message if problems else "is not a rule")
            return
        if canonical_name(name) is None:
            if why := header_obstacle(name, value):
                self.leave(node, shown, f"no layer can set it: {why}")
                return
            self.needs_edge = True
        if not self.blocks or self.blocks[-1][0] != address:
            self.blocks.append((address, []))
        self.blocks[-1][1].append(line)


def holds_secret(text: str) -> bool:
    """Whether a text holds a key or a password, by its form or by the name in front of it."""
    found = _search().whole("settings", text.encode(errors="replace"))[1]
    return found != "" or _ASSIGNED.search(text) is not None or _PASSED.search(text) is not None


@cache
def _search() -> SecretSearch:
    return SecretSearch()


def text_of_values(node: Node) -> str | None:
    """The text of a header, of which there may be several values."""
    if isinstance(node.value, list):
        parts = [str(one.value) for one in node.items if isinstance(one.value, str | int | float)]
        return ", ".join(parts) if parts else None
    return None if node.value is None or isinstance(node.value, dict | bool) else str(node.written or node.value)


def redirects_text(moved: Moved, before: Sequence[str] = ()) -> str:
    return "\n".join([*before, f"# From {moved.file}", *moved.redirects]) + "\n"


def headers_text(moved: Moved, before: Sequence[str] = ()) -> str:
    lines = [*before, f"# From {moved.file}"]
    for address, headers in moved.blocks:
        lines += [address, *(f"  {line}" for line in headers)]
    return "\n".join(lines) + "\n"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _impossible(rule: RedirectLine) -> str:
    """Why no layer can do a rule, whatever edge the site has (docs/headers-and-redirects.md); "": one may."""
    if rule.conditions:
        return f"no layer knows the condition {rule.conditions[0]}"
    if rule.query:
        return "no layer can choose by the parameters of the query"
    if rule.status == 200 and rule.external:
        return "COS and its edges serve files, and pass no request on to another address; call it from the page"
    if rule.status == 200 and (not rule.address.exact or rule.address.host):
        return "COS has one page for all addresses that do not exist; for single addresses, write them out"
    if rule.status == 410:
        return "COS answers 404 for what is not there"
    if rule.status == 404:
        return "COS has one page for all addresses that do not exist, `error` in serverless.yml"
    return ""


def _on_bucket(rule: RedirectLine) -> bool:
    if rule.address.host or (rule.external and not rule.address.exact):
        return False
    return rule.address.exact or (rule.address.prefix not in (None, "/") and (
        rule.to.endswith(f":{SPLAT}") or f":{SPLAT}" not in rule.to))
