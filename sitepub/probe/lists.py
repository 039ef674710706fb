"""Listings: pages, prefixes, order, encoding."""

from __future__ import annotations

from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Facts, Table

LISTS: Table[ProbeBucket] = Table("lists")
_NAMES = ("a", "b/1", "b/2", "c", "中")


def _fill(b: ProbeBucket, folder: str) -> None:
    for name in _NAMES:
        b.put(f"{folder}/{name}", name.encode())


@LISTS.case("a page ends at max-keys and names the next", "436/7734", status=200, truncated="true",
            first=("list/a list/b/1",), rest="list/b/2 list/c list/中", last="false")
def pages(b: ProbeBucket) -> Facts:
    _fill(b, "list")
    first = b.ask("GET", params={"prefix": "list/", "max-keys": "2"})
    rest = b.ask("GET", params={"prefix": "list/", "marker": first.values.get("NextMarker", "")})
    return {"status": first.status, "truncated": first.values.get("IsTruncated"), "first": " ".join(first.all("Key")),
            "rest": " ".join(rest.all("Key")), "last": rest.values.get("IsTruncated")}


@LISTS.case("a delimiter makes folders", "436/7734", status=200, keys="folders/a folders/c folders/中",
            folders="folders/b/")
def folders(b: ProbeBucket) -> Facts:
    _fill(b, "folders")
    seen = b.ask("GET", params={"prefix": "folders/", "delimiter": "/"})
    prefixes = [name for name in seen.all("Prefix") if name != "folders/"]
    return {"status": seen.status, "keys": " ".join(seen.all("Key")), "folders": " ".join(prefixes)}


@LISTS.case("encoding-type=url escapes names", "436/7734", keys="escaped/%E4%B8%AD")
def escaped(b: ProbeBucket) -> Facts:
    b.put("escaped/中", b"1")
    seen = b.ask("GET", params={"prefix": "escaped/", "encoding-type": "url"})
    return {"keys": " ".join(seen.all("Key"))}


@LISTS.case("an entry has ETag in quotes, size and time", "436/7734", etag=('"c4ca4238a0b923820dcc509a6f75849b"',
            "&quot;c4ca4238a0b923820dcc509a6f75849b&quot;"), size="1", time=True, storage="STANDARD")
def entries(b: ProbeBucket) -> Facts:
    b.put("entry/1", b"1")
    seen = b.ask("GET", params={"prefix": "entry/"})
    time = seen.all("LastModified") or ("",)
    return {"etag": " ".join(seen.all("ETag")), "size": " ".join(seen.all("Size")),
            "time": len(time[0]) == len("2020-12-10T03:37:30.000Z") and time[0].endswith("Z"),
            "storage": " ".join(seen.all("StorageClass"))}


@LISTS.case("a write is in the next listing", "assumed", keys="fresh/1", gone="")
def fresh(b: ProbeBucket) -> Facts:
    b.put("fresh/1", b"1")
    keys = " ".join(b.ask("GET", params={"prefix": "fresh/"}).all("Key"))
    b.ask("DELETE", "fresh/1")
    return {"keys": keys, "gone": " ".join(b.ask("GET", params={"prefix": "fresh/"}).all("Key"))}


@LISTS.case("max-keys above 1000 is no error, or is refused", "436/7734", status=(200, 400))
def too_many(b: ProbeBucket) -> Facts:
    return {"status": b.ask("GET", params={"max-keys": "2000"}).status}
