"""An embedded cloud that ended is told at once; a real cloud that cannot be reached is tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sitepub.errors import NetworkError
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.network.connection import Route
from sitepub.tencent.network.retry import Backoff

BUCKET = "site-1250000000"
PAIR = Credentials("AKIDEXAMPLE", "SECRETEXAMPLE")
QUICK = Backoff(attempts=3, base=0.001, cap=0.002)


@pytest.fixture
def port(closed_port: int) -> int:
    return closed_port


def never(*_: object) -> None:
    raise AssertionError("it was tried again")


@pytest.mark.parametrize("ask", [
    lambda cloud: CosObjectStore(cloud, BUCKET).put("a", b"1", {}, retry=never),
    lambda cloud: BucketSettings(cloud, BUCKET, sleep=never).head(),
    lambda cloud: CloudApi(cloud.credentials, cloud.region, cloud.embedded, sleep=never).call(
        "sts", "2018-08-13", "GetCallerIdentity", {}),
], ids=["objects", "settings", "cloud API"])
def test_an_embedded_cloud_that_is_gone_is_told_and_not_asked_again(ask: Callable[[Cloud], object], port: int) -> None:
    with pytest.raises(NetworkError) as error:
        ask(Cloud(PAIR, "1250000000", "ap-guangzhou", Embedded("127.0.0.1", port)))
    assert error.value.code == "LocalCloudGone" and "Run the same command again" in (error.value.hint or "")


def test_a_real_cloud_that_refuses_connections_is_tried_again(port: int) -> None:
    cloud, waits = Cloud(PAIR, "1250000000", "ap-guangzhou"), list[float]()
    store = CosObjectStore(cloud, BUCKET, backoff=QUICK, route=Route("site.example", "127.0.0.1", port))
    with pytest.raises(NetworkError) as error:
        store.put("a", b"1", {}, retry=lambda _error, wait: waits.append(wait))
    assert error.value.code != "LocalCloudGone" and len(waits) == QUICK.attempts - 1
