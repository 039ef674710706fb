"""The rule in an EdgeOne zone that does what `_headers` and `_redirects` say for one host (conditions: 1552/90438).

It is one rule for each host, with a sub-rule for each address, and all of it is sitepub's: by its name it is known, and
it is written and deleted as a whole. What others want of the host they put into rules of their own. Of sub-rules that
match, the lowest counts, so among redirects the first of the file stands last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from sitepub.config.site_rules import EdgeHeader, EdgeRedirect, HostRules
from sitepub.domains.edges.cdn_merge import same
from sitepub.site.address_rules.edge_paths import edgeone_regex, numbered, raw

_MOST_HEADERS = 30
"""In one action (1145/46185)."""


def site_rule_name(host: str) -> str:
    return f"sitepub {host} _headers and _redirects"


def site_rule(host: str, rules: HostRules | None) -> dict[str, Any] | None:
    """The rule as it should be; ``None``: there should be none."""
    if not rules:
        return None
    below = [*_of_headers(rules.headers), *(_of_redirect(one) for one in reversed(rules.redirects))]
    return {"Status": "enable", "RuleName": site_rule_name(host),
            "Description": ["From _headers and _redirects of the site. Made by sitepub."],
            "Branches": [{"Condition": f"${{http.request.host}} in ['{host}']",
                          "SubRules": [{"Branches": [one]} for one in below]}]}


def is_as_wanted(there: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    """Whether the rule that is there does this, whatever numbers and empty members the answer has beside it."""
    if there is None or wanted is None:
        return there is wanted
    return same({**there, "Status": there.get("Status") or "enable"}, wanted)


def lines_of(rules: HostRules | None) -> list[str]:
    """For people."""
    if not rules:
        return []
    return [*(f"{one.path}: {one.action} {one.name}" + (f": {one.value}" if one.value else "")
              for one in rules.headers), *(f"{one.path}: {one.status} {one.to}" for one in rules.redirects)]


def _of_headers(headers: tuple[EdgeHeader, ...]) -> Iterator[dict[str, Any]]:
    for path, group in groupby(headers, key=lambda one: one.path):
        ours = list(group)
        for start in range(0, len(ours), _MOST_HEADERS):
            actions = [{"Action": one.action, "Name": one.name, **({"Value": one.value} if one.action != "del" else {})}
                       for one in ours[start:start + _MOST_HEADERS]]
            yield {"Condition": _condition(path), "Actions": [
                {"Name": "ModifyResponseHeader", "ModifyResponseHeaderParameters": {"HeaderActions": actions}}]}


def _of_redirect(one: EdgeRedirect) -> dict[str, Any]:
    scheme, host, path = "follow", "", one.to
    if not one.to.startswith("/"):
        scheme, _, rest = one.to.partition("://")
        host, slash, path = rest.partition("/")
        path = slash + path or "/"
    target = numbered(one.path, path)
    url_path = ({"Action": "regex", "Regex": edgeone_regex(one.path), "Value": target} if "$" in target else
                {"Action": "custom", "Value": target})
    return {"Condition": _condition(one.path), "Actions": [{
        "Name": "AccessURLRedirect", "AccessURLRedirectParameters": {
            "StatusCode": one.status, "Protocol": scheme.lower(),
            "HostName": {"Action": "custom", "Value": host.lower()} if host else {"Action": "follow"},
            "URLPath": url_path, "QueryString": {"Action": "full"}}}]}


def _condition(path: str) -> str:
    if "*" in path or "/:" in path:
        return f"${{http.request.uri.path}} matches '{edgeone_regex(path)}'"
    return f"${{http.request.uri.path}} in ['{raw(path).replace(chr(39), '%27')}']"
