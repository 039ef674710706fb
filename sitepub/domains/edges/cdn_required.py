"""Members that the CDN requires of its objects, filled in where serverless.yml need not say them (pure).

The CDN refuses an object without them (228/30987), though most mean nothing beside what was written: of the three ways
to keep a file one is on, and the others have to be there, switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_SIMPLE: Mapping[str, Any] = {"CacheRules": [], "FollowOrigin": "off", "IgnoreCacheControl": "off",
                              "IgnoreSetCookie": "off", "CompareMaxAge": "off"}
_ADVANCED: Mapping[str, Any] = {"CacheRules": [], "IgnoreCacheControl": "off", "IgnoreSetCookie": "off"}
_MODES: Mapping[str, Mapping[str, Any]] = {
    "Cache": {"Switch": "off", "CacheTime": 0, "CompareMaxAge": "off", "IgnoreCacheControl": "off",
              "IgnoreSetCookie": "off"},
    "NoCache": {"Switch": "off", "Revalidate": "off"},
    "FollowOrigin": {"Switch": "off"},
}
_COMPRESSION: Mapping[str, Any] = {"MinLength": 256, "MaxLength": 2 * 1024 * 1024, "Algorithms": ["gzip"]}
"""What the CDN itself does unless it is set otherwise."""
_QUERY: Mapping[str, Any] = {"Switch": "off", "Action": "includeCustom", "Value": ""}


def completed(key: str, value: Any) -> Any:
    """A sub-object of UpdateDomainConfig or AddCdnDomain with its required members."""
    fill = _FILL.get(key)
    return fill(value) if fill is not None and isinstance(value, Mapping) else value


def _cache(cache: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(cache)
    for name, defaults in (("SimpleCache", _SIMPLE), ("AdvancedCache", _ADVANCED)):
        if isinstance(cache.get(name), Mapping):
            result[name] = {**defaults, **cache[name]}
    if isinstance(cache.get("RuleCache"), list):
        result["RuleCache"] = [{**rule, "CacheConfig": _modes(rule.get("CacheConfig"))} for rule in cache["RuleCache"]]
    return result


def _modes(config: Any) -> dict[str, Any]:
    given = config if isinstance(config, Mapping) else {}
    return {**given, **{mode: {**defaults, **(given.get(mode) or {})} for mode, defaults in _MODES.items()}}


def _compression(compression: Mapping[str, Any]) -> dict[str, Any]:
    return _with_rules(compression, "CompressionRules", lambda rule: {**_COMPRESSION, **rule})


def _cache_key(cache_key: Mapping[str, Any]) -> dict[str, Any]:
    return _with_rules(cache_key, "KeyRules", _key_rule)


def _key_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    query = {**_QUERY, **(rule.get("QueryString") or {})}
    # A key of the whole address holds every parameter: choosing some of them means that it is not whole.
    whole = "off" if query["Switch"] == "on" else "on"
    return {"FullUrlCache": whole, "IgnoreCase": "off", "RuleTag": "user", **rule, "QueryString": query}


def _with_rules(value: Mapping[str, Any], name: str, fill: Callable[[Mapping[str, Any]], dict[str, Any]]
                ) -> dict[str, Any]:
    rules = value.get(name)
    return {**value, name: [fill(rule) for rule in rules]} if isinstance(rules, list) else dict(value)


_FILL: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Cache": _cache, "Compression": _compression, "CacheKey": _cache_key}
