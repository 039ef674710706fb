"""What is done to stages and previews in a history, and what goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sitepub.config.project import Project
from sitepub.errors import CloudError
from sitepub.site.snapshot import Snapshot
from sitepub.tencent.cos.website_config import WebsiteConfig
from tests.publish.memory_cloud import APP_ID

FOREIGN = {"X-Owner": "another program"}
Name = Literal["prod", "testing", "preview"]
Stage = Literal["prod", "testing"]
What = Literal["deploy", "dev", "rollback", "mark", "unmark", "promote", "show", "publish preview", "take down", "time",
               "others"]
Kind = Literal["none", "kill", "killed elsewhere", "failure", "failures", "meets", "sleeps", "late"]
Live = dict[str, tuple[bytes, Mapping[str, str]]]


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in an act, at its write number ``at``."""

    kind: Kind = "none"
    """kill: the process is no more. failure: one write fails, or from then on every one. meets: another computer does
    something at that moment. sleeps: the same, when the lease has run out meanwhile. late: another computer does
    something between the plan and its first write."""
    at: int = 0
    after: bool = False


@dataclass(frozen=True)
class Act:
    what: What
    where: Stage = "prod"
    site: Snapshot = field(default_factory=lambda: Snapshot({}))
    number: int = 0
    trouble: Trouble = Trouble()
    other: Act | None = None
    """What another computer does in between."""


class Place:
    """A stage or a preview: what the model knows of it."""

    def __init__(self, name: Name, of: Project) -> None:
        self.name = name
        self.project = of
        self.shown: Snapshot | None = None
        """What is live; ``None``: nothing, or an act has not ended and it is not known."""
        self.own: Snapshot | None = None
        """Of a preview: the site as it was deployed."""
        self.unsettled = False
        """An act has not come to its end."""
        self.given_up: set[str] = set()
        """Releases of a site that was being removed."""
        self.released: dict[str, tuple[Snapshot, WebsiteConfig]] = {}
        self.named: dict[str, float] | None = {}
        """Assets that a live page has named, and when it did so last; ``None``: sitepub dev is at it, which deletes at
        once."""

    @property
    def bucket(self) -> str:
        return self.project.bucket(APP_ID)


class NothingToDo(Exception):
    """The model says that this act cannot be."""


def failing(at: int, *, forever: bool) -> Callable[[str, str], Exception | None]:
    count = 0

    def fail(_what: str, key: str) -> Exception | None:
        nonlocal count
        count += 1
        if count == at + 1 or (forever and count > at and not key.endswith("/lock")):
            return CloudError("We encountered an internal error", code="InternalError", status=500)
        return None

    return fail
