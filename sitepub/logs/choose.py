"""Which source has the visits of a project: by what it has, or as the user says."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from sitepub.config.project import Project
from sitepub.errors import SitepubError, UsageError
from sitepub.logs.embedded import Where
from sitepub.logs.source import Source
from sitepub.tencent.cloud import Cloud

if TYPE_CHECKING:
    from sitepub.logs.cls_topic import ClsTopic

TURN_ON = ("without a CDN: in the COS console, bucket → Logging; with hosts on the CDN: CDN console → Real-time"
           " logs, a topic with these hosts (`logs: {topicId: …}` in serverless.yml names it)")


class Kind(StrEnum):
    """The words of ``--source``."""

    LOCAL = "local"
    CLS = "cls"
    CDN = "cdn"
    EDGEONE = "edgeone"
    COS = "cos"


def open_source(project: Project, cloud: Cloud, *, kind: Kind | None = None, where: Where | None = None,
                note: Callable[[str], None] = lambda _text: None) -> Source:
    """The source for a project. ``where`` finds the embedded cloud again after a restart.

    Raises :class:`~sitepub.errors.SitepubError` with code NoLogs when nothing is set up, and
    :class:`~sitepub.errors.UsageError` for a kind that the project cannot have.
    """
    bucket = project.bucket(cloud.app_id)
    if kind is Kind.LOCAL or (kind is None and cloud.embedded is not None):
        return _embedded(cloud, bucket, where)
    if kind is Kind.CLS or (kind is None and project.logs is not None):
        return _topic(project, cloud, note)
    on_cdn = [host.host for host in project.hosts if host.edge == "cdn"]
    on_edgeone = [host.host for host in project.hosts if host.edge == "edgeone"]
    if kind is Kind.EDGEONE and not on_edgeone:
        raise UsageError("--source edgeone: the project has no hosts on EdgeOne", hint="add one to `hosts`")
    if kind is Kind.EDGEONE or (kind is None and on_edgeone and not on_cdn):
        return _edgeone_files(cloud, on_edgeone)
    if kind is None and on_edgeone:
        note(f"visits of {', '.join(on_edgeone)} are not among them: --source edgeone shows those")
    if kind is Kind.CDN or (kind is None and on_cdn):
        if not on_cdn:
            raise UsageError("--source cdn: the project has no hosts on the CDN", hint="add one to `hosts`")
        if kind is None:
            try:
                topic = _topic(project, cloud, note)
            except SitepubError as error:
                if error.code != "NoLogs":
                    raise
                note("no topic with real-time logs of these hosts was found: reading the CDN's log files instead")
            else:
                if not topic.refuses():
                    return topic
                topic.close()
                note("the log service refuses these credentials (cls:SearchLog): reading the CDN's log files instead")
        return _files(cloud, on_cdn)
    return _bucket_logs(cloud, bucket)


def _embedded(cloud: Cloud, bucket: str, where: Where | None) -> Source:
    from sitepub.logs.embedded import EmbeddedFeed

    embedded = cloud.embedded
    if embedded is None:
        raise UsageError("--source local needs --local")
    return EmbeddedFeed(where or (lambda: embedded), bucket)


def _topic(project: Project, cloud: Cloud, note: Callable[[str], None]) -> ClsTopic:
    from sitepub.logs.cdn_topics import find_topics
    from sitepub.logs.cls_topic import ClsTopic
    from sitepub.tencent.cloud_api import CloudApi

    hosts = [host.host for host in project.hosts if host.edge == "cdn"]
    on_edgeone = [host.host for host in project.hosts if host.edge == "edgeone"]
    if project.logs is not None:
        # It may be one that EdgeOne's real-time logs are pushed to; those have other names for the fields.
        return ClsTopic(CloudApi(cloud.credentials, project.logs.region, cloud.embedded), project.logs.id,
                        hosts + on_edgeone, region=project.logs.region, narrow=not on_edgeone)
    api = CloudApi(cloud.credentials, cloud.region, cloud.embedded)
    topics = find_topics(api, hosts) if hosts else ()
    if not topics:
        raise nothing(cloud, "no log topic gets the visits of this project's hosts" if hosts
                      else "the project has no hosts on the CDN and names no log topic")
    topic = topics[0]
    if others := sorted(set(hosts) - set(topic.hosts)):
        note(f"the topic {topic.id} does not have {', '.join(others)}")
    return ClsTopic(CloudApi(cloud.credentials, topic.region, cloud.embedded), topic.id, hosts, region=topic.region)


def _files(cloud: Cloud, hosts: list[str]) -> Source:
    from sitepub.logs.cdn_offline import CdnOfflineLogs
    from sitepub.logs.download import packed_lines
    from sitepub.tencent.cloud_api import CloudApi

    return CdnOfflineLogs(CloudApi(cloud.credentials, cloud.region, cloud.embedded), hosts,
                          partial(packed_lines, direct=cloud.embedded is not None))


def _edgeone_files(cloud: Cloud, hosts: list[str]) -> Source:
    from sitepub.logs.download import packed_lines
    from sitepub.logs.edgeone_offline import EdgeOneLogs
    from sitepub.tencent.cloud_api import CloudApi

    return EdgeOneLogs(CloudApi(cloud.credentials, cloud.region, cloud.embedded), hosts,
                       partial(packed_lines, direct=cloud.embedded is not None))


def _bucket_logs(cloud: Cloud, bucket: str) -> Source:
    from sitepub.logs.cos_logging import CosLogging
    from sitepub.tencent.cos.bucket_settings import BucketSettings
    from sitepub.tencent.cos.object_store import CosObjectStore

    settings = BucketSettings(cloud, bucket)
    try:
        target = settings.get_logging()
    finally:
        settings.close()
    if target is None:
        raise nothing(cloud, f"the bucket {bucket} keeps no access log")
    return CosLogging(CosObjectStore(cloud, target[0], connections=2), target[1], bucket)


def nothing(cloud: Cloud, why: str) -> SitepubError:
    """Nothing is written down, and how to change that."""
    hint = TURN_ON if cloud.embedded is None else "--source local has every visit of the embedded cloud"
    return SitepubError(f"No visits can be shown: {why}.", code="NoLogs", hint=hint)
