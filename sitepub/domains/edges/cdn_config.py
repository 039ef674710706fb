"""A host's settings in the words of the CDN API (2018-06-06, data structures 228/30987). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitepub.config.project import Host
from sitepub.domains.edges.client_certificate import encoded

NOT_SETTINGS = frozenset({"refreshCdn", "pushCdn"})
"""Keys of a host that say what to do after a deploy."""
ONLY_WHEN_ADDED = frozenset({"ServiceType", "ProjectId", "Tag"})
"""UpdateDomainConfig has no such parameter, or none that may be changed."""
ONLY_WHEN_THERE = frozenset({
    "AccessControl", "AccessPort", "AdvancedAuthentication", "AutoGuard", "GeoBlocker", "OriginAuthentication",
    "OriginCombine", "ParamFilter", "PostMaxSize", "RemoteAuthentication", "ShareCname", "UrlRedirect",
    "UserAgentFilter", "WebSocket",
})
"""AddCdnDomain does not take these: they are set when the domain is there."""
_READ_ONLY = {
    "Https": ("SslStatus", "Spdy"),
    "Https.CertInfo": ("CertName", "ExpireTime", "DeployTime", "From", "Certificate", "PrivateKey"),
    "Https.ClientCertInfo": ("CertName", "ExpireTime", "DeployTime"),
}
"""What the answers hold beyond what is set. A certificate is referred to by its id: the answer never holds the
private key that a PEM would need."""


def api_names(value: Any) -> Any:
    """camelCase → the API's names, in every depth: ``ruleCache`` → ``RuleCache``, ``kBpsThreshold`` →
    ``KBpsThreshold``; ``remarks`` of a certificate → ``Message``."""
    if isinstance(value, Mapping):
        return {"Message" if key == "remarks" else key[:1].upper() + key[1:]: api_names(child)
                for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [api_names(child) for child in value]
    if isinstance(value, bool) or value is None:
        return value
    # Numbers that remember how they were written, as plain ones.
    return int(value) if isinstance(value, int) else float(value) if isinstance(value, float) else value


def settings_of(host: Host) -> dict[str, Any]:
    """What serverless.yml mentions, without certificates: sub-objects by the API's name, not complete."""
    settings: dict[str, Any] = {}
    for key, value in host.settings.items():
        if key in NOT_SETTINGS:
            continue
        if key == "tags":
            settings["Tag"] = [{"TagKey": tag["key"], "TagValue": tag["value"]} for tag in value]
        else:
            settings[key[:1].upper() + key[1:]] = api_names(value)
    if host.https is not None:
        settings["Https"] = api_names({key: value for key, value in host.https.items() if key != "certInfo"})
    if host.force_redirect is not None:
        settings["ForceRedirect"] = api_names(host.force_redirect)
    if host.area_written:
        settings["Area"] = host.area
    return settings


def as_set(config: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of DescribeDomainsConfig as it would be set: without nulls and without what can only be read."""
    found = {key: _clean(value, key) for key, value in config.items() if value is not None}
    return {key: _https(value) if key == "Https" else value for key, value in found.items() if value is not None}


def _https(https: Any) -> Any:
    """A visitors' authority that the answer does not show is left out: the CDN demands it where one is sent."""
    client = https.get("ClientCertInfo") if isinstance(https, Mapping) else None
    if client is None:
        return https
    others = {key: value for key, value in https.items() if key != "ClientCertInfo"}
    certificate = client.get("Certificate")
    return {**others, "ClientCertInfo": {"Certificate": encoded(certificate)}} if certificate else others


def _clean(value: Any, path: str) -> Any:
    if isinstance(value, Mapping):
        read_only = _READ_ONLY.get(path, ())
        inner = {key: _clean(child, f"{path}.{key}") for key, child in value.items()
                 if child is not None and key not in read_only}
        return {key: child for key, child in inner.items() if child is not None}
    if isinstance(value, list):
        return [_clean(child, f"{path}[]") for child in value]
    return value
