"""States of an EdgeOne zone in which its hosts cannot be set up, in words (DescribeZones, 1552/80713)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STATUS = {
    "initializing": ("is being set up", "Choose a plan for it in the console (EdgeOne), then deploy again."),
    "deactivated": ("is switched off", "Tencent Cloud has switched it off; the console (EdgeOne) says why."),
    "moved": ("has lost its name servers", "Set the name servers that the console shows (EdgeOne) at the registrar."),
}
_LOCKS = {
    "disable": ("is locked", "Tencent Cloud has locked it for changes; the console (EdgeOne) says why."),
    "plan_migrate": ("is moving to another plan", "Deploy again when the move is done."),
}


def zone_obstacle(zone: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is in the way, and what to do; None for a zone that takes changes. A pending zone takes them, and each of
    its hosts is proved by itself."""
    if zone.get("Paused"):
        return "is paused", "Switch it on in the console (EdgeOne)."
    found = _STATUS.get(str(zone.get("Status"))) or _LOCKS.get(str(zone.get("LockStatus")))
    if found is not None:
        return found
    for mode in zone.get("WorkModeInfos") or ():
        if mode.get("ConfigGroupType") == "l7_acceleration" and mode.get("WorkMode") == "version_control":
            return ("is under version control",
                    "Its rules change only with a version that is released in the console (EdgeOne). Switch version "
                    "management off there, or use another zone.")
    return None
