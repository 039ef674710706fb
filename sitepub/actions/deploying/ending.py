"""What a deploy says at its end: where the site is, and what was left undone."""

from __future__ import annotations

from sitepub.actions.deploying.values import Deployed
from sitepub.errors import Interrupted, PartlyDone, SitepubError
from sitepub.publish.outcome import Outcome, Status
from sitepub.publish.states.remote import Remote
from sitepub.tencent.cloud import Cloud

_FAILURES_SHOWN = 10


def address_of(cloud: Cloud, remote: Remote) -> str:
    """Of the bucket; that of a preview is its host, if it has one."""
    project = remote.project
    if project.preview is not None and project.hosts:
        host = project.hosts[0]
        return cloud.host_url(host.host, https=host.https is not None and host.https.get("switch") != "off")
    return cloud.website_url(remote.bucket, project.protocol, project.key_prefix)


def raise_if_incomplete(outcome: Outcome, done: Deployed) -> None:
    counts = outcome.counts
    if outcome.status is Status.PARTIAL:
        shown = [f"  {failure}" for failure in outcome.failures[:_FAILURES_SHOWN]]
        more = len(outcome.failures) - len(shown)
        if more > 0:
            shown.append(f"  … and {more} more")
        raise PartlyDone(
            f"{len(outcome.failures)} of {len(outcome.prepared.plan.steps)} steps failed:\n"
            + "\n".join(shown),
            hint=f"{counts.changed} were done and recorded, and nothing is deleted after a failure: "
                 "run the same command again to do the rest",
            request_id=next((failure.error.request_id for failure in outcome.failures
                             if isinstance(failure.error, SitepubError)), None), done=done)
    if outcome.status is Status.INTERRUPTED:
        raise Interrupted(
            f"Interrupted: {counts.changed} of {len(outcome.prepared.plan.steps)} steps were done and written"
            " down.", hint="run the same command again to do the rest")
