"""docs/permissions.md names every action that the program asks of the services, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

REPO = Path(__file__).parent.parent.parent
PAGE = (REPO / "docs/permissions.md").read_text(encoding="utf-8")
SERVICES = ("cdn", "teo", "ssl", "dnspod", "cls")
OWN = {"dnspod.py": "dnspod", "edgeone.py": "teo", "router.py": "teo"}
"""Files that speak to one service through a method of their own."""
_ACTION = r"\"([A-Z][a-z]+[A-Z]\w+)\""


def called(service: str) -> set[str]:
    """Actions that the rooms of domains and logs name for a service."""
    found: set[str] = set()
    for path in [*(REPO / "sitepub/domains").rglob("*.py"), *(REPO / "sitepub/logs").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(rf"\"{service}\",\s*(?:\"[\d-]{{10}}\",\s*)?{_ACTION}", text))
        if OWN.get(path.name) == service:
            found |= set(re.findall(rf"\._(?:call|task)\(\s*{_ACTION}", text))
    return found


def asked_of_buckets() -> set[str]:
    """Actions on buckets and objects that the code names: in requests of our own, and in calls of the SDK."""
    found: set[str] = set()
    for room in ("tencent", "logs"):
        for path in (REPO / "sitepub" / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"\bcos:([A-Z]\w+)", text))
            found |= set(re.findall(r"(?:_|_sdk\.|client\.)(?:call|get)\(\s*\"([A-Z]\w+)\"", text))
    return found


def test_every_action_on_buckets_and_objects_is_in_the_policies_and_no_other() -> None:
    assert set(re.findall(r"name/cos:([A-Z]\w+)", PAGE)) == asked_of_buckets()


def test_every_action_that_is_asked_for_is_in_the_policies_and_no_other() -> None:
    for service in SERVICES:
        documented = set(re.findall(rf"{service}:([A-Z]\w+)", PAGE))
        assert called(service), f"no call of {service} was found"
        assert documented == called(service), service


def test_the_policies_are_json_that_cam_takes() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 7
    for block in blocks:
        policy = json.loads(block)
        assert policy["version"] == "2.0"
        for statement in policy["statement"]:
            assert statement["effect"] == "allow" and statement["action"] and statement["resource"]
