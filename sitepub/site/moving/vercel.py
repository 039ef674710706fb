"""vercel.json (vercel.com/docs/project-configuration) and edgeone.json (pages.edgeone.ai/document/edgeone-json)."""

from __future__ import annotations

from sitepub.config.document import Node
from sitepub.site.moving.moved import NAMED, Moved, text_of_values
from sitepub.site.moving.sources import NoAddress, everything_but, read_source

_NO_FUNCTIONS = "COS serves files; there are no functions"
_OF_VERCEL = "it is a setting of Vercel's own service"
_OF_EDGEONE = "it is a setting of EdgeOne Pages' own service"
_NOT_COPIED = ("not copied, since it may hold secrets: set such values in the environment, or in a .env file that git"
               " ignores; the build sees both")
_VERCEL = {
    "functions": _NO_FUNCTIONS, "crons": _NO_FUNCTIONS, "builds": _NO_FUNCTIONS, "images": "there is no image service",
    "env": _NOT_COPIED, "build": _NOT_COPIED, "name": NAMED,
    "regions": _OF_VERCEL, "git": _OF_VERCEL, "github": _OF_VERCEL,
    "public": _OF_VERCEL, "fluid": _OF_VERCEL, "functionFailoverRegions": _OF_VERCEL, "version": _OF_VERCEL,
    "framework": "sitepub finds the framework by its files", "scope": _OF_VERCEL, "wildcard": _OF_VERCEL,
    "devCommand": "`dev.command` in serverless.yml is the command that `sitepub dev` keeps running",
    "ignoreCommand": "sitepub publishes only what changed, so no build needs to be left out",
    "alias": "domains stand below `hosts` in serverless.yml, and deploy sets them up",
    "bulkRedirectsPath": "redirects of a file are not read: write them to _redirects",
    "routes": "rules of this old kind mix files, headers and redirects: write them as redirects and headers",
    "trailingSlash": "COS answers a folder with the slash at its end, and has no other way",
    "bunVersion": "the build runs with the programs of the computer",
    "relatedProjects": _OF_VERCEL, "passiveRegions": _OF_VERCEL,
}
_EDGEONE = {
    "nodeVersion": "the build runs with the programs of the computer: set the version there, or in CI",
    "caches": "how long the edge keeps files is set below `hosts[].cache`, or by a Cache-Control header",
    "cloudFunctions": _NO_FUNCTIONS, "edgeFunctions": _NO_FUNCTIONS, "functions": _NO_FUNCTIONS,
    "schedules": _NO_FUNCTIONS, "name": _OF_EDGEONE, "agents": _NO_FUNCTIONS, "env": _NOT_COPIED,
}
_CONDITIONS = ("has", "missing")
_WELL_KNOWN = ("/index.html", "/", "/index")


def vercel(moved: Moved, root: Node) -> None:
    entries = dict(root.entries)
    _common(moved, entries)
    moved.without_html = moved.flag(entries.pop("cleanUrls", None))
    moved.rest(entries, _VERCEL)


def edgeone(moved: Moved, root: Node) -> None:
    entries = dict(root.entries)
    _common(moved, entries)
    moved.rest(entries, _EDGEONE)


def _common(moved: Moved, entries: dict[str, Node]) -> None:
    moved.hook = moved.words(entries.pop("buildCommand", None), "buildCommand")
    moved.install = moved.words(entries.pop("installCommand", None), "installCommand")
    moved.folder = moved.place(entries.pop("outputDirectory", None), "outputDirectory")
    if "root" in entries:
        moved.leave(entries.pop("root"), "root", "run sitepub init in that folder")
    for rule in _rules(moved, entries.pop("redirects", None), "redirects"):
        _redirect(moved, rule)
    for rule in _rules(moved, entries.pop("rewrites", None), "rewrites"):
        _rewrite(moved, rule)
    for rule in _rules(moved, entries.pop("headers", None), "headers"):
        _headers(moved, rule)


def _rules(moved: Moved, node: Node | None, what: str) -> list[Node]:
    """Those that choose by the address alone."""
    if node is None or node.value is None:
        return []
    if not isinstance(node.value, list):
        moved.leave(node, what, f"is {node.kind}, and a list is expected")
        return []
    found = []
    for one in node.items:
        condition = next((key for key in _CONDITIONS if key in one.entries), None)
        if not isinstance(one.value, dict) or not _text(one, "source"):
            moved.leave(one, what, "a rule without a source")
        elif condition is not None:
            moved.leave(one, f"{what} {_text(one, 'source')[:80]}",
                        f"no layer can choose by headers, cookies, hosts or the query (`{condition}`)")
        else:
            found.append(one)
    return found


def _redirect(moved: Moved, rule: Node) -> None:
    source, shown = _text(rule, "source"), f"redirect {_text(rule, 'source')[:80]}"
    if source.startswith("$"):
        moved.leave(rule, shown, "which host leads to which is set where the hosts are: `hosts` in serverless.yml")
        return
    status = rule.entries.get("statusCode")
    number = status.value if status is not None else None
    if number is None:
        number = 307 if (permanent := rule.entries.get("permanent")) is not None and permanent.value is False else 308
    if isinstance(number, bool) or not isinstance(number, int):
        moved.leave(status, shown, "its status is not a number")
        return
    try:
        found = read_source(source)
        to = found.target(_text(rule, "destination"))
    except NoAddress as no:
        moved.leave(rule, shown, str(no))
        return
    for address in found.addresses:
        moved.redirect(rule, address, to, number)


def _rewrite(moved: Moved, rule: Node) -> None:
    source, to = _text(rule, "source"), _text(rule, "destination")
    shown = f"rewrite {source[:80]}"
    if to in _WELL_KNOWN and everything_but(source):
        source = "/(.*)"  # what it excepts are functions, which a site of files does not have
    try:
        found = read_source(source)
        target = found.target(to)
    except NoAddress as no:
        moved.leave(rule, shown, str(no))
        return
    for address in found.addresses:
        moved.redirect(rule, address, "/index.html" if target in _WELL_KNOWN else target, 200)


def _headers(moved: Moved, rule: Node) -> None:
    source = _text(rule, "source")
    listed = rule.entries.get("headers")
    if listed is None or not listed.items:
        moved.leave(rule, f"headers of {source[:80]}", "names no headers")
        return
    try:
        addresses = read_source(source).addresses
    except NoAddress as no:
        moved.leave(rule, f"headers of {source[:80]}", str(no))
        return
    for one in listed.items:
        name, value = _text(one, "key"), one.entries.get("value")
        text = text_of_values(value) if value is not None else None
        if not name or text is None:
            moved.leave(one, f"headers of {source[:80]}", "a header without a key or a value")
            continue
        for address in addresses:
            moved.header(one, address, name, text)


def _text(node: Node, key: str) -> str:
    found = node.entries.get(key)
    return str(found.value).strip() if found is not None and isinstance(found.value, str | int) else ""
