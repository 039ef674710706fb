"""The website settings of a bucket as COS keeps them (COS API 436/31930)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sitepub.config.bucket_settings import RedirectRule

_KNOWN = ("IndexDocument", "RedirectAllRequestsTo", "AutoAddressing", "ErrorDocument", "RoutingRules")
"""In the order of the documentation."""
OWN_FOLDER = ".sitepub/"
"""Of every bucket: what lies in it is sitepub's, and no file of a site."""


@dataclass(frozen=True, slots=True)
class WebsiteConfig:
    index: str
    error: str | None = None
    """Key of the error document."""
    original_status_enabled: bool = True
    """The error document is served with the error's own status (else with 200)."""
    redirect_https: bool = False
    """Everything that comes over http is redirected to https."""
    auto_addressing: bool = False
    """``/page`` serves ``page.html``."""
    rules: tuple[RedirectRule, ...] = ()


def to_document(config: WebsiteConfig) -> dict[str, Any]:
    """As the SDK wants it: nested dictionaries in the element order of the documentation."""
    document: dict[str, Any] = {"IndexDocument": {"Suffix": config.index}}
    if config.redirect_https:
        document["RedirectAllRequestsTo"] = {"Protocol": "https"}
    document["AutoAddressing"] = {"Status": _switch(config.auto_addressing)}
    if config.error is not None:
        document["ErrorDocument"] = {"Key": config.error,
                                     "OriginalHttpStatus": _switch(config.original_status_enabled)}
    if config.rules:
        document["RoutingRules"] = [_rule_document(rule) for rule in config.rules]
    return document


def from_document(document: Mapping[str, Any]) -> WebsiteConfig:
    """From what the SDK makes of the answer. An element without text is ``None`` there."""
    index = document.get("IndexDocument") or {}
    error = document.get("ErrorDocument") or {}
    redirect = document.get("RedirectAllRequestsTo") or {}
    addressing = document.get("AutoAddressing") or {}
    return WebsiteConfig(
        index=index.get("Suffix") or "",
        error=error.get("Key") or None,
        original_status_enabled=(error.get("OriginalHttpStatus") or "Enabled") == "Enabled",
        redirect_https=(redirect.get("Protocol") or "") == "https",
        auto_addressing=(addressing.get("Status") or "Disabled") == "Enabled",
        rules=tuple(_rule(rule) for rule in document.get("RoutingRules") or ()),
    )


def over_document(document: dict[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """The document to write over the one that is ``there``: what sitepub does not know stays (Charity404, URLRedirect
    of a rule that does not change, a redirect of all requests to http)."""
    merged = {**{name: value for name, value in there.items() if name not in _KNOWN}, **document}
    redirect = there.get("RedirectAllRequestsTo") or {}
    if "RedirectAllRequestsTo" not in merged and redirect.get("Protocol") not in (None, "https"):
        merged["RedirectAllRequestsTo"] = dict(redirect)
    error, before = document.get("ErrorDocument"), there.get("ErrorDocument") or {}
    if error is not None and before.get("Key") == error["Key"]:
        merged["ErrorDocument"] = {**before, **error}
    old_rules = list(there.get("RoutingRules") or ())
    of_folders = [dict(old) for old in old_rules if _is_below(_rule(old), OWN_FOLDER)]
    if "RoutingRules" in document or of_folders:
        merged["RoutingRules"] = [*of_folders, *(
            next((dict(old) for old in old_rules if _rule_document(_rule(old)) == new), new)
            for new in document.get("RoutingRules", ()))]
    return {name: merged[name] for name in (*_KNOWN, *merged) if name in merged}


def without_folders(config: WebsiteConfig) -> WebsiteConfig:
    """The settings of the site itself, without the redirect rules of its slots."""
    rules = tuple(rule for rule in config.rules if not _is_below(rule, OWN_FOLDER))
    return config if len(rules) == len(config.rules) else replace(config, rules=rules)


def with_folder_rules(there: Mapping[str, Any], folder: str, rules: Sequence[RedirectRule]) -> dict[str, Any] | None:
    """The document that is ``there`` with these rules for keys in a folder; ``None``: it has just those already, or is
    none of a website."""
    old = list(there.get("RoutingRules") or ())
    own = [one for one in old if _is_below(_rule(one), folder)]
    if not (there.get("IndexDocument") or {}).get("Suffix") or tuple(map(_rule, own)) == tuple(rules):
        return None
    rest = [dict(one) for one in old if one not in own]
    merged = {**there, "RoutingRules": [*map(_rule_document, rules), *rest]}
    if not merged["RoutingRules"]:
        del merged["RoutingRules"]
    return {name: merged[name] for name in (*_KNOWN, *merged) if name in merged}


def _is_below(rule: RedirectRule, folder: str) -> bool:
    return rule.key_prefix is not None and rule.key_prefix.startswith(folder)


def _switch(on: bool) -> str:
    return "Enabled" if on else "Disabled"


def _rule_document(rule: RedirectRule) -> dict[str, Any]:
    condition: dict[str, str] = {}
    if rule.http_error_code is not None:
        condition["HttpErrorCodeReturnedEquals"] = str(rule.http_error_code)
    if rule.key_prefix is not None:
        condition["KeyPrefixEquals"] = rule.key_prefix
    redirect: dict[str, str] = {}
    if rule.protocol is not None:
        redirect["Protocol"] = rule.protocol
    if rule.replace_key_with is not None:
        redirect["ReplaceKeyWith"] = rule.replace_key_with
    if rule.replace_key_prefix_with is not None:
        redirect["ReplaceKeyPrefixWith"] = rule.replace_key_prefix_with
    return {"Condition": condition, "Redirect": redirect}


def _rule(document: Mapping[str, Any]) -> RedirectRule:
    condition = document.get("Condition") or {}
    redirect = document.get("Redirect") or {}
    code = condition.get("HttpErrorCodeReturnedEquals")
    protocol = redirect.get("Protocol")
    return RedirectRule(
        http_error_code=int(code) if code and str(code).isdigit() else None,
        key_prefix=_present(condition, "KeyPrefixEquals"),
        protocol=protocol if protocol in ("http", "https") else None,
        replace_key_with=_present(redirect, "ReplaceKeyWith"),
        replace_key_prefix_with=_present(redirect, "ReplaceKeyPrefixWith"),
    )


def _present(document: Mapping[str, Any], name: str) -> str | None:
    return (document[name] or "") if name in document else None
