"""Hosts as the first form of the component wrote them: the words of the CDN API of 2017, or the capitals of today's.

Facts: the configuration pages of ``@serverless/tencent-website`` 1.x and of ``@serverless/tencent-cdn``, which read the
same keys, and the API page "UpdateCdnConfig" (228/3933). Rewritten on the tree, once its variables are replaced.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from sitepub.config.document import Node, Value
from sitepub.errors import Problem

_CACHE_TYPES = {"0": "all", "1": "file", "2": "directory", "3": "path", "4": "index"}
_REDIRECTS = {"1": ("http", 302), "2": ("https", 302), "3": ("https", 301)}
"""``forceSwitch``: 2 and 3 go to https; 1 to http; below zero: switched off."""
_LISTS = {"1": "blacklist", "2": "whitelist"}


def rewrite_old_hosts(root: Node) -> Iterator[Problem]:
    """Bring ``hosts`` and ``https`` to today's words; yields what is wrong with the old ones."""
    inputs = root.get("inputs")
    if inputs is None or not isinstance(inputs.value, dict):
        return
    hosts = inputs.get("hosts")
    for owner in (inputs, *(hosts.items if hosts is not None else ())):
        if owner is not inputs:
            _to_small_letters(owner)
        elif "Https" in owner.entries and "https" not in owner.entries:
            _to_small_letters(owner, only=("Https",))
        https = owner.get("https")
        if https is not None and isinstance(https.value, dict):
            _certificate(https)
            yield from _force_switch(owner, https)
    for host in hosts.items if hosts is not None else ():
        if isinstance(host.value, dict):
            yield from _cache(host)
            _full_url(host)
            yield from _referer(host)
            yield from _addresses(host)


# -- capitals ------------------------------------------------------------------------------------------------------


def _to_small_letters(node: Node, only: tuple[str, ...] | None = None) -> None:
    """``Https: {Switch: on}`` and ``Https.Switch: on`` → ``https: {switch: on}``. What is written in small letters
    already wins."""
    if isinstance(node.value, list):
        for child in node.value:
            _to_small_letters(child)
        return
    if not isinstance(node.value, dict):
        return
    for key in list(node.value):
        if not key[:1].isupper() or (only is not None and key not in only):
            if only is None:
                _to_small_letters(node.value[key])
            continue
        child = node.value.pop(key)
        _to_small_letters(child)
        first, _, rest = key.partition(".")
        name = _small(first)
        if rest:
            inner = node.value.setdefault(name, Node({}, child.key_place or child.place, child.key_place))
            if isinstance(inner.value, dict):
                inner.value[rest] = child
                _to_small_letters(inner)
        else:
            node.value.setdefault(name, child)


def _small(word: str) -> str:
    return word.lower() if word.isupper() else word[:1].lower() + word[1:]


# -- the words of 2017 ---------------------------------------------------------------------------------------------


def _certificate(https: Node) -> None:
    """``certId``, ``cert`` (or ``certPath``) and ``privateKey`` (or ``privateKeyPath``); ``certId`` wins."""
    found: dict[str, Node] = {}
    for old, new in (("certId", "certId"), ("cert", "certificate"), ("certPath", "certificate"),
                     ("privateKey", "privateKey"), ("privateKeyPath", "privateKey")):
        node = https.entries.pop(old, None)
        if node is not None and node.value is not None:
            found.setdefault(new, node)
    if not found or "certInfo" in https.entries:
        return
    if "certId" in found:
        found = {"certId": found["certId"]}
    place = next(iter(found.values()))
    for name in ("certificate", "privateKey"):
        if name in found:
            found[name].value = _pem(found[name].value)
    https.entries["certInfo"] = Node(dict(found), place.place, place.key_place)


def _pem(value: Value) -> Value:
    """The API took PEM in Base64; a value that is none stays."""
    if not isinstance(value, str) or "-----BEGIN" in value:
        return value
    try:
        text = base64.b64decode("".join(value.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return value
    return text if text.startswith("-----BEGIN") else value


def _force_switch(owner: Node, https: Node) -> Iterator[Problem]:
    node = https.entries.pop("forceSwitch", None)
    if node is None or node.value is None or "forceRedirect" in owner.entries or owner.get("host") is None:
        return
    said = _number(node)
    if said in _REDIRECTS:
        kind, status = _REDIRECTS[said]
        owner.entries["forceRedirect"] = _made(node, {
            "switch": "on", "redirectType": kind, "redirectStatusCode": status})
    elif said not in ("0", "-1", "-2", "-3"):
        yield Problem("`forceSwitch` is 1, 2 or 3 (redirect to http, to https with 302, with 301), or below zero for"
                      " none", node.here, "Write `forceRedirect: {switch: on}`.")


def _cache(host: Node) -> Iterator[Problem]:
    """``cache: [{type, rule, time}]``, also as ``[[0, all, 1000]]``; ``cacheMode: custom`` takes the origin's max-age
    when it is shorter."""
    mode, cache = host.entries.pop("cacheMode", None), host.get("cache")
    if cache is None or not isinstance(cache.value, list) or not cache.value:
        return
    rules: list[dict[str, object]] = []
    for item in cache.value:
        parts = dict(zip(("type", "rule", "time"), item.value, strict=False)) if isinstance(item.value, list) else (
            item.entries)
        kind, rule, time = (parts.get(name) for name in ("type", "rule", "time"))
        if kind is None or time is None or _number(kind) not in _CACHE_TYPES:
            yield Problem("a cache rule has a type (0 all, 1 file, 2 directory, 3 path), a rule and a time in seconds",
                          item.here, "Write `cache: {simpleCache: {cacheRules: [{cacheType: all, cacheContents: ['*'],"
                          " cacheTime: 1000}]}}`.")
            continue
        name = _CACHE_TYPES[_number(kind)]
        rules.append({"cacheType": name, "cacheContents": _contents(name, rule), "cacheTime": time.value})
    simple: dict[str, object] = {"cacheRules": rules}
    if mode is not None and mode.value == "custom":
        simple["compareMaxAge"] = "on"
    host.entries["cache"] = _made(cache, {"simpleCache": simple})


def _contents(kind: str, rule: Node | None) -> list[str]:
    if kind == "all":
        return ["*"]
    if kind == "index":
        return ["/"]
    written = str(rule.value) if rule is not None and rule.value is not None else ""
    parts = [part.strip() for part in written.split(";") if part.strip()]
    return [part.lstrip(".") for part in parts] if kind == "file" else parts


def _full_url(host: Node) -> None:
    node = host.entries.pop("fullUrl", None)
    if node is None or node.value is None:
        return
    key = host.get("cacheKey")
    if key is None:
        host.entries["cacheKey"] = _made(node, {"fullUrlCache": node.value})
    elif isinstance(key.value, dict):
        key.value.setdefault("fullUrlCache", node)


def _referer(host: Node) -> Iterator[Problem]:
    node = host.entries.pop("refer", None)
    if node is None or node.value is None or "referer" in host.entries:
        return
    rules: list[dict[str, object]] = []
    for item in node.items or [node]:
        kind, names, empty = item.get("type"), item.get("list"), item.get("empty")
        said = _number(kind) if kind is not None else ""
        if said == "0":
            continue
        if said not in _LISTS or names is None:
            yield Problem("`refer` has a type (1 blacklist, 2 whitelist) and a list", item.here,
                          "Write `referer: {switch: on, refererRules: […]}`.")
            continue
        rules.append({"ruleType": "all", "rulePaths": ["*"], "refererType": _LISTS[said],
                      "referers": [one.value for one in names.items] or [names.value],
                      "allowEmpty": empty is not None and _number(empty) == "1"})
    host.entries["referer"] = _made(node, {"switch": "on", "refererRules": rules} if rules else {"switch": "off"})


def _addresses(host: Node) -> Iterator[Problem]:
    node = host.entries.pop("accessIp", None)
    if node is None or node.value is None or "ipFilter" in host.entries:
        return
    kind, names = node.get("type"), node.get("list")
    said = _number(kind) if kind is not None else ""
    if said == "0":
        host.entries["ipFilter"] = _made(node, {"switch": "off"})
    elif said in _LISTS and names is not None:
        host.entries["ipFilter"] = _made(node, {
            "switch": "on", "filterType": _LISTS[said],
            "filters": [one.value for one in names.items] or [names.value]})
    else:
        yield Problem("`accessIp` has a type (1 blacklist, 2 whitelist) and a list", node.here,
                      "Write `ipFilter: {switch: on, filterType: blacklist, filters: […]}`.")


def _number(node: Node) -> str:
    return "" if isinstance(node.value, bool | list | dict) else str(node.value).strip()


def _made(source: Node, value: object) -> Node:
    """A tree of these values that stands where ``source`` does."""
    made: Value
    if isinstance(value, Mapping):
        made = {key: _made(source, child) for key, child in value.items()}
    elif isinstance(value, list):
        made = [_made(source, child) for child in value]
    else:
        assert value is None or isinstance(value, bool | int | float | str)
        made = value
    return Node(made, source.place, source.key_place, str(value) if isinstance(value, str | int | float) else None)
