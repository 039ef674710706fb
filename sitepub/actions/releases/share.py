"""``traffic``: a release for a share of the visitors. No edge that sitepub publishes to can do that yet."""

from __future__ import annotations

from sitepub.config.project import Project
from sitepub.errors import Refused

_EDGES = {"cdn": "the CDN", "edgeone": "EdgeOne", "cos": "the bucket"}


def refuse_share(project: Project) -> None:
    """Raises Refused before anything is built, with what can be done instead. ``traffic: 1`` means all visitors; a
    preview has visitors of its own."""
    share = project.traffic
    if share is None or share == 1 or project.preview is not None:
        return
    edges = ", ".join(dict.fromkeys(_EDGES[host.edge] for host in project.hosts)) or "the bucket"
    raise Refused(
        f"`traffic` is {share:g}, but {edges} {'give' if ',' in edges else 'gives'} all visitors the same files: a"
        " release cannot be live for a share of them", code="CannotSplit",
        hint="leave traffic out. To try a release first: sitepub deploy --preview, or sitepub deploy --stage testing"
             " and then sitepub promote testing; to take one back in a moment: sitepub rollback")
