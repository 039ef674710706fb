"""Every call of both APIs, answered by somebody else in the service's place: once, and for ever."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sitepub.config.bucket_settings import CorsRule, LifecycleRule
from sitepub.errors import CloudError, CredentialsError, NetworkError, NotFound, SitepubError, Unanswered
from sitepub.tencent.account import role_credentials
from sitepub.tencent.account.role_credentials import from_machine, from_pod
from sitepub.tencent.cloud import Cloud, Credentials, Embedded
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos import multipart, object_store, wire
from sitepub.tencent.cos.bucket_domains import BucketDomains
from sitepub.tencent.cos.bucket_settings import BucketSettings, BucketStatus, Made, regions_of_buckets
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.cos.store import DeleteFailure
from sitepub.tencent.cos.website_config import WebsiteConfig
from sitepub.tencent.network.retry import Backoff
from tests.conftest import LocalCloud
from tests.tencent.intercepting import ANSWERS, Intercepting, for_ever, intercepting, once
from tests.tencent.scripted_server import Raw, foreign, scripted

QUICK = Backoff(attempts=4, base=0.001, cap=0.002)
_numbers = itertools.count(1)
COS_ANSWERS = [name for name in ANSWERS if "JSON" not in name and "Respon" not in name and "Error w" not in name]
API_ANSWERS = [name for name in ANSWERS if "own 3" not in name]


class Place:
    """A bucket with every setting made and one object in it, reached through the proxy."""

    def __init__(self, local: LocalCloud, proxy: Intercepting) -> None:
        keys = Credentials(local.secret_id, local.secret_key)
        self.name = f"foreign-{next(_numbers)}-{local.app_id}"
        self.direct_cloud = Cloud(keys, local.app_id, local.region, Embedded(local.host, local.port))
        self.cloud = Cloud(keys, local.app_id, local.region, Embedded("127.0.0.1", proxy.port))
        self.proxy = proxy
        self.direct = BucketDomains(self.direct_cloud, self.name, backoff=QUICK)
        self.direct_store = CosObjectStore(self.direct_cloud, self.name, backoff=QUICK)
        self.bucket = BucketDomains(self.cloud, self.name, backoff=QUICK)
        self.store = CosObjectStore(self.cloud, self.name, backoff=QUICK)

    def close(self) -> None:
        for each in (self.store, self.bucket, self.direct_store, self.direct):
            each.close()

    def prepare(self, write: str = "") -> None:
        """The same before every call: all of it, or what this write changes."""
        self.proxy.replace = lambda _number, _name: None
        for name in MADE if not write else [write.split()[-1]] if write.split()[-1] in MADE else ["objects"]:
            MADE[name](self)
        self.proxy.names.clear()

    def make_bucket(self) -> None:
        if self.direct.head() is BucketStatus.MISSING:
            self.direct.create()

    def make_objects(self) -> None:
        self.direct_store.discard_uploads(["film.mp4"])
        self.direct_store.delete([listed.key for listed in self.direct_store.list()])
        self.direct_store.put("page.html", b"<h1>page</h1>", {})


def POLICY(bucket: str, action: str) -> dict[str, object]:  # noqa: N802
    app = bucket.rpartition("-")[2]
    return {"version": "2.0", "Statement": [{
        "Effect": "Allow", "Principal": {"qcs": ["qcs::cam::anyone:anyone"]}, "Action": [f"name/cos:{action}"],
        "Resource": [f"qcs::cos:ap-guangzhou:uid/{app}:{bucket}/*"]}]}


CORS = (CorsRule(("GET",), ("*",)),)
LIFECYCLE = (LifecycleRule("one", expiration_days=30),)
NEW_RULES = (LifecycleRule("two", expiration_days=3),)
BIG = bytes(range(256)) * 6000


MADE: Mapping[str, Callable[[Place], object]] = {
    "create": Place.make_bucket,
    "objects": Place.make_objects,
    "acl": lambda at: at.direct.put_acl("private"),
    "policy": lambda at: at.direct.put_policy(POLICY(at.name, "GetObject")),
    "cors": lambda at: at.direct.put_cors(CORS),
    "tags": lambda at: at.direct.put_tags({"app": "one"}),
    "lifecycle": lambda at: at.direct.put_lifecycle(LIFECYCLE),
    "website": lambda at: at.direct.put_website(WebsiteConfig("index.html")),
}
"""The last word of a write → how what it changes is made again."""


def made_in(tmp: Path) -> Path:
    file = tmp / "film.mp4"
    file.write_bytes(BIG)
    return file


Call = Callable[[Place, Path], object]
WRITES: Mapping[str, tuple[Call, Callable[[Place], object]]] = {
    "put": (lambda at, _: at.store.put("new.html", b"new", {}).etag,
            lambda at: at.direct_store.get("new.html").data),
    "put, only if missing": (lambda at, _: at.store.put("lock", b"me", {}, forbid_overwrite=True).etag,
                             lambda at: at.direct_store.get("lock").data),
    "put in parts": (lambda at, tmp: at.store.put("film.mp4", made_in(tmp), {}).etag[-2:],
                     lambda at: at.direct_store.get("film.mp4").data == BIG),
    "copy": (lambda at, _: at.store.copy("copy.html", "page.html", {}).etag,
             lambda at: at.direct_store.get("copy.html").data),
    "delete": (lambda at, _: at.store.delete(["page.html"]),
               lambda at: at.direct_store.head("page.html")),
    "delete one": (lambda at, _: at.store.delete(["bell\x07"]), lambda at: at.direct_store.head("bell\x07")),
    "discard uploads": (lambda at, _: at.store.discard_uploads(["film.mp4"]), lambda _: None),
    # It was there before. After an answer of somebody else that cannot be told from one made just now.
    "create": (lambda at, _: at.bucket.create() is not Made.NOW, lambda at: at.direct.head()),
    "put acl": (lambda at, _: at.bucket.put_acl("public-read"), lambda at: at.direct.get_acl()),
    "put policy": (lambda at, _: at.bucket.put_policy(POLICY(at.name, "HeadObject")),
                   lambda at: "HeadObject" in json.dumps(at.direct.get_policy())),
    "delete policy": (lambda at, _: at.bucket.delete_policy(), lambda at: at.direct.get_policy()),
    "put cors": (lambda at, _: at.bucket.put_cors((CorsRule(("PUT",), ("https://a.example",)),)),
                 lambda at: at.direct.get_cors()),
    "delete cors": (lambda at, _: at.bucket.delete_cors(), lambda at: at.direct.get_cors()),
    "put tags": (lambda at, _: at.bucket.put_tags({"app": "two"}), lambda at: at.direct.get_tags()),
    "delete tags": (lambda at, _: at.bucket.delete_tags(), lambda at: at.direct.get_tags()),
    "put lifecycle": (lambda at, _: at.bucket.put_lifecycle(NEW_RULES), lambda at: at.direct.get_lifecycle()),
    "delete lifecycle": (lambda at, _: at.bucket.delete_lifecycle(), lambda at: at.direct.get_lifecycle()),
    "put website": (lambda at, _: at.bucket.put_website(WebsiteConfig("home.html")),
                    lambda at: at.direct.get_website()),
    "put domains": (lambda at, _: at.bucket.put_domains(()), lambda at: at.direct.get_domains().rules),
    "accelerate": (lambda at, _: at.bucket.switch_acceleration_on(), lambda at: at.direct.get_acceleration()),
}
"""The call, and what is to be seen of it afterwards."""
READS: Mapping[str, Call] = {
    "get": lambda at, _: at.store.get("page.html").data,
    "get, nothing there": lambda at, _: missing(lambda: at.store.get("nothing.html")),
    "head": lambda at, _: getattr(at.store.head("page.html"), "size", None),
    "head, nothing there": lambda at, _: at.store.head("nothing.html"),
    "list": lambda at, _: [listed.key for listed in at.store.list()],
    "head bucket": lambda at, _: at.bucket.head(),
    "head bucket, nothing there": lambda at, _: nothing_like(at),
    "get acl": lambda at, _: at.bucket.get_acl(),
    "get policy": lambda at, _: json.dumps(at.bucket.get_policy()),
    "get cors": lambda at, _: at.bucket.get_cors(),
    "get tags": lambda at, _: at.bucket.get_tags(),
    "get lifecycle": lambda at, _: at.bucket.get_lifecycle(),
    "get website": lambda at, _: at.bucket.get_website(),
    "get acceleration": lambda at, _: at.bucket.get_acceleration(),
    "get logging": lambda at, _: at.bucket.get_logging(),
    "get domains": lambda at, _: at.bucket.get_domains(),
    "get certificate": lambda at, _: at.bucket.get_certificate_status("www.example.com"),
    "get service": lambda at, _: regions_of_buckets(at.cloud)[at.name],
}


def missing(call: Callable[[], object]) -> str:
    try:
        call()
    except NotFound as error:
        return error.code
    return "there"


def nothing_like(place: Place) -> BucketStatus:
    other = BucketSettings(place.cloud, f"never-{place.name}", backoff=QUICK)
    try:
        return other.head()
    finally:
        other.close()


@pytest.fixture(scope="module")
def place(local_cloud: LocalCloud) -> Iterator[Place]:
    with intercepting(local_cloud) as proxy:
        found = Place(local_cloud, proxy)
        yield found
        found.close()


@pytest.fixture(autouse=True)
def quick_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No long waits in what makes its own connections, and parts for files of some megabytes."""
    monkeypatch.setattr(Backoff, "wait", lambda *_: 0.0)
    monkeypatch.setattr(wire, "_OUTAGE_SECONDS", 0.0)
    for module in (object_store, multipart):
        monkeypatch.setattr(module, "SINGLE_MAX", 1_000_000)


@pytest.mark.parametrize("what", WRITES)
def test_a_write_counts_as_done_only_when_cos_says_so(place: Place, tmp_path: Path, what: str) -> None:
    call, seen = WRITES[what]
    place.prepare()
    right = call(place, tmp_path)
    requests = list(place.proxy.names)
    effect = seen(place)
    for number, name in enumerate(requests):
        for words in answers_to(name):
            place.prepare(what)
            place.proxy.replace = once(ANSWERS[words], number)
            assert call(place, tmp_path) == right, f"{words} for {name}, once"
            assert seen(place) == effect, f"{words} for {name}, once"
            place.prepare(what)
            place.proxy.replace = for_ever(ANSWERS[words], name)
            assert_told(lambda: call(place, tmp_path), f"{words} for {name}, for ever")


@pytest.mark.parametrize("what", READS)
def test_nothing_is_read_from_somebody_elses_answer(place: Place, tmp_path: Path, what: str) -> None:
    call = READS[what]
    place.prepare()
    right = call(place, tmp_path)
    for number, name in enumerate(list(place.proxy.names)):
        for words in answers_to(name):
            place.proxy.names.clear()
            place.proxy.replace = once(ANSWERS[words], number)
            assert call(place, tmp_path) == right, f"{words} for {name}, once"
            place.proxy.replace = for_ever(ANSWERS[words], name)
            assert_told(lambda: call(place, tmp_path), f"{words} for {name}, for ever")


def answers_to(name: str) -> list[str]:
    """A page cannot hide in an answer that has no body."""
    return [words for words in COS_ANSWERS if not (name.startswith("HEAD") and words.startswith("own headers"))]


def assert_told(call: Callable[[], object], words: str) -> None:
    try:
        found = call()
    except SitepubError as error:
        assert not isinstance(error, NotFound), words
        assert isinstance(error, NetworkError | CloudError), words
        told = f"{error.message} {error.hint}"
        assert "s3cr3t" not in told and "elete" not in (error.hint or ""), told
    else:
        if isinstance(found, list) and found and isinstance(found[0], DeleteFailure):
            return  # told for the one object
        pytest.fail(f"{words}: took it for {found!r}")


# The cloud API

READ_CALLS = ("DescribeDomainsConfig", "DescribePurgeTasks", "DescribePurgeQuota", "DescribeZones",
              "CheckCertificateExist", "DescribeCertificates", "DescribeCertificateDetail",
              "DescribeDomainList", "DescribeRecordList", "DescribeAccelerationDomains", "GetUserAppId",
              "GetCallerIdentity", "SearchLog", "ListClsLogTopics", "ListClsTopicDomains",
              "DescribeCdnDomainLogs", "AssumeRoleWithWebIdentity")
REPEATABLE_CALLS = ("PurgeUrlsCache", "PurgePathCache", "PushUrlsCache", "CreatePurgeTask", "CreatePrefetchTask",
                    "VerifyDomainRecord", "VerifyOwnership")
WRITE_CALLS = ("AddCdnDomain", "UpdateDomainConfig", "StartCdnDomain", "StopCdnDomain", "DeleteCdnDomain",
               "CreateVerifyRecord", "CreateAccelerationDomain", "ModifyAccelerationDomain", "ModifyHostsCertificate",
               "ModifyAccelerationDomainStatuses", "DeleteAccelerationDomains", "UploadCertificate", "ApplyCertificate",
               "CompleteCertificate", "DeleteCertificate", "CreateRecord", "ModifyRecord", "DeleteRecord")
SAID = foreign(200, b'{"Response":{"RequestId":"r-1","Total":1}}', Content_Type="application/json")


def api_at(port: int) -> CloudApi:
    return CloudApi(Credentials("AKIDEXAMPLE", "SECRETEXAMPLE"), "ap-guangzhou", Embedded("127.0.0.1", port),
                    backoff=QUICK)


def instead(words: str) -> Raw:
    return ANSWERS[words](SAID)


@pytest.mark.parametrize("words", API_ANSWERS)
def test_only_the_cloud_apis_own_answer_counts(words: str) -> None:
    for action in (*READ_CALLS, *REPEATABLE_CALLS):
        with scripted(instead(words), SAID) as server:
            assert api_at(server.port).call("cdn", "2018-06-06", action, {})["Total"] == 1, action
            assert len(server.received) == 2
    for action in WRITE_CALLS:
        # It may have been carried out: whoever asked looks first.
        with scripted(instead(words), SAID) as server:
            with pytest.raises(Unanswered):
                api_at(server.port).call("cdn", "2018-06-06", action, {})
            assert len(server.received) == 1


@pytest.mark.parametrize("words", API_ANSWERS)
def test_an_answer_that_stays_somebody_elses_is_told_as_that(words: str) -> None:
    with scripted(instead(words)) as server, pytest.raises(NetworkError) as caught:
        api_at(server.port).call("cdn", "2018-06-06", "DescribeDomainsConfig", {})
    assert len(server.received) == QUICK.attempts
    told = f"{caught.value.message} {caught.value.hint}"
    assert "bug" not in told and "s3cr3t" not in told and caught.value.hint


@pytest.mark.parametrize("words", API_ANSWERS)
def test_the_credentials_of_a_pod_come_from_the_cloud_only(tmp_path: Path, words: str) -> None:
    token = tmp_path / "token"
    token.write_text("web.identity.token")
    environ = {"TKE_WEB_IDENTITY_TOKEN_FILE": str(token), "TKE_ROLE_ARN": "arn", "TKE_PROVIDER_ID": "p"}
    given = {"Credentials": {"TmpSecretId": "i", "TmpSecretKey": "k", "Token": "t"}, "ExpiredTime": 1}
    right = foreign(200, json.dumps({"Response": {"RequestId": "r-1", **given}}).encode(),
                    Content_Type="application/json")
    with scripted(instead(words), right) as server:
        found = from_pod(environ, Embedded("127.0.0.1", server.port))
    assert found is not None and found.secret_id == "i"
    with scripted(instead(words)) as server, pytest.raises(NetworkError):
        from_pod(environ, Embedded("127.0.0.1", server.port))


@pytest.mark.parametrize("words", [words for words in API_ANSWERS if words != "empty 404"
                                   and not words.startswith("404")])
def test_the_credentials_of_a_machine_have_the_shape_of_credentials(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """The metadata service has no mark of its own; a 404 is its way to say that there is no role."""
    given = foreign(200, b'{"TmpSecretId":"i","TmpSecretKey":"k","Token":"t","ExpiredTime":1,"Code":"Success"}')
    instead = ANSWERS[words](given)
    with scripted(instead, foreign(200, b"site-role"), instead, given) as server:
        monkeypatch.setattr(role_credentials, "_METADATA", f"http://127.0.0.1:{server.port}/")
        found = from_machine({"SITEPUB_CVM_ROLE": "auto"})
        assert found is not None and (found.secret_id, found.token) == ("i", "t")
    with scripted(instead) as server:
        monkeypatch.setattr(role_credentials, "_METADATA", f"http://127.0.0.1:{server.port}/")
        for role in ("site-role", "auto"):
            with pytest.raises((NetworkError, CredentialsError)):
                from_machine({"SITEPUB_CVM_ROLE": role})
