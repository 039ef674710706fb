"""What serverless.yml says of the site's previews, and what makes a project one of them. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sitepub.config.project import Host

PREVIEWS = "previews/"
"""Below the state of a site: the states of its previews."""
PREVIEWS_FOLDER = ".sitepub/previews/"
"""Of a bucket: the previews that lie in the bucket of their site, one folder each."""
PREVIEW_NAME = "${preview}"
"""Stands for the name of a preview in the host of previews."""
LONGEST_NAME = 30
"""Characters of the name of a preview."""


@dataclass(frozen=True, slots=True)
class Previews:
    """``preview``: what the previews of the site are like."""

    expires: int = 7 * 86400
    """Seconds after its last deploy."""
    host: Host | None = None
    """With :data:`PREVIEW_NAME` in its name; ``None``: previews have no host."""
    said: bool = False
    """The file has the key: CI makes a preview of each request."""
    routed: bool = False
    """Each lies in a folder of the site's bucket, and the edge leads its host there; else in a bucket of its own."""

    @property
    def wildcard(self) -> Host | None:
        """The domain that the hosts of all previews lie below; ``None``: each preview needs a domain of its own."""
        host = self.host
        if host is None or not self.routed or not host.host.startswith(f"{PREVIEW_NAME}."):
            return None
        return replace(host, host=host.host.replace(PREVIEW_NAME, "*"))


@dataclass(frozen=True, slots=True)
class PreviewOf:
    """Makes a project one of its own previews."""

    name: str
    """Small letters, digits and inner hyphens."""
    expires: int
    """Seconds after its last deploy."""
    branch: str | None = None
    """The git branch that it shows."""
    by_branch: bool = False
    """It has its name from the branch."""
    shared: bool = False
    """Others know the branch: a remote has it, or a CI system builds it."""
