"""Global acceleration of a bucket: read and switched on (COS API 436/38868 and 436/38869).

The official SDK for Python has no call for it, so it goes over our own wire, to the region's endpoint: the document
cannot be put through the endpoint that it opens.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace

from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.integrity import content_md5, md5_of
from sitepub.tencent.cos.request import Request
from sitepub.tencent.cos.verdict import BadAnswer
from sitepub.tencent.cos.wire import Wire
from sitepub.tencent.cos.xml import flat, local_name, parsed
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.http_answer import Answer
from sitepub.tencent.network.retry import Backoff

_ON = b"<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>"


def is_on(cloud: Cloud, bucket: str, *, backoff: Backoff | None = None, clock: Clock | None = None) -> bool:
    """Whether acceleration is on; it was never touched in most buckets, and then the document is empty."""
    found: list[bool] = []

    def check(answer: Answer) -> None:
        try:
            root = parsed(answer.body)
        except ET.ParseError as error:
            raise BadAnswer("The cloud's answer about acceleration is not whole.") from error
        if local_name(root.tag) != "AccelerateConfiguration":
            raise BadAnswer("The cloud answered about acceleration with something else.")
        found.append(flat(root).get("Status") == "Enabled")

    with closing(_wire(cloud, bucket, backoff, clock)) as wire:
        wire.send(Request("GET", "cos:GetBucketAccelerate", params={"accelerate": ""}), check=check)
    return found[-1]


def switch_on(cloud: Cloud, bucket: str, *, backoff: Backoff | None = None, clock: Clock | None = None) -> None:
    headers = {"Content-Type": "application/xml", "Content-MD5": content_md5(md5_of(_ON))}
    with closing(_wire(cloud, bucket, backoff, clock)) as wire:
        wire.send(Request("PUT", "cos:PutBucketAccelerate", "", {"accelerate": ""}, headers, _ON))


def _wire(cloud: Cloud, bucket: str, backoff: Backoff | None, clock: Clock | None) -> Wire:
    return Wire(replace(cloud, accelerate=False), bucket, keep=1, backoff=backoff, clock=clock)
