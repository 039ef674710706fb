"""What the edge does for a CDN host, read from the host's configuration.

Where several kinds of cache rules are set, RuleCache counts alone: SimpleCache and AdvancedCache are its
older forms (CDN API 228/30987).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sitepub.local.edge.domains import (
    CacheRule,
    CompressionRule,
    EdgeOrigin,
    HeaderRule,
    Hsts,
    MaxAgeRule,
    PathMatch,
    PathRedirect,
    Redirect,
)

EVERYTHING = PathMatch("all", ("*",))
DEFAULT_COMPRESSION = CompressionRule(
    PathMatch("contentType", (
        "text/*", "application/json", "application/javascript", "application/xml", "image/svg+xml",
    )),
    ("brotli", "gzip"), 256,
)
"""What EdgeOne compresses by default."""
DEFAULT_TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def _on(value: Mapping[str, Any] | None) -> bool:
    return bool(value) and value is not None and value.get("Switch") == "on"


def _match(kind: str | None, values: list[str] | None) -> PathMatch:
    return PathMatch(kind or "all", tuple(values or ()))


def origin(settings: Mapping[str, Any]) -> EdgeOrigin:
    given = settings["Origin"]
    hosts = tuple(given["Origins"])
    return EdgeOrigin(hosts, given["ServerName"] or hosts[0], given["OriginPullProtocol"])


def cache_rules(settings: Mapping[str, Any]) -> tuple[CacheRule, ...]:
    cache = settings["Cache"]
    if cache["RuleCache"]:
        return tuple(_cache_rule(rule) for rule in cache["RuleCache"])
    simple = cache["SimpleCache"]
    if simple is None:
        return (CacheRule(EVERYTHING, "origin"),)
    rules = [
        CacheRule(
            _match(rule["CacheType"], rule["CacheContents"]), "cache" if rule["CacheTime"] else "none",
            rule["CacheTime"], compare_max_age=simple["CompareMaxAge"] == "on",
            ignore_cache_control=simple["IgnoreCacheControl"] == "on",
            ignore_set_cookie=simple["IgnoreSetCookie"] == "on",
        )
        for rule in simple["CacheRules"]
    ]
    if simple["FollowOrigin"] == "on":
        rules.insert(0, CacheRule(EVERYTHING, "origin"))
    return tuple(rules)


def _cache_rule(rule: Mapping[str, Any]) -> CacheRule:
    match, config = _match(rule["RuleType"], rule["RulePaths"]), rule["CacheConfig"]
    kept, none, follow = config["Cache"], config["NoCache"], config["FollowOrigin"]
    if _on(kept):
        return CacheRule(
            match, "cache", kept["CacheTime"] or 0, compare_max_age=kept["CompareMaxAge"] == "on",
            ignore_cache_control=kept["IgnoreCacheControl"] == "on",
            ignore_set_cookie=kept["IgnoreSetCookie"] == "on",
        )
    if _on(none):
        return CacheRule(match, "none", revalidate=none["Revalidate"] == "on")
    heuristic = (follow or {}).get("HeuristicCache") or {}
    timing = heuristic.get("CacheConfig") or {}
    own_time = timing.get("HeuristicCacheTimeSwitch") == "on"
    return CacheRule(
        match, "origin", heuristic=_on(heuristic),
        heuristic_seconds=(timing.get("HeuristicCacheTime") or 0) if own_time else 0,
    )


def status_cache(settings: Mapping[str, Any]) -> dict[str, int]:
    given = settings["StatusCodeCache"]
    return {rule["StatusCode"]: rule["CacheTime"] for rule in given["CacheRules"]} if _on(given) else {}


def response_headers(settings: Mapping[str, Any]) -> tuple[HeaderRule, ...]:
    given = settings["ResponseHeader"]
    if not _on(given):
        return ()
    return tuple(
        HeaderRule(_match(rule["RuleType"], rule["RulePaths"]), rule["HeaderMode"], rule["HeaderName"],
                   rule["HeaderValue"] or "")
        for rule in given["HeaderRules"] or ()
    )


def max_age_rules(settings: Mapping[str, Any]) -> tuple[MaxAgeRule, ...]:
    given = settings["MaxAge"]
    if not _on(given):
        return ()
    return tuple(
        MaxAgeRule(_match(rule["MaxAgeType"], rule["MaxAgeContents"]),
                   None if rule["FollowOrigin"] == "on" else rule["MaxAgeTime"])
        for rule in given["MaxAgeRules"] or ()
    )


def compression(settings: Mapping[str, Any]) -> tuple[CompressionRule, ...]:
    given = settings["Compression"]
    if not _on(given):
        return ()
    rules = []
    for rule in given["CompressionRules"] or ():
        if rule["RuleType"] is None and rule["FileExtensions"]:
            match = PathMatch("file", tuple(rule["FileExtensions"]))
        else:
            match = _match(rule["RuleType"], rule["RulePaths"])
        if rule["Compress"]:
            rules.append(CompressionRule(match, tuple(rule["Algorithms"] or ("gzip",)), rule["MinLength"],
                                         rule["MaxLength"]))
    return tuple(rules)


def hsts(settings: Mapping[str, Any]) -> Hsts | None:
    given = settings["Https"]["Hsts"]
    if settings["Https"]["Switch"] != "on" or not _on(given):
        return None
    return Hsts(given["MaxAge"] or 0, given["IncludeSubDomains"] == "on")


def redirect(settings: Mapping[str, Any]) -> Redirect | None:
    given = settings["ForceRedirect"]
    return Redirect(given["RedirectType"], given["RedirectStatusCode"]) if _on(given) else None


def cdn_redirects(settings: Mapping[str, Any]) -> tuple[PathRedirect, ...]:
    """UrlRedirect (228/30987). Whether the query stays is not documented: it does not here, so no site comes to rely on
    it. Nor is how an expression and `FullMatch: false` differ: a pattern always means the whole path here."""
    given = settings.get("UrlRedirect") or {}
    if given.get("Switch") != "on":
        return ()
    found = []
    for rule in given.get("PathRules") or ():
        scheme, colon, host = (rule.get("RedirectHost") or "").partition("://")
        pattern = rule["Pattern"] if rule.get("Regex") else "(.*)".join(map(re.escape, rule["Pattern"].split("*")))
        found.append(PathRedirect(EVERYTHING, rule["RedirectStatusCode"], scheme if colon else "", host, pattern,
                                  rule["RedirectUrl"], keeps_query=False))
    return tuple(found)


def edgeone_redirect(conditions: tuple[str, ...], given: Mapping[str, Any]) -> PathRedirect:
    """AccessURLRedirectParameters (teo 2022-09-01)."""
    host, path = given.get("HostName") or {}, given.get("URLPath") or {}
    protocol = given.get("Protocol") or "follow"
    return PathRedirect(
        PathMatch("condition", conditions), given["StatusCode"], "" if protocol == "follow" else protocol,
        host.get("Value") or "" if host.get("Action") == "custom" else "",
        path["Regex"] if path.get("Action") == "regex" else ".*",
        "" if path.get("Action") in (None, "follow") else path["Value"],
        (given.get("QueryString") or {}).get("Action") != "ignore")
