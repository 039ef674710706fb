"""Nothing that changes something goes out without a look whether this run may still write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sitepub.config.bucket_settings import CorsRule, LifecycleRule, RedirectRule
from sitepub.domains.hosts.open_hosts import service_api
from sitepub.errors import CredentialsError, Refused
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos.bucket_domains import BucketDomains, DomainRule
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.multipart import SINGLE_MAX
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.tencent.fence import Fence
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.retry import Backoff
from tests.conftest import LocalCloud
from tests.tencent.scripted_server import HANG_UP, ScriptedServer, answer, error, scripted

HTML = {"Content-Type": "text/html"}
QUICK = Backoff(attempts=4, base=0.001, cap=0.002)


@dataclass
class Guard:
    """Lets ``writes`` requests pass, and refuses the next one."""

    writes: int = 10**9
    asked: int = 0
    between: tuple[float, float] | None = None

    def check(self) -> None:
        self.asked += 1
        if self.asked > self.writes:
            raise Refused("lost", code="LockLost")

    def window(self) -> tuple[float, float] | None:
        return self.between


@pytest.fixture
def cloud(local_cloud: LocalCloud) -> Cloud:
    return Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                 local_cloud.address)


@pytest.fixture
def store(cloud: Cloud) -> Iterator[CosObjectStore]:
    settings = BucketSettings(cloud, f"fence-{cloud.app_id}")
    settings.create()
    settings.close()
    store = CosObjectStore(cloud, settings.bucket, backoff=QUICK)
    yield store
    store.close()


def server_cloud(server: ScriptedServer) -> Cloud:
    return Cloud(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "1250000000", "ap-guangzhou",
                 Embedded("127.0.0.1", server.port))


OBJECTS: dict[str, Callable[[CosObjectStore, Path], object]] = {
    "put": lambda store, _: store.put("a", b"1", HTML),
    "put if free": lambda store, _: store.put("a", b"1", HTML, forbid_overwrite=True),
    "put a file": lambda store, path: store.put("a", path, HTML),
    "copy": lambda store, _: store.copy("a", "b", HTML),
    "delete": lambda store, _: store.delete(["a"]),
    "delete what XML cannot hold": lambda store, _: store.delete(["a\x01"]),
}


@pytest.mark.parametrize("what", OBJECTS)
def test_no_object_is_changed_without_leave(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1")
    with scripted(answer(200)) as server:
        cloud = server_cloud(server)
        store = CosObjectStore(cloud, "site-1250000000", backoff=QUICK)
        cloud.fence.put_up(Guard(writes=0))
        with pytest.raises(Refused):
            OBJECTS[what](store, path)
        store.close()
        assert not server.received


def test_reading_asks_for_nothing(cloud: Cloud, store: CosObjectStore) -> None:
    store.put("a", b"1", HTML)
    guard = Guard(writes=0)
    cloud.fence.put_up(guard)
    assert store.get("a").data == b"1" and store.head("a") is not None and list(store.list("a"))
    settings = BucketSettings(cloud, store.bucket)
    assert settings.get_acl() and settings.get_website() is None and settings.head()
    settings.close()
    assert guard.asked == 0
    cloud.fence.take_down(guard)
    store.put("a", b"2", HTML)


def test_each_try_is_asked_about() -> None:
    steps = (error(503, "SlowDown"), HANG_UP, answer(200))
    with scripted(*steps) as server:
        cloud = server_cloud(server)
        guard = Guard(writes=2)
        cloud.fence.put_up(guard)
        store = CosObjectStore(cloud, "site-1250000000", backoff=QUICK)
        with pytest.raises(Refused):
            store.put("a", b"1", HTML)
        store.close()
        assert len(server.received) == 2 and guard.asked == 3


@pytest.mark.parametrize("size", [1_000_000, SINGLE_MAX + 1], ids=["at once", "in parts"])
def test_a_large_upload_ends_in_the_middle(cloud: Cloud, store: CosObjectStore, tmp_path: Path, size: int) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * size)
    guard = Guard(writes=3)
    cloud.fence.put_up(guard)
    with pytest.raises(Refused):
        store.put(f"large{size}", path, HTML)
    cloud.fence.take_down(guard)
    assert store.head(f"large{size}") is None


SETTINGS: dict[str, Callable[[BucketDomains], object]] = {
    "create": lambda bucket: bucket.create(),
    "delete": lambda bucket: bucket.delete(),
    "put_acl": lambda bucket: bucket.put_acl("private"),
    "put_policy": lambda bucket: bucket.put_policy({"Statement": []}),
    "delete_policy": lambda bucket: bucket.delete_policy(),
    "put_cors": lambda bucket: bucket.put_cors([CorsRule(("GET",), ("*",))]),
    "delete_cors": lambda bucket: bucket.delete_cors(),
    "put_tags": lambda bucket: bucket.put_tags({"a": "b"}),
    "delete_tags": lambda bucket: bucket.delete_tags(),
    "put_lifecycle": lambda bucket: bucket.put_lifecycle([LifecycleRule("a")]),
    "delete_lifecycle": lambda bucket: bucket.delete_lifecycle(),
    "put_website": lambda bucket: bucket.put_website(WebsiteConfig("i.html")),
    "put_folder_rules": lambda bucket: bucket.put_folder_rules(
        "a/", [RedirectRule(key_prefix="a/b", replace_key_with="a/c")]),
    "switch_acceleration_on": lambda bucket: bucket.switch_acceleration_on(),
    "put_domains": lambda bucket: bucket.put_domains([DomainRule("a.com")]),
    "put_certificate": lambda bucket: bucket.put_certificate("a.com", "chain", "key"),
    "delete_certificate": lambda bucket: bucket.delete_certificate("a.com"),
}
WEBSITE = b"""<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"""


def test_every_setting_is_in_the_list() -> None:
    changing = {name for name in dir(BucketDomains) if name.startswith(("create", "delete", "put", "switch"))}
    assert changing == set(SETTINGS)


@pytest.mark.parametrize("what", SETTINGS)
def test_no_setting_is_changed_without_leave(what: str) -> None:
    """A website is written over what the bucket has, so it is read first."""
    with scripted(answer(200, WEBSITE)) as server:
        cloud = server_cloud(server)
        cloud.fence.put_up(Guard(writes=0))
        bucket = BucketDomains(cloud, "site-1250000000", backoff=QUICK)
        with pytest.raises(Refused):
            SETTINGS[what](bucket)
        bucket.close()
        assert [request.method for request in server.received] == ["GET"] * (
            what in ("put_website", "put_folder_rules"))


@pytest.mark.parametrize("action", [
    "AddCdnDomain", "UpdateDomainConfig", "DeleteRecord", "CreateRecord", "PurgePathCache", "UploadCertificate",
    "ModifyAccelerationDomain", "StartCdnDomain"])
def test_no_host_is_changed_without_leave(action: str) -> None:
    with scripted(answer(200)) as server:
        cloud = server_cloud(server)
        cloud.fence.put_up(Guard(writes=0))
        api = CloudApi(cloud.credentials, cloud.region, cloud.embedded, fence=cloud.fence)
        with pytest.raises(Refused):
            api.call("cdn", "2018-06-06", action, {})
        assert not server.received


def test_the_services_of_hosts_stand_behind_the_fence_of_their_cloud(cloud: Cloud) -> None:
    guard = Guard(writes=0)
    cloud.fence.put_up(guard)
    with pytest.raises(Refused):
        service_api(replace(cloud, accelerate=True)).call("dnspod", "CreateRecord", {})
    assert guard.asked == 1


# -- the cloud refuses what comes too late -----------------------------------------------------------------------


def test_what_arrives_after_the_lease_is_refused_by_the_cloud(cloud: Cloud, store: CosObjectStore) -> None:
    """However it came to be so late: it was signed for the lease."""
    guard = Guard(between=(time.time() - 20, time.time() - 5))
    cloud.fence.put_up(guard)
    settings = BucketSettings(cloud, store.bucket, backoff=QUICK)
    writes: list[Callable[[], object]] = [
        lambda: store.put("late", b"1", HTML), lambda: store.delete(["late"]), lambda: settings.put_acl("public-read")]
    for write in writes:
        with pytest.raises(CredentialsError) as refused:
            write()
        assert refused.value.code == "RequestHasExpired"
    assert store.head("late") is None
    guard.between = (time.time(), time.time() + 30)
    store.put("late", b"1", HTML)
    settings.put_acl("private")
    settings.close()
    cloud.fence.take_down(guard)


def test_a_clock_that_is_wrong_here_changes_nothing_about_that(local_cloud: LocalCloud, store: CosObjectStore) -> None:
    """The times come from the cloud."""
    cloud = Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                  local_cloud.address)
    cloud.fence.put_up(Guard(between=(time.time(), time.time() + 30)))
    wrong = CosObjectStore(cloud, store.bucket, backoff=QUICK, clock=Clock(lambda: time.time() - 10_000))
    wrong.put("wrong", b"1", HTML)
    wrong.close()


def test_the_narrowest_of_several_windows_counts_and_one_thread_can_be_let_through() -> None:
    fence = Fence()
    first, second = Guard(between=(1.0, 9.0)), Guard(writes=0, between=(1.0, 5.0))
    fence.put_up(first)
    fence.check()
    fence.put_up(second)
    assert fence.window() == (1.0, 5.0)
    with pytest.raises(Refused):
        fence.check()
    with fence.lifted():
        fence.check()
        with fence.lifted():
            fence.check()
        fence.check()
    with pytest.raises(Refused):
        fence.check()
    fence.take_down(second)
    fence.check()
    assert fence.window() == (1.0, 9.0)




def test_a_request_that_was_signed_before_the_computer_slept_ends_as_the_lock_says(cloud: Cloud, store: CosObjectStore
                                                                                   ) -> None:
    """Signed for a lease that is over when it arrives: the reason is the lock and no clock."""
    class Slept(Guard):
        def check(self) -> None:
            super().check()
            if self.asked == 2 and lost:
                raise Refused("the lock of this site was lost", code="LockLost")
            if self.asked == 2:
                self.between = (time.time(), time.time() + 30)

    for lost in (True, False):
        guard = Slept(between=(time.time() - 20, time.time() - 5))
        cloud.fence.put_up(guard)
        if lost:
            with pytest.raises(Refused) as refused:
                store.put("slept", b"1", HTML)
            assert refused.value.code == "LockLost" and store.head("slept") is None
        else:
            store.put("slept", b"1", HTML)
            assert store.head("slept") is not None
        cloud.fence.take_down(guard)
