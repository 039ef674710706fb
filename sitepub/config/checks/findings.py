"""What the checks of a project's tree report to."""

from __future__ import annotations

from typing import Protocol

from sitepub.config.document import Node


class Findings(Protocol):
    """Collects what is wrong and what is odd."""

    def wrong(self, node: Node, message: str, hint: str | None = None, *, key: bool = False) -> None: ...

    def odd(self, node: Node, message: str, hint: str | None = None, *, key: bool = False) -> None: ...
