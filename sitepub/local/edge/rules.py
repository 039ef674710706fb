"""What a host's settings say about one answer: pure decisions, after the CDN's documentation.

Paths are raw (as sent, without the query) and normalized by :func:`edge_cache.normal_path`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sitepub.local.base.times import parse_http_date
from sitepub.local.base.wildcards import wildcard
from sitepub.local.edge.cache import Headers
from sitepub.local.edge.domains import CacheRule, CompressionRule, EdgeDomain, HeaderRule, PathMatch, PathRedirect
from sitepub.local.services.rule_conditions import read_condition

HEURISTIC_SHARE = 0.1
"""Part of an answer's age for which it stays fresh when no header says how long (RFC 9111 4.2.2)."""
HEURISTIC_MOST = 3600


def matches(match: PathMatch, path: str, content_type: str = "") -> bool:
    """Whether a rule is for a path (RuleType, CDN API 228/30987)."""
    if match.kind == "all":
        return True
    if match.kind == "condition":
        return all((condition := read_condition(text)) is not None and condition.of_path(path)
                   for text in match.values)
    if match.kind == "file":
        ending = path.rpartition("/")[2].rpartition(".")
        return bool(ending[1]) and ending[2].lower() in {value.lower().lstrip(".") for value in match.values}
    if match.kind == "directory":
        return any(path.startswith(f"/{value.strip('/')}/") or value.strip("/") == "" for value in match.values)
    if match.kind == "path":
        return any(wildcard(value).fullmatch(path) is not None for value in match.values)
    if match.kind == "index":
        return path == "/"
    if match.kind == "contentType":
        media = content_type.partition(";")[0].strip().lower()
        return any(wildcard(value.strip().lower()).fullmatch(media) is not None for value in match.values)
    return False


def redirected(redirects: Sequence[PathRedirect], path: str) -> tuple[PathRedirect, str] | None:
    """The redirect that decides, the last one that matches, and the path to go to."""
    for one in reversed(redirects):
        if not matches(one.match, path):
            continue
        found = re.fullmatch(one.pattern, path, re.DOTALL)
        if found is not None:
            return one, _filled(one.path, found.groups()) if one.path else path
    return None


def _filled(target: str, groups: Sequence[str]) -> str:
    filled = (*groups, *[""] * 9)
    return re.sub(r"\$([1-9])", lambda number: filled[int(number[1]) - 1], target)


def cache_rule(rules: Sequence[CacheRule], path: str) -> CacheRule | None:
    """The rule that decides: the last one that matches."""
    return next((rule for rule in reversed(rules) if matches(rule.match, path)), None)


def cache_key(domain: EdgeDomain, path: str, query: str) -> tuple[str, str]:
    """Path and query as they are part of the cache key (CacheKey, CDN API 228/30987)."""
    settings: Mapping[str, Any] = domain.settings.get("CacheKey") or {}
    full, ignore_case = domain.full_url_cache, domain.ignore_case
    chosen: Mapping[str, Any] = settings
    for rule in settings.get("KeyRules") or ():
        if matches(PathMatch(rule.get("RuleType") or "", tuple(rule.get("RulePaths") or ())), path):
            chosen = rule
            full = rule.get("FullUrlCache", "on") == "on"
            ignore_case = rule.get("IgnoreCase", "off") == "on"
    if not full:
        query = _chosen_query(chosen.get("QueryString") or {}, query)
    if ignore_case:
        path, query = path.lower(), query.lower()
    return path, query


def _chosen_query(settings: Mapping[str, Any], query: str) -> str:
    if settings.get("Switch") != "on":
        return ""
    names = set(filter(None, (settings.get("Value") or "").split(";")))
    parts = [part for part in query.split("&") if part]
    action = settings.get("Action") or "excludeAll"
    if action == "includeCustom":
        parts = [part for part in parts if part.partition("=")[0] in names]
    elif action == "excludeCustom":
        parts = [part for part in parts if part.partition("=")[0] not in names]
    elif action != "includeAll":
        parts = []
    return "&".join(sorted(parts) if settings.get("Reorder") == "on" else parts)


def directives(value: str | None) -> dict[str, str]:
    """Cache-Control taken apart, names in lower case."""
    found = {}
    for part in (value or "").split(","):
        name, _, argument = part.strip().partition("=")
        if name:
            found[name.lower()] = argument.strip('" ')
    return found


def lifetime(domain: EdgeDomain, path: str, status: int, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that an answer of the origin may be served again; 0: after asking the origin each time; None: it
    is not kept. ``headers`` of the origin, names in lower case."""
    if status != 200:
        seconds = domain.status_cache.get(str(status), domain.status_cache.get(f"{status // 100}xx", 0))
        return float(seconds) if seconds > 0 else None
    rule = cache_rule(domain.cache_rules, path)
    control = directives(headers.get("cache-control"))
    refused = any(name in control for name in ("no-store", "no-cache", "private"))
    if headers.get("vary", "").strip() == "*":
        return None
    if rule is None:
        return None if refused or "set-cookie" in headers else _stated(control, headers, now)
    if "set-cookie" in headers and not rule.ignore_set_cookie:
        return None
    if rule.mode == "none":
        return 0.0 if rule.revalidate else None
    if refused and not rule.ignore_cache_control:
        return None
    if rule.mode == "cache":
        seconds_kept = float(rule.seconds)
        stated = _stated(control, headers, now) if rule.compare_max_age else None
        kept = seconds_kept if stated is None else min(seconds_kept, stated)
        return kept if kept > 0 else None
    stated = _stated(control, headers, now)
    if stated is not None:
        return stated if stated > 0 else None
    return _guessed(rule, headers, now) if rule.heuristic else None


def _stated(control: Mapping[str, str], headers: Mapping[str, str], now: float) -> float | None:
    for name in ("s-maxage", "max-age"):
        if control.get(name, "").isdigit():
            return float(control[name])
    if "expires" in headers:
        moment = parse_http_date(headers["expires"])
        return max(0.0, moment - now) if moment is not None else 0.0
    return None


def _guessed(rule: CacheRule, headers: Mapping[str, str], now: float) -> float | None:
    if rule.heuristic_seconds:
        return float(rule.heuristic_seconds)
    changed = parse_http_date(headers.get("last-modified", ""))
    if changed is None:
        return None
    return min(max(0.0, (now - changed) * HEURISTIC_SHARE), HEURISTIC_MOST) or None


def response_headers(rules: Iterable[HeaderRule], path: str, headers: list[tuple[str, str]]) -> None:
    """Apply the response header rules in their order."""
    for rule in rules:
        if not matches(rule.match, path):
            continue
        if rule.mode in ("set", "del"):
            headers[:] = [pair for pair in headers if pair[0].lower() != rule.name.lower()]
        if rule.mode in ("set", "add"):
            headers.append((rule.name, rule.value))


def browser_cache(domain: EdgeDomain, path: str, headers: list[tuple[str, str]]) -> None:
    """Apply the last matching rule on how long browsers keep an answer (MaxAge)."""
    for rule in reversed(domain.max_age_rules):
        if matches(rule.match, path):
            if rule.seconds is not None:
                headers[:] = [pair for pair in headers if pair[0].lower() not in ("cache-control", "expires")]
                headers.append(("Cache-Control", f"max-age={rule.seconds}"))
            return


def coding(rules: Sequence[CompressionRule], path: str, headers: Headers, size: int, accepted: str) -> str:
    """The content coding to send, ``br`` or ``gzip``, or ``""`` for none.

    The rules list what may be compressed; the smallest form that the client accepts is chosen."""
    given = {name.lower(): value for name, value in headers}
    if given.get("content-encoding", "identity") not in ("", "identity"):
        return ""
    if "no-transform" in directives(given.get("cache-control")):
        return ""
    allowed = {
        algorithm for rule in rules if matches(rule.match, path, given.get("content-type", ""))
        and rule.minimum <= size <= rule.maximum for algorithm in rule.algorithms
    }
    for algorithm, name in (("brotli", "br"), ("gzip", "gzip")):
        if algorithm in allowed and accepts(accepted, name):
            return name
    return ""


def may_compress(rules: Sequence[CompressionRule], path: str, headers: Headers, size: int) -> bool:
    """Whether the answer depends on Accept-Encoding, for any client."""
    return coding(rules, path, headers, size, "br, gzip") != ""


def accepts(header: str, name: str) -> bool:
    """Whether Accept-Encoding takes a content coding (RFC 9110 12.5.3)."""
    weights = {}
    for part in header.lower().split(","):
        coding_name, _, parameters = part.partition(";")
        weight = parameters.strip().removeprefix("q=") if parameters else "1"
        try:
            weights[coding_name.strip()] = float(weight)
        except ValueError:
            weights[coding_name.strip()] = 0.0
    return weights.get(name, weights.get("*", 0.0)) > 0
