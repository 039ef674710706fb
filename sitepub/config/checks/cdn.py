"""Settings of a host that are right one by one and that the CDN does not take together, or not any more (CDN API
228/30987)."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.config.checks.findings import Findings
from sitepub.config.document import Node

_AUTHENTICATION = ("typeA", "typeB", "typeC", "typeD")
_CACHE = ("simpleCache", "advancedCache", "ruleCache")
_MODES = ("cache", "noCache", "followOrigin")


def check_settings(owner: Node, found: Findings) -> None:
    """``owner``: `inputs`, a host, or an area of its `specificConfig`."""
    _authentication(owner, found)
    _cache(owner, found)
    _verify_client(owner, found)
    retired = owner.get("originPullOptimization")
    if retired is not None and retired.value is not None:
        found.odd(retired, "the CDN has retired `originPullOptimization`: it has no effect any more",
                  "Remove it.", key=True)


def _given(owner: Node, names: tuple[str, ...]) -> list[Node]:
    return [node for name in names if (node := owner.get(name)) is not None and node.value is not None]


def _entries(node: Node | None) -> Mapping[str, Node]:
    return node.entries if node is not None and isinstance(node.value, dict) else {}


def _authentication(owner: Node, found: Findings) -> None:
    authentication = owner.get("authentication")
    if authentication is None or not _entries(authentication):
        return
    types = _given(authentication, _AUTHENTICATION)
    if len(types) > 1:
        found.wrong(types[1], "the CDN checks signed addresses in one way, and there is more than one here",
                    "Keep one of typeA, typeC and typeD.", key=True)
    for node in _given(authentication, ("typeB",)):
        found.wrong(node, "the CDN does not take `typeB` at present", "Use typeA, typeC or typeD.", key=True)


def _cache(owner: Node, found: Findings) -> None:
    cache = owner.get("cache")
    if cache is None or not _entries(cache):
        return
    ways = _given(cache, _CACHE)
    if len(ways) > 1:
        found.wrong(ways[1], "the CDN takes one kind of cache rules, and there is more than one here",
                    "Keep `ruleCache`, which can say everything.", key=True)
    for node in _given(cache, ("advancedCache",)):
        found.odd(node, "the CDN has deprecated `advancedCache`", "Use `ruleCache`.", key=True)
    rules = cache.get("ruleCache")
    for rule in rules.items if rules is not None and isinstance(rules.value, list) else ():
        config = rule.get("cacheConfig")
        if config is None or not _entries(config):
            continue
        on = [node for node in _given(config, _MODES) if (switch := node.get("switch")) is None or _on(switch)]
        if len(on) != 1:
            found.wrong(config, "a cache rule has exactly one of `cache`, `noCache` and `followOrigin` switched on",
                        key=True)
        elif on[0] is config.get("cache") and on[0].get("cacheTime") is None:
            found.wrong(on[0], "`cache` needs `cacheTime` (seconds)", key=True)


def _verify_client(owner: Node, found: Findings) -> None:
    node, authority = owner.get("https", "verifyClient"), owner.get("https", "clientCertInfo")
    there = authority is not None and authority.value is not None
    if node is not None and _on(node) and not there:
        found.wrong(node, "`verifyClient` needs the certificate of the authority that signs your visitors'"
                    " certificates", "Name it: `clientCertInfo: {certificate: authority.pem}`. Or set both in the"
                    " console (CDN, HTTPS) and leave `verifyClient` out: it stays as it is there.", key=True)
    elif authority is not None and there and (node is None or not _on(node)):
        found.odd(authority, "`clientCertInfo` has no effect without `verifyClient: on`", key=True)


def _on(node: Node) -> bool:
    return node.value in ("on", True, "true")
