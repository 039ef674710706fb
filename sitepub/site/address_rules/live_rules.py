"""Which redirects can count: the first that matches an address does (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from urllib.parse import unquote

from sitepub.site.address_rules.redirects_file import RedirectLine


def path_of(target: str) -> str:
    """The path of a destination on the same host, decoded."""
    return unquote(target.partition("#")[0].partition("?")[0], errors="surrogateescape")


def both_addresses(rule: RedirectLine) -> list[str]:
    """An address means the one with a slash, too (Netlify)."""
    path = rule.address.path
    if not rule.address.exact or path == "/" or "." in path.rpartition("/")[2]:
        return [path]
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    return [path] if path_of(rule.to) == other else [path, other]


def live_rules(rules: Sequence[RedirectLine], names: Set[str],
               warn: Callable[[RedirectLine, str, str | None], None]) -> Iterator[RedirectLine]:
    """The rules that can count: the first that matches does. ``names``: of the hosts."""
    before: list[RedirectLine] = []
    exact: dict[tuple[str, str], RedirectLine] = {}
    for rule in rules:
        host = rule.address.host
        if host and host not in names:
            warn(rule, f"`{rule}` has no effect: {host} is not a host of this site",
                 f"its hosts are {', '.join(sorted(names))}" if names else "hosts: in serverless.yml names them")
            continue
        first = exact.get((host, rule.address.path)) or exact.get(("", rule.address.path)) or next(
            (one for one in before if one.address.contains(rule.address)), None)
        if first is not None and not (rule.force and not first.force):
            if (unquote(rule.to), rule.status) != (unquote(first.to), first.status):  # not written in two ways
                warn(rule, f"`{rule}` has no effect: line {first.position.line} comes first, `{first}`", None)
            continue
        yield rule
        if rule.query or rule.conditions:
            continue
        if rule.address.exact:
            for path in both_addresses(rule):
                exact.setdefault((host, path), rule)
        else:
            before.append(rule)
