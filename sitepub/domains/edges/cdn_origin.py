"""What leads a CDN domain to its origin, and what an earlier owner may have left there (pure).

A domain that is taken over may have pulled from another place: by other paths, with a folder put before every path,
from a backup, with keys of another cloud's storage. All of it would serve the site from wrong addresses, so the origin
is replaced whole, and what is reset is shown in the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitepub.domains.edges.edge import WantedDomain
from sitepub.domains.steps import Leaf

PRIVATE_ACCESS = ("AwsPrivateAccess", "OssPrivateAccess", "HwPrivateAccess", "QnPrivateAccess",
                  "OthersPrivateAccess")
"""Signatures for origins in other clouds. Their secrets are answered masked, so they are never sent back."""
AREAS = ("Mainland", "Overseas")
CHANGEABLE_BY_AREA = frozenset({"Authentication", "BandwidthAlert", "ErrorPage", "IpFilter", "Origin", "Referer"})
"""What UpdateDomainConfig takes in SpecificConfig (MainlandConfig, OverseaConfig in 228/30987); answers hold more."""
_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "BasePath": ("/",), "BackupOriginType": (), "Sni": ({"Switch": "off"},),
}


def website_origin(wanted: WantedDomain) -> dict[str, Any]:
    """The website endpoint: the plain COS host has no index and error documents (facts of CDN 228/41215)."""
    return {"OriginType": "cos", "Origins": [wanted.origin], "ServerName": wanted.origin,
            "CosPrivateAccess": "off", "OriginPullProtocol": wanted.origin_protocol}


def extras(origin: Any, ours: Mapping[str, Any]) -> dict[str, Any]:
    """Members of an origin beside ours that have an effect."""
    if not isinstance(origin, Mapping):
        return {}
    return {key: value for key, value in origin.items() if key not in ours and _effective(key, value)}


def _effective(key: str, value: Any) -> bool:
    if value in (None, "", [], {}) or value in _DEFAULTS.get(key, ()):
        return False
    if key in ("BackupServerName", "BackupOriginType"):
        return False  # nothing without BackupOrigins
    if isinstance(value, Mapping):
        if "Switch" in value:
            return bool(value["Switch"] == "on")
        return any(_effective("", one) and one != "off" for one in value.values())
    return True


def private_access(actual: Mapping[str, Any]) -> dict[str, Any]:
    """Signatures for another cloud that are on, switched off."""
    return {key: {"Switch": "off"} for key in PRIVATE_ACCESS
            if isinstance(actual.get(key), Mapping) and actual[key].get("Switch") == "on"}


def areas_elsewhere(actual: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[str, ...]:
    """Areas with an origin of their own that is not ours."""
    specific = actual.get("SpecificConfig")
    if not isinstance(specific, Mapping):
        return ()
    found = []
    for area in AREAS:
        own = specific.get(area)
        origin = own.get("Origin") if isinstance(own, Mapping) else None
        if isinstance(origin, Mapping) and origin.get("Origins") and (
                any(origin.get(key) != value for key, value in ours.items()) or extras(origin, ours)):
            found.append(area)
    return tuple(found)


def changeable(specific: Any) -> dict[str, Any]:
    """SpecificConfig as it may be sent: what else an answer holds there cannot be changed, and may be masked."""
    return {area: {key: value for key, value in own.items() if key in CHANGEABLE_BY_AREA}
            for area, own in specific.items() if area in AREAS and isinstance(own, Mapping)}


def reset_leaves(actual: Mapping[str, Any], request: Mapping[str, Any]) -> tuple[Leaf, ...]:
    """What a request takes away from the origins, leaf by leaf."""
    found = []
    if "Origin" in request:
        found += [Leaf(f"Origin.{key}", value, None)
                  for key, value in extras(actual.get("Origin"), request["Origin"]).items()]
    for area in AREAS:
        there = ((actual.get("SpecificConfig") or {}).get(area) or {}).get("Origin")
        ours = ((request.get("SpecificConfig") or {}).get(area) or {}).get("Origin")
        if ours is not None:
            found += [Leaf(f"SpecificConfig.{area}.Origin.{key}", value, None)
                      for key, value in extras(there, ours).items()]
    return tuple(found)
