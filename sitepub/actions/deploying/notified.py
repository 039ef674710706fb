"""After a deploy: search engines get the pages that visitors see changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitepub.actions.deploying.values import Warnings
from sitepub.config.project import Project
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.actions.hosts import HostsDone
    from sitepub.notify.services import Notified
    from sitepub.publish.outcome import Outcome


def notified_of(project: Project, cloud: Cloud, outcome: Outcome, hosts: HostsDone | None, warnings: Warnings
                ) -> tuple[Notified, ...]:
    """Of the hosts that are online and whose caches were purged; never of a preview. What a service refuses is a
    warning."""
    if project.notify is None or project.preview is not None or hosts is None:
        return ()
    from sitepub.notify.notifying import notify, warnings_of

    live = {one.host for one in hosts.outcomes if one.status in ("online", "unchanged")}
    found = notify(project, outcome.prepared.plan, live - {one.host for one in hosts.purged if one.failed},
                   embedded=cloud.embedded is not None)
    warnings.add(*warnings_of(found))
    return tuple(found)
