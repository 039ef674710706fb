"""netlify.toml (docs.netlify.com, file-based configuration)."""

from __future__ import annotations

from sitepub.config.document import Node
from sitepub.site.moving.moved import Moved, text_of_values

_BUILD = {
    "functions": "COS serves files; there are no functions", "edge_functions": "there are no edge functions",
    "ignore": "sitepub publishes only what changed, so no build needs to be left out",
    "processing": "sitepub publishes what the build wrote and changes nothing in it",
}
_TOP = {
    "functions": "COS serves files; there are no functions", "edge_functions": "there are no edge functions",
    "plugins": "build plugins are Netlify's own: call what they do in the build command",
    "dev": "`sitepub dev` has settings of its own, `dev` in serverless.yml",
    "images": "there is no image service", "template": "it describes Netlify's deploy button",
    "db": "there is no database", "blobs": "there is no store for blobs",
}
_CONTEXT = ("command", "publish", "base")


def netlify(moved: Moved, root: Node) -> None:
    entries = dict(root.entries)
    build = entries.pop("build", None)
    contexts = entries.pop("context", None)
    live = contexts.get("production") if contexts is not None else None
    _build(moved, build, live)
    for name, node in (contexts.entries if contexts is not None else {}).items():
        if name != "production":
            moved.leave(node, f"context.{name}", "a stage has its settings below `stages` in serverless.yml")
    for rule in _list(moved, entries.pop("redirects", None), "redirects"):
        _redirect(moved, rule)
    for rule in _list(moved, entries.pop("headers", None), "headers"):
        _headers(moved, rule)
    moved.rest(entries, _TOP)


def _build(moved: Moved, build: Node | None, live: Node | None) -> None:
    entries = {**(build.entries if build is not None else {})}
    environments = [("build.environment", entries.pop("environment", None))]
    if live is not None:
        over = dict(live.entries)
        environments.append(("context.production.environment", over.pop("environment", None)))
        entries |= {key: over.pop(key) for key in _CONTEXT if key in over}
        moved.rest(over, _BUILD, before="context.production.")
    moved.base = moved.place(entries.pop("base", None), "build.base") or "."
    moved.hook = moved.words(entries.pop("command", None), "build.command")
    moved.folder = moved.place(entries.pop("publish", None), "build.publish", moved.base)
    for before, environment in environments:
        for name, node in (environment.entries if environment is not None else {}).items():
            _variable(moved, f"{before}.{name}", node)
    moved.rest(entries, _BUILD, before="build.")


def _variable(moved: Moved, name: str, node: Node) -> None:
    if name.rpartition(".")[2] in ("NODE_VERSION", "HUGO_VERSION", "RUBY_VERSION", "PYTHON_VERSION", "GO_VERSION"):
        moved.leave(node, name, "the build runs with the programs of the computer: set the version there, or in CI")
    else:
        moved.leave(node, name, "not copied, since it may be a secret: set it in the environment, or in a .env"
                    " file that git ignores; the build sees both")


def _redirect(moved: Moved, rule: Node) -> None:
    entries = rule.entries
    address, to = _text(entries.get("from")), _text(entries.get("to"))
    shown = f"redirect {address[:80]}"
    for key, why in (("query", "no layer can choose by the parameters of the query"),
                     ("conditions", "no layer knows countries, languages, roles or cookies"),
                     ("signed", "COS and its edges pass no request on to another address"),
                     ("headers", "COS and its edges pass no request on to another address"),
                     ("edge_handler", "there are no edge functions"), ("rate_limit", "no layer limits single rules")):
        if (node := entries.get(key)) is not None and node.value not in (None, "", {}, []):
            moved.leave(node, f"{shown} ({key})", why)
            return
    status = entries.get("status")
    number = status.value if status is not None else None
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        moved.leave(status, shown, "its status is not a number")
        return
    moved.redirect(rule, address, to, number or 301, force=moved.flag(entries.get("force")))


def _headers(moved: Moved, rule: Node) -> None:
    address = _text(rule.entries.get("for"))
    values = rule.entries.get("values")
    if values is None or not values.entries:
        moved.leave(rule, f"headers of {address[:80]}", "names no headers below `headers.values`")
        return
    for name, node in values.entries.items():
        value = text_of_values(node)
        if value is None:
            moved.leave(node, f"header {name[:80]} of {address[:80]}", "has no text for a value")
            continue
        # Over several lines a text means a list (docs.netlify.com, custom headers).
        moved.header(node, address, name, ", ".join(part.strip().rstrip(",") for part in value.splitlines()
                                                     if part.strip()))


def _list(moved: Moved, node: Node | None, what: str) -> list[Node]:
    if node is None:
        return []
    if not isinstance(node.value, list):
        moved.leave(node, what, f"is {node.kind}, and a list is expected: [[{what}]]")
        return []
    maps = [one for one in node.items if isinstance(one.value, dict)]
    if len(maps) < len(node.items):
        moved.leave(node, what, "holds something that is not a rule")
    return maps


def _text(node: Node | None) -> str:
    return str(node.value).strip() if node is not None and isinstance(node.value, str | int) else ""


