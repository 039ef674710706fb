"""What a deploy says beside its work: the site in other regions, the address, acceleration."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.config.project import Project
from sitepub.errors import Problem
from sitepub.publish.other_regions import live_elsewhere
from sitepub.publish.outcome import Outcome
from sitepub.tencent.cloud import Cloud


def about_other_regions(project: Project, cloud: Cloud) -> Iterator[Problem]:
    """Before a first deploy: the same site in other regions."""
    for region, there in live_elsewhere(project, cloud).items():
        command = (f"sitepub remove{' --local' if cloud.embedded else ''} --stage {project.stage}"
                   f" --inputs region={region}")
        if project.bucket_name:
            command += f" bucketName={there.bucket}"
        hosts = [record.host for record in there.hosts.values()]
        yield Problem(f"this site is also live in {region}, in the bucket {there.bucket}, and stays there",
                      hint=f"if it has moved, take it down there: {command}"
                      + (f" (with its hosts {', '.join(sorted(set(hosts)))}: deploy here once more after it)" if hosts
                         else ""))


def not_accelerated(bucket: str) -> Problem:
    return Problem(f"global acceleration is not in force for {bucket} yet: the files went to the region's own endpoint",
                   hint="it takes a while after it was switched on; later deploys use it by themselves")


def about_the_address_of(cloud: Cloud, bucket: str, outcome: Outcome) -> list[Problem]:
    """A first deploy ends with an address that may not be fit for visitors: say so."""
    preview = outcome.state.preview
    if preview is None and outcome.prepared.found is not None and not outcome.prepared.new_bucket:
        return []
    new_on_the_real_cloud = (preview is not None or outcome.prepared.new_bucket) and cloud.embedded is None
    if not new_on_the_real_cloud:
        from sitepub.tencent.cos.website_probe import forces_download

        if not forces_download(cloud, bucket):
            return []
    return [Problem(
        "browsers download the pages of this address instead of showing them: Tencent Cloud does so for"
        " every default domain of buckets created after 2024-01-01",
        hint=f"`sitepub preview open {preview.name}` shows it on this computer; `preview.host` in serverless.yml gives"
             " previews a host (in mainland China it needs an ICP filing)" if preview is not None else
        "add a domain of your own: `hosts` in serverless.yml (in mainland China it needs an ICP filing)")]
