"""Bucket settings through the official SDK, on the embedded cloud."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate

import pytest

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, RedirectRule
from sitepub.errors import AccessDenied, CloudError, CredentialsError, NetworkError, NotFound, UsageError
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cos import fresh_buckets
from sitepub.tencent.cos.bucket_settings import BucketSettings, BucketStatus, Made, check_bucket_name, free_name
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.tencent.network.retry import Backoff
from tests.conftest import LocalCloud
from tests.tencent.scripted_server import HANG_UP, Raw, Received, ScriptedServer, Step, answer, error, scripted

QUICK = Backoff(attempts=4, base=0.001, cap=0.002)
_numbers = itertools.count(1)


@pytest.fixture
def cloud(local_cloud: LocalCloud) -> Cloud:
    return Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id,
                 local_cloud.region, local_cloud.address)


@pytest.fixture
def bucket(cloud: Cloud) -> Iterator[BucketSettings]:
    settings = BucketSettings(cloud, f"settings-{next(_numbers)}-{cloud.app_id}")
    settings.create()
    yield settings
    settings.delete()
    settings.close()


def test_a_bucket_is_missing_then_ours_then_missing(cloud: Cloud) -> None:
    settings = BucketSettings(cloud, f"coming-going-{cloud.app_id}")
    assert settings.head() is BucketStatus.MISSING
    assert settings.create() is Made.NOW
    assert settings.head() is BucketStatus.OURS
    assert settings.create() is Made.BEFORE
    settings.delete()
    assert settings.head() is BucketStatus.MISSING
    settings.delete()
    settings.close()


def test_a_bucket_with_objects_is_not_deleted(cloud: Cloud, bucket: BucketSettings) -> None:
    store = CosObjectStore(cloud, bucket.bucket)
    store.put("a", b"x", {})
    with pytest.raises(CloudError) as caught:
        bucket.delete()
    assert caught.value.code == "BucketNotEmpty"
    store.delete(["a"])
    store.close()


def test_settings_of_a_missing_bucket_are_an_error_not_nothing(cloud: Cloud) -> None:
    settings = BucketSettings(cloud, f"never-made-{cloud.app_id}")
    for read in (settings.get_website, settings.get_cors, settings.get_tags, settings.get_policy,
                 settings.get_lifecycle, settings.get_acl):
        with pytest.raises(NotFound) as caught:
            read()
        assert caught.value.code == "NoSuchBucket"
    settings.close()


def test_a_new_bucket_has_no_settings(bucket: BucketSettings) -> None:
    assert bucket.get_acl() == "private"
    assert bucket.get_website() is None
    assert bucket.get_policy() is None
    assert bucket.get_cors() == ()
    assert bucket.get_tags() == {}
    assert bucket.get_lifecycle() == ()


@pytest.mark.parametrize("acl", ["public-read", "public-read-write", "private"])
def test_the_acl_is_read_as_it_was_written(bucket: BucketSettings, acl: str) -> None:
    bucket.put_acl(acl)
    assert bucket.get_acl() == acl


def test_a_policy_is_read_as_it_was_written(cloud: Cloud, bucket: BucketSettings) -> None:
    policy = {"version": "2.0", "Statement": [{
        "Effect": "Allow", "Principal": {"qcs": ["qcs::cam::anyone:anyone"]},
        "Action": ["name/cos:GetObject"],
        "Resource": [f"qcs::cos:{cloud.region}:uid/{cloud.app_id}:{bucket.bucket}/*"]}]}
    bucket.put_policy(policy)
    found = bucket.get_policy()
    assert found is not None
    assert found["Statement"][0]["Action"] == ["name/cos:GetObject"]
    bucket.delete_policy()
    assert bucket.get_policy() is None


@pytest.mark.parametrize("rules", [
    (CorsRule(("GET",), ("*",)),),
    (CorsRule(("GET", "HEAD"), ("https://a.example", "https://b.example"), ("x-a", "x-b"), ("ETag",), 600),
     CorsRule(("PUT",), ("https://c.example",), ("*",))),
])
def test_cors_rules_are_read_as_they_were_written(bucket: BucketSettings,
                                                  rules: tuple[CorsRule, ...]) -> None:
    bucket.put_cors(rules)
    assert bucket.get_cors() == rules
    bucket.delete_cors()
    assert bucket.get_cors() == ()


@pytest.mark.parametrize("tags", [{"app": "blog"}, {"app": "blog", "stage": "prod", "中文": "值"}])
def test_tags_are_read_as_they_were_written(bucket: BucketSettings, tags: dict[str, str]) -> None:
    bucket.put_tags(tags)
    assert bucket.get_tags() == tags
    bucket.delete_tags()
    assert bucket.get_tags() == {}


@pytest.mark.parametrize("rules", [
    (LifecycleRule("one", expiration_days=30),),
    (LifecycleRule("one", prefix="logs/", expiration_days=30, abort_multipart_days=3),
     LifecycleRule("two", enabled=False, prefix="old/", transitions=((30, "STANDARD_IA"), (90, "ARCHIVE")))),
])
def test_lifecycle_rules_are_read_as_they_were_written(bucket: BucketSettings,
                                                       rules: tuple[LifecycleRule, ...]) -> None:
    bucket.put_lifecycle(rules)
    assert bucket.get_lifecycle() == rules
    bucket.delete_lifecycle()
    assert bucket.get_lifecycle() == ()


@pytest.mark.parametrize("config", [
    WebsiteConfig("index.html"),
    WebsiteConfig("index.html", "404.html"),
    WebsiteConfig("home.html", "index.html", original_status_enabled=False, redirect_https=True,
                  auto_addressing=True),
    WebsiteConfig("index.html", "404.html",
                  rules=(RedirectRule(http_error_code=404, replace_key_with="404.html"),)),
    WebsiteConfig("index.html", rules=(
        RedirectRule(key_prefix="old/", replace_key_prefix_with="new/"),
        RedirectRule(key_prefix="中 文/", protocol="https", replace_key_with="a&b.html"))),
])
def test_the_website_is_read_as_it_was_written(bucket: BucketSettings, config: WebsiteConfig) -> None:
    bucket.put_website(config)
    assert bucket.get_website() == config


@pytest.mark.parametrize("name", [
    "Upper-1250000000", "-a-1250000000", "a_b-1250000000", "no-app-id", "a.b-1250000000",
    "x" * 55 + "-1250000000", "-1250000000", ""])
def test_an_impossible_name_is_told_before_anything_is_asked(name: str) -> None:
    with pytest.raises(UsageError):
        check_bucket_name(name)


def test_a_name_that_is_free_is_found(cloud: Cloud, bucket: BucketSettings) -> None:
    base = bucket.bucket.removesuffix(f"-{cloud.app_id}")
    assert free_name(cloud, bucket.bucket) == f"{base}-2"
    long = "x" * (60 - len(cloud.app_id) - 1)
    found = free_name(cloud, f"{long}-{cloud.app_id}")
    assert found is not None and len(f"{found}-{cloud.app_id}") <= 60


def test_a_wrong_key_is_told_as_such(local_cloud: LocalCloud, bucket: BucketSettings) -> None:
    cloud = Cloud(Credentials(local_cloud.secret_id, "not the key"), local_cloud.app_id, local_cloud.region,
                  local_cloud.address)
    settings = BucketSettings(cloud, bucket.bucket)
    with pytest.raises(CredentialsError):
        settings.get_website()
    with pytest.raises(AccessDenied):
        settings.head()
    settings.close()


# Faults

@contextmanager
def settings_on(*steps: Step) -> Iterator[tuple[BucketSettings, ScriptedServer]]:
    with scripted(*steps) as server:
        cloud = Cloud(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "1250000000", "ap-guangzhou",
                      Embedded("127.0.0.1", server.port))
        settings = BucketSettings(cloud, "site-1250000000", backoff=QUICK)
        try:
            yield settings, server
        finally:
            settings.close()


WEBSITE = answer(200, b"<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument>"
                      b"</WebsiteConfiguration>")


@pytest.mark.parametrize("fault", [
    HANG_UP, error(503, "SlowDown"), error(500, "InternalError"), error(429, "TooManyRequests"),
    answer(200, b"<WebsiteConf"), Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Web", close=True)])
def test_what_may_pass_is_tried_again(fault: Step) -> None:
    with settings_on(fault, fault, WEBSITE) as (settings, server):
        assert settings.get_website() == WebsiteConfig("i.html")
    assert len(server.received) == 3


def test_a_network_that_stays_down_is_told() -> None:
    with settings_on(HANG_UP) as (settings, server), pytest.raises(NetworkError):
        settings.get_website()
    assert len(server.received) == QUICK.attempts


def test_a_wrong_clock_is_corrected_for_the_sdk_too() -> None:
    server_time = 1_700_007_200

    def skewed(request: Received) -> Raw:
        period = request.headers["authorization"].partition("q-sign-time=")[2].partition("&")[0]
        start, _, end = period.partition(";")
        if int(start) <= server_time <= int(end):
            return WEBSITE
        return error(403, "RequestTimeTooSkewed", Date=formatdate(server_time, usegmt=True))

    with settings_on(skewed) as (settings, server):
        assert settings.get_website() == WebsiteConfig("i.html")
    assert len(server.received) == 2


def test_the_bucket_of_another_account_is_foreign() -> None:
    with scripted(Raw(b"HTTP/1.1 403 Forbidden\r\nx-cos-request-id: id-1\r\nContent-Length: 0\r\n\r\n")) as server:
        cloud = Cloud(Credentials("i", "k"), "1250000000", "ap-guangzhou", Embedded("127.0.0.1", server.port))
        settings = BucketSettings(cloud, "site-1259999999", backoff=QUICK)
        assert settings.head() is BucketStatus.FOREIGN
        settings.close()
        ours = BucketSettings(cloud, "site-1250000000", backoff=QUICK)
        with pytest.raises(AccessDenied, match="cos:HeadBucket"):
            ours.head()
        ours.close()


def test_a_name_that_somebody_else_has_comes_with_one_that_is_free() -> None:
    missing = Raw(b"HTTP/1.1 404 Not Found\r\nx-cos-request-id: id-1\r\nContent-Length: 0\r\n\r\n")
    with (settings_on(error(409, "BucketAlreadyExists"), missing) as (settings, server),
          pytest.raises(CloudError) as caught):
        settings.create()
    assert caught.value.hint is not None and "site-2" in caught.value.hint
    assert server.received[1].headers["host"].startswith("site-2-1250000000.")


@pytest.mark.parametrize(("before", "made"), [
    ([], Made.BEFORE), ([HANG_UP], Made.UNSURE), ([error(503, "SlowDown"), HANG_UP], Made.UNSURE)])
def test_a_bucket_of_this_account_was_there_before_unless_an_answer_was_lost(before: list[Step], made: Made) -> None:
    buckets = answer(200, b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")
    with settings_on(*before, error(409, "BucketAlreadyOwnedByYou"), buckets) as (settings, _):
        assert settings.create() is made
    fresh_buckets.forget("site-1250000000")


def test_the_sdk_prints_no_request_of_ours(capfd: pytest.CaptureFixture[str]) -> None:
    with settings_on(error(403, "AccessDenied")) as (settings, _), pytest.raises(AccessDenied):
        settings.get_website()
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err == ""
