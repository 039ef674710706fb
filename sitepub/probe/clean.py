"""Remove what a probe made: what its note names, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sitepub.errors import SitepubError
from sitepub.interrupts import pause
from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.hosts import VERSIONS
from sitepub.probe.made import Made
from sitepub.tencent.cloud_api import CloudApi

_ROUNDS = 200
"""Pages of 1000 of a bucket at most: a probe makes about 150 objects."""


def clean(made: Made, bucket: ProbeBucket, api: CloudApi, *, poll_seconds: float = 5.0,
          tell: Callable[[str], None] = lambda _words: None) -> list[str]:
    """What could not be removed, one line each; the note stays then, and names what is left."""
    problems: list[str] = []
    for thing in list(reversed(made.things)):
        try:
            tell(f"removing {thing['kind']} {thing.get('host') or thing.get('name') or made.name}")
            _HANDLERS[thing["kind"]](made, thing, bucket, api, poll_seconds)
        except SitepubError as error:
            problems.append(f"{thing['kind']} {thing.get('host') or thing.get('name') or made.name}: {error.message}")
        else:
            made.things.remove(thing)
            made.write()
    if not problems:
        made.forget()
    return problems


def _call(api: CloudApi, service: str, action: str, params: Mapping[str, Any], gone: tuple[str, ...] = ()
          ) -> Mapping[str, Any]:
    try:
        return api.call(service, VERSIONS[service], action, params)
    except SitepubError as error:
        if error.code in gone:
            return {}
        raise


def _bucket(made: Made, _thing: Mapping[str, str], bucket: ProbeBucket, _api: CloudApi, _poll: float) -> None:
    if bucket.ask("HEAD").status == 404:
        return
    for _ in range(_ROUNDS):
        seen = bucket.ask("GET", params={"versions": ""})
        pairs = list(zip(seen.all("Key"), seen.all("VersionId"), strict=False))
        for key, version in pairs:
            bucket.ask("DELETE", _plain(key), {"versionId": version} if version and version != "null" else {})
            if version == "null":
                bucket.ask("DELETE", _plain(key), {"versionId": "null"})
        if not pairs:
            break
    for _ in range(_ROUNDS):
        keys = bucket.ask("GET").all("Key")
        for key in keys:
            bucket.ask("DELETE", _plain(key))
        if not keys:
            break
    listed = bucket.ask("GET", params={"uploads": ""})
    for key, upload in zip(listed.all("Key"), listed.all("UploadId"), strict=False):
        bucket.ask("DELETE", _plain(key), {"uploadId": upload})
    seen = bucket.ask("DELETE")
    if seen.status not in (204, 404):
        raise SitepubError(f"The bucket {made.bucket} could not be deleted: {seen.code or seen.status}.",
                           code=seen.code or "Undeleted")


def _plain(key: str) -> str:
    from xml.sax.saxutils import unescape

    return unescape(key, {"&quot;": '"', "&apos;": "'"})


def _record(_made: Made, thing: Mapping[str, str], _bucket: ProbeBucket, api: CloudApi, _poll: float) -> None:
    answer = _call(api, "dnspod", "DescribeRecordList", {"Domain": thing["zone"], "SubDomain": thing["name"],
                                                         "RecordType": "TXT"}, ("ResourceNotFound.NoDataOfRecord",))
    for record in answer.get("RecordList") or ():
        if str(record.get("Value")).strip('"') == thing["value"]:
            _call(api, "dnspod", "DeleteRecord", {"Domain": thing["zone"], "RecordId": record["RecordId"]})


def _certificate(_made: Made, thing: Mapping[str, str], _bucket: ProbeBucket, api: CloudApi, _poll: float) -> None:
    answer = _call(api, "ssl", "DescribeCertificates", {"SearchKey": thing["alias"], "Limit": 20})
    for one in answer.get("Certificates") or ():
        if one.get("Alias") == thing["alias"]:
            _call(api, "ssl", "DeleteCertificate", {"CertificateId": one["CertificateId"]})


def _cdn(_made: Made, thing: Mapping[str, str], _bucket: ProbeBucket, api: CloudApi, poll: float) -> None:
    def status() -> str:
        answer = _call(api, "cdn", "DescribeDomains", {
            "Filters": [{"Name": "domain", "Value": [thing["host"]]}], "Limit": 1})
        domains = answer.get("Domains") or ()
        return str(domains[0].get("Status")) if domains else "none"

    if status() == "none":
        return
    if status() not in ("offline", "closing"):
        _wait(status, ("online",), poll)
        _call(api, "cdn", "StopCdnDomain", {"Domain": thing["host"]})
    _wait(status, ("offline",), poll)
    _call(api, "cdn", "DeleteCdnDomain", {"Domain": thing["host"]}, ("ResourceNotFound.CdnHostNotExists",))


def _edgeone(_made: Made, thing: Mapping[str, str], _bucket: ProbeBucket, api: CloudApi, poll: float) -> None:
    def status() -> str:
        answer = _call(api, "teo", "DescribeAccelerationDomains", {
            "ZoneId": thing["zone"], "Filters": [{"Name": "domain-name", "Values": [thing["host"]]}], "Limit": 1})
        domains = answer.get("AccelerationDomains") or ()
        return str(domains[0].get("DomainStatus")) if domains else "none"

    if status() == "none":
        return
    params = {"ZoneId": thing["zone"], "DomainNames": [thing["host"]], "Force": False}
    if status() != "offline":
        _wait(status, ("online",), poll)
        _call(api, "teo", "ModifyAccelerationDomainStatuses", {**params, "Status": "offline"})
    _wait(status, ("offline",), poll)
    _call(api, "teo", "DeleteAccelerationDomains", params)


def _wait(status: Callable[[], str], wanted: tuple[str, ...], poll: float, seconds: float = 900.0) -> None:
    for _ in range(int(seconds / poll)):
        if status() in (*wanted, "none"):
            return
        pause(poll)


_HANDLERS: Mapping[str, Callable[[Made, Mapping[str, str], ProbeBucket, CloudApi, float], None]] = {
    "bucket": _bucket, "record": _record, "certificate": _certificate, "cdn": _cdn, "edgeone": _edgeone}
