"""Which zones of EdgeOne take changes, and what is said about the others."""

from __future__ import annotations

from typing import Any

import pytest

from sitepub.domains.edges.edgeone_zones import zone_obstacle

READY: dict[str, Any] = {"Status": "active", "LockStatus": "enable", "Paused": False, "WorkModeInfos": []}
CONTROLLED = {"ConfigGroupType": "l7_acceleration", "WorkMode": "version_control"}


@pytest.mark.parametrize("change", [
    {}, {"Status": "pending"}, {"WorkModeInfos": None}, {"Status": None, "LockStatus": None},
    {"WorkModeInfos": [{**CONTROLLED, "WorkMode": "immediate_effect"}]},
    {"WorkModeInfos": [{**CONTROLLED, "ConfigGroupType": "edge_functions"}]},
])
def test_a_zone_that_takes_changes(change: dict[str, Any]) -> None:
    assert zone_obstacle({**READY, **change}) is None


@pytest.mark.parametrize(("change", "words"), [
    ({"Paused": True}, "is paused"), ({"Status": "initializing"}, "is being set up"),
    ({"Status": "deactivated"}, "is switched off"), ({"Status": "moved"}, "has lost its name servers"),
    ({"LockStatus": "disable"}, "is locked"), ({"LockStatus": "plan_migrate"}, "is moving to another plan"),
    ({"WorkModeInfos": [CONTROLLED]}, "is under version control"),
])
def test_what_is_in_the_way_is_said_with_what_to_do(change: dict[str, Any], words: str) -> None:
    found = zone_obstacle({**READY, **change})
    assert found is not None and found[0] == words and found[1].endswith(".")
