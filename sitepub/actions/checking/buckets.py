"""What ``doctor`` says of the two buckets of a site: settings, made by others, that break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sitepub.actions.info import settings_drift
from sitepub.config.project import Project
from sitepub.config.site_rules import SiteRules
from sitepub.errors import AccessDenied, SitepubError
from sitepub.publish.states.remote import Remote, open_remote
from sitepub.publish.states.state import State
from sitepub.settings import bucket_dangers
from sitepub.settings.bucket import Bucket
from sitepub.settings.bucket_dangers import Danger
from sitepub.settings.difference import website_changes
from sitepub.settings.lifecycle_danger import dangers
from sitepub.settings.wanted import wanted_settings
from sitepub.site.address_rules.effective import with_rules
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.bucket_settings import BucketStatus
from sitepub.tencent.cos.foreign_settings import ForeignSettings, read_foreign_settings
from sitepub.tencent.cos.website_config import without_folders


@dataclass(frozen=True, slots=True)
class BucketReport:
    bucket: str
    dangers: tuple[Danger, ...]
    unreadable: tuple[str, ...]
    """Settings that this key may not read."""


def examine_buckets(project: Project, cloud: Cloud) -> Iterator[tuple[str, BucketReport]]:
    """What it is, and what was found. The website's bucket is there. Raises what the cloud answers."""
    with open_remote(project, cloud, connections=2) as remote:
        there = remote.state_settings.head() is BucketStatus.OURS
        state = remote.states.load() if there else None
        yield "bucket settings", _website(cloud, remote, state)
        if there:
            yield "state bucket", _state(cloud, remote)


def _website(cloud: Cloud, remote: Remote, state: State | None) -> BucketReport:
    settings, project = remote.settings, remote.project
    foreign = read_foreign_settings(cloud, remote.bucket)
    missing: list[str] = []
    found: list[Danger] = []
    keys = list(state.owned) if state is not None and state.bucket == remote.bucket else []
    try:
        rules = settings.get_lifecycle()
    except AccessDenied:
        missing.append("lifecycle rules")
    else:
        named = keys or [project.key_prefix + project.website.index]
        found += [Danger(problem.message, problem.hint or "") for problem in dangers(rules, named, written=False)]
    found += bucket_dangers.of_any_bucket(foreign, _policy(settings, missing), remote.bucket)
    found += bucket_dangers.of_website(foreign)
    if state is not None and state.bucket == remote.bucket and not remote.folder:
        drift = settings_drift(project, remote, state)
        found += [Danger(f"differs from serverless.yml: {words}", "`sitepub deploy --verify` sets it", breaks=False)
                  for words in drift]
        found += [Danger(f"another program's setting, a deploy would make a new bucket with {words}",
                         "deploys leave it, because serverless.yml does not mention it; name it there to have it set",
                         breaks=False)
                  for words in _unmentioned(remote, state) if not any(words in one for one in drift)]
    return _report(remote.bucket, found, foreign, missing)


def _unmentioned(remote: Remote, state: State) -> Iterator[str]:
    there = remote.settings.get_website()
    if there is None or state.slots is not None:
        return
    wanted = wanted_settings(with_rules(remote.project, state.rules or SiteRules()), remote.bucket, state.manifest)
    yield from website_changes(without_folders(there), wanted.bucket_website)


def _state(cloud: Cloud, remote: Remote) -> BucketReport:
    settings, bucket = remote.state_settings, remote.states.store.bucket
    foreign = read_foreign_settings(cloud, bucket)
    missing: list[str] = []
    policy = _policy(settings, missing)
    try:
        rules = settings.get_lifecycle()
    except AccessDenied:
        rules = ()
        missing.append("lifecycle rules")
    try:
        public = settings.get_acl() in ("public-read", "public-read-write") or settings.everybody_reads()
    except AccessDenied:
        public = False
        missing.append("ACL")
    found = [*bucket_dangers.of_any_bucket(foreign, policy, bucket),
             *bucket_dangers.of_state(foreign, rules, policy, remote.states.prefix, bucket=bucket, public=public)]
    return _report(bucket, found, foreign, missing)


def _policy(settings: Bucket, missing: list[str]) -> dict[str, object] | None:
    try:
        found = settings.get_policy()
    except AccessDenied:
        missing.append("policy")
        return None
    except (SitepubError, ValueError):
        return None
    return dict(found) if found is not None else None


def _report(bucket: str, found: list[Danger], foreign: ForeignSettings, missing: list[str]) -> BucketReport:
    return BucketReport(bucket, tuple(found), (*foreign.unreadable, *missing))
