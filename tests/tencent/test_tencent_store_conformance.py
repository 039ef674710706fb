"""The store on the embedded cloud: what the rooms above may rely on."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitepub.errors import AccessDenied, CredentialsError, NotFound, PreconditionFailed, SitepubError
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_settings import BucketSettings
from sitepub.tencent.cos.multipart import SINGLE_MAX
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.tencent.network.retry import Backoff
from tests.amount import times
from tests.conftest import LocalCloud, running_cloud

HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}
_numbers = itertools.count(1)


def cloud_of(local: LocalCloud, *, secret_key: str | None = None) -> Cloud:
    return Cloud(Credentials(local.secret_id, secret_key or local.secret_key), local.app_id, local.region,
                 local.address)


@pytest.fixture
def cloud(local_cloud: LocalCloud) -> Cloud:
    return cloud_of(local_cloud)


@pytest.fixture
def store(cloud: Cloud, tmp_path: Path) -> Iterator[CosObjectStore]:
    yield from new_store(cloud, tmp_path)


def new_store(cloud: Cloud, tmp_path: Path, backoff: Backoff | None = None) -> Iterator[CosObjectStore]:
    name = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:10]
    bucket = f"store-{name}-{next(_numbers)}-{cloud.app_id}"
    settings_ = BucketSettings(cloud, bucket, backoff=backoff)
    settings_.create()
    settings_.close()
    made = CosObjectStore(cloud, bucket, backoff=backoff)
    yield made
    made.close()


def test_what_is_put_is_got_with_its_headers(store: CosObjectStore) -> None:
    headers = {**HTML, "x-cos-meta-note": "中文", "Content-Language": "zh"}
    written = store.put("a/index.html", b"<p>hi", headers)
    found = store.get("a/index.html")
    assert found.data == b"<p>hi"
    assert found.etag == written.etag == hashlib.md5(b"<p>hi").hexdigest()
    assert found.headers["content-type"] == HTML["Content-Type"]
    assert found.headers["cache-control"] == "no-cache"
    assert found.headers["x-cos-meta-note"] == "中文"
    assert written.request_id


def test_an_empty_object(store: CosObjectStore) -> None:
    store.put("empty", b"", HTML)
    head = store.head("empty")
    assert head is not None and head.size == 0
    assert store.get("empty").data == b""


@pytest.mark.parametrize("key", [
    "plain", "with space", "plus+percent%hash#question?", "a%2Fb", "中文/日本.html", "emoji-😀", "a//b",
    ".hidden", "a/.well-known/x", "quote\"'<>&", "tab\tnewline\n", "very/" + "deep/" * 60 + "x", "x" * 850,
    "~-_.", "=&;,:@$!*()", "end.", "end./x", "back\\slash", "e\u0301", "|^`{}[]",
])
def test_awkward_names_are_kept(store: CosObjectStore, key: str) -> None:
    store.put(key, key.encode(), HTML)
    assert store.get(key).data == key.encode()
    assert [item.key for item in store.list()] == [key]
    store.copy("copy", key, HTML)
    assert store.get("copy").data == key.encode()
    assert store.delete([key]) == []
    assert store.head(key) is None


@settings(max_examples=times(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
       .filter(lambda key: not key.startswith(("/", "\\"))),
       note=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=30))
def test_any_name_and_header_is_signed_as_it_is_sent(store: CosObjectStore, key: str, note: str) -> None:
    store.put(key, b"x", {**HTML, "x-cos-meta-note": note} if note else HTML)
    found = store.get(key)
    assert found.headers.get("x-cos-meta-note", "") == note


def test_a_listing_is_complete_ordered_and_by_prefix(store: CosObjectStore) -> None:
    keys = [f"p/{number:04} ä" for number in range(1203)] + ["q/1", "p"]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: store.put(key, b"x", HTML), keys))
    assert [item.key for item in store.list()] == sorted(keys, key=str.encode)
    listed = list(store.list("p/"))
    assert len(listed) == 1203
    assert listed[0].size == 1
    assert listed[0].etag == hashlib.md5(b"x").hexdigest()
    assert store.delete(keys) == []
    assert list(store.list()) == []


def test_deleting_what_is_not_there_is_fine(store: CosObjectStore) -> None:
    assert store.delete(["nothing", "a & b", "\x07bell"]) == []
    assert store.delete([]) == []


def test_a_missing_object_is_told_from_a_missing_bucket(store: CosObjectStore, cloud: Cloud) -> None:
    with pytest.raises(NotFound) as caught:
        store.get("nothing")
    assert caught.value.code == "NoSuchKey"
    assert store.head("nothing") is None
    nowhere = CosObjectStore(cloud, f"nowhere-{cloud.app_id}")
    with pytest.raises(NotFound) as caught:
        nowhere.get("nothing")
    assert caught.value.code == "NoSuchBucket"
    with pytest.raises(NotFound):
        list(nowhere.list())
    nowhere.close()


def test_overwriting_can_be_forbidden(store: CosObjectStore) -> None:
    store.put("lock", b"1", HTML, forbid_overwrite=True)
    with pytest.raises(PreconditionFailed):
        store.put("lock", b"2", HTML, forbid_overwrite=True)
    assert store.get("lock").data == b"1"
    store.delete(["lock"])
    store.put("lock", b"2", HTML, forbid_overwrite=True)


def test_a_copy_has_new_headers_and_the_old_content(store: CosObjectStore) -> None:
    first = store.put("a.html", b"content", {**HTML, "x-cos-meta-old": "1"})
    copied = store.copy("b.html", "a.html", {"Content-Type": "text/plain", "Cache-Control": "max-age=60"},
                        if_match=first.etag)
    found = store.get("b.html")
    assert (found.data, copied.etag) == (b"content", first.etag)
    assert found.headers["content-type"] == "text/plain"
    assert found.headers["cache-control"] == "max-age=60"
    assert "x-cos-meta-old" not in found.headers
    store.copy("a.html", "a.html", {"Content-Type": "text/css"})
    assert store.get("a.html").headers["content-type"] == "text/css"


def test_a_copy_of_something_else_than_expected_is_refused(store: CosObjectStore) -> None:
    store.put("a.html", b"content", HTML)
    with pytest.raises(PreconditionFailed):
        store.copy("b.html", "a.html", HTML, if_match="0" * 32)
    with pytest.raises(NotFound):
        store.copy("b.html", "gone.html", HTML)


def test_a_copy_comes_from_another_bucket(store: CosObjectStore, cloud: Cloud, tmp_path: Path) -> None:
    store.put("a", b"from there", HTML)
    for other in new_store(cloud, tmp_path):
        other.copy("b", "a", HTML, source_bucket=store.bucket)
        assert other.get("b").data == b"from there"


def test_a_large_file_goes_up_in_parts(store: CosObjectStore, tmp_path: Path) -> None:
    file = tmp_path / "film.bin"
    block = bytes(range(256)) * 4096
    data = block * (SINGLE_MAX // len(block)) + b"and one more"
    file.write_bytes(data)
    counts: list[int] = []
    written = store.put("film.bin", file, {"Content-Type": "video/mp4"}, md5=hashlib.md5(data).hexdigest(),
                        sent=counts.append)
    found = store.get("film.bin")
    assert found.data == data
    assert found.etag == written.etag
    assert "-" in found.etag
    assert found.headers["content-type"] == "video/mp4"
    assert sum(counts) == len(data)


def test_overwriting_can_be_forbidden_for_large_files_too(store: CosObjectStore, tmp_path: Path) -> None:
    file = tmp_path / "film.bin"
    file.write_bytes(bytes(SINGLE_MAX + 1))
    store.put("film.bin", file, HTML, forbid_overwrite=True)
    with pytest.raises(PreconditionFailed):
        store.put("film.bin", file, HTML, forbid_overwrite=True)


def test_a_large_file_arrives_although_a_third_of_the_requests_fail(tmp_path: Path) -> None:
    file = tmp_path / "film.bin"
    data = bytes(range(251)) * (SINGLE_MAX // 251 + 100)
    file.write_bytes(data)
    with faulty_store(tmp_path, "PUT:503=0.1,PUT:reset=0.2,POST:truncate=0.2,POST:reset=0.1") as store:
        store.put("film.bin", file, HTML, md5=hashlib.md5(data).hexdigest())
        assert store.get("film.bin").data == data


def test_a_wrong_key_is_told_as_such(local_cloud: LocalCloud, store: CosObjectStore) -> None:
    wrong = CosObjectStore(cloud_of(local_cloud, secret_key="not the key"), store.bucket)
    with pytest.raises(CredentialsError) as caught:
        wrong.put("a", b"x", HTML)
    assert caught.value.code == "SignatureDoesNotMatch"
    with pytest.raises(AccessDenied):
        wrong.head("a")
    wrong.close()


@contextmanager
def faulty_store(tmp_path: Path, faults: str) -> Iterator[CosObjectStore]:
    with running_cloud(tmp_path / "cloud" / "data", "--faults", faults) as local:
        yield from new_store(cloud_of(local), tmp_path, Backoff(attempts=60, base=0.01, cap=0.05))


@pytest.mark.parametrize("faults", ["503=0.2", "500=0.1,reset=0.1", "truncate=0.2",
                                    "PUT:reset=0.2,GET:truncate=0.2"])
def test_with_a_fifth_of_the_requests_failing_all_objects_arrive(tmp_path: Path, faults: str) -> None:
    keys = [f"{number}.html" for number in range(150)]
    with faulty_store(tmp_path, faults) as store:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda key: store.put(key, key.encode(), HTML), keys))
        assert sorted(item.key for item in store.list()) == sorted(keys)
        assert all(store.get(key).data == key.encode() for key in keys)
        assert store.delete(keys) == []
        assert list(store.list()) == []


def test_a_lock_is_taken_by_exactly_one_although_answers_get_lost(tmp_path: Path) -> None:
    with faulty_store(tmp_path, "PUT:reset=0.4,PUT:truncate=0.2") as store:
        def take(key: str, holder: int) -> bool:
            try:
                store.put(key, f"holder {holder}".encode(), HTML, forbid_overwrite=True)
            except PreconditionFailed:
                return False
            return True

        for key in [f"lock-{number}" for number in range(8)]:
            with ThreadPoolExecutor(6) as pool:
                taken = list(pool.map(take, [key] * 6, range(6)))
            assert taken.count(True) == 1
            assert store.get(key).data == f"holder {taken.index(True)}".encode()


def test_the_store_never_shows_a_secret(local_cloud: LocalCloud, store: CosObjectStore) -> None:
    wrong = CosObjectStore(cloud_of(local_cloud, secret_key="sup3rsecretvalue"), store.bucket)
    with pytest.raises(SitepubError) as caught:
        wrong.get("a")
    told = f"{caught.value!r} {caught.value.message} {caught.value.hint} {wrong!r}"
    assert "sup3rsecretvalue" not in told
    assert local_cloud.secret_key not in told
    wrong.close()
