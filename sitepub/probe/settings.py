"""Settings of a bucket: creating it, CORS, tags, lifecycle, domains, acceleration, versions."""

from __future__ import annotations

from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Facts, Table

SETTINGS: Table[ProbeBucket] = Table("settings")
VERSIONS: Table[ProbeBucket] = Table("versions")
"""Asked last: a bucket that had versions once never forgets it."""
_PATIENCE = 15.0


@SETTINGS.case("a bucket that is there already, of this account", "436/7738", status=409,
               code=("BucketAlreadyOwnedByYou", "BucketAlreadyExists"))
def create_again(b: ProbeBucket) -> Facts:
    seen = b.ask("PUT")
    return {"status": seen.status, "code": seen.code}


@SETTINGS.case("a bucket that holds objects cannot be deleted", "436/7732", status=409, code="BucketNotEmpty")
def delete_full(b: ProbeBucket) -> Facts:
    b.put("there", b"1")
    seen = b.ask("DELETE")
    return {"status": seen.status, "code": seen.code}


@SETTINGS.case("HEAD of the bucket", "436/7735", status=200, region=True)
def head(b: ProbeBucket) -> Facts:
    seen = b.ask("HEAD")
    return {"status": seen.status, "region": seen.header("x-cos-bucket-region") == b.cloud.region}


@SETTINGS.case("settings that were never made", "436/7730", cors="404 NoSuchCORSConfiguration",
               tagging="404 NoSuchTagSet", lifecycle="404 NoSuchLifecycleConfiguration", versioning="200",
               referer="200", logging="200", domain="404 DomainConfigNotFoundError")
def nothing_set(b: ProbeBucket) -> Facts:
    def ask(subresource: str) -> str:
        seen = b.ask("GET", params={subresource: ""})
        return f"{seen.status} {seen.code or ''}".strip()

    return {name: ask(name) for name in ("cors", "tagging", "lifecycle", "versioning", "referer", "logging",
                                     "domain")}


@SETTINGS.case("CORS: set, answered to another origin, deleted", "436/8279", put=200, origin=(
    "https://probe.example", "*"), refused=403, deleted=204, patience=_PATIENCE)
def cors(b: ProbeBucket) -> Facts:
    put = b.document("cors", "<CORSConfiguration><CORSRule><AllowedOrigin>https://probe.example</AllowedOrigin>"
                             "<AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>"
                             "</CORSConfiguration>")
    b.put("cors/1", b"1", x_cos_acl="public-read")
    seen = b.ask("GET", "cors/1", headers={"Origin": "https://probe.example"}, signed=False)
    other = b.ask("OPTIONS", "cors/1", signed=False, headers={
        "Origin": "https://other.example", "Access-Control-Request-Method": "GET"})
    return {"put": put.status, "origin": seen.header("access-control-allow-origin"), "refused": other.status,
            "deleted": b.ask("DELETE", params={"cors": ""}).status}


@SETTINGS.case("tags: set, read back, deleted", "436/34838", put=204, keys="probe", values="1", deleted=204,
               patience=_PATIENCE)
def tags(b: ProbeBucket) -> Facts:
    put = b.document("tagging", "<Tagging><TagSet><Tag><Key>probe</Key><Value>1</Value></Tag></TagSet></Tagging>")
    seen = b.ask("GET", params={"tagging": ""})
    return {"put": put.status, "keys": " ".join(seen.all("Key")), "values": " ".join(seen.all("Value")),
            "deleted": b.ask("DELETE", params={"tagging": ""}).status}


@SETTINGS.case("lifecycle: set, read back, deleted", "436/8280", put=200, id="probe", days="3", deleted=204,
               patience=_PATIENCE)
def lifecycle(b: ProbeBucket) -> Facts:
    put = b.document("lifecycle", "<LifecycleConfiguration><Rule><ID>probe</ID><Filter><Prefix>none/</Prefix></Filter>"
                                  "<Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>"
                                  "</LifecycleConfiguration>")
    seen = b.ask("GET", params={"lifecycle": ""})
    return {"put": put.status, "id": " ".join(seen.all("ID")), "days": " ".join(seen.all("Days")),
            "deleted": b.ask("DELETE", params={"lifecycle": ""}).status}


@SETTINGS.case("a document that is not XML", "436/7730", status=400, code="MalformedXML")
def malformed(b: ProbeBucket) -> Facts:
    seen = b.document("website", "<WebsiteConfiguration>")
    return {"status": seen.status, "code": seen.code}


@SETTINGS.case("acceleration: switched on, used, switched off", "436/44422", before=("", "Suspended"), put=200,
               status="Enabled", read=200, off=200, patience=60.0)
def acceleration(b: ProbeBucket) -> Facts:
    b.put("fast/1", b"fast")
    before = b.ask("GET", params={"accelerate": ""}).values.get("Status", "")
    put = b.document("accelerate", "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>")
    status = b.ask("GET", params={"accelerate": ""}).values.get("Status")
    read = b.ask("GET", "fast/1", accelerated=True)
    off = b.document("accelerate", "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>")
    return {"before": before, "put": put.status, "status": status, "read": read.status, "off": off.status}


@VERSIONS.case("versions: switched on, an old one stays behind a deletion", "436/19889", put=200, marker="true",
               after=404, old="first")
def kept(b: ProbeBucket) -> Facts:
    put = b.document("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
    version = b.put("versions/1", b"first").header("x-cos-version-id") or ""
    deleted = b.ask("DELETE", "versions/1")
    return {"put": put.status, "marker": deleted.header("x-cos-delete-marker"),
            "after": b.ask("GET", "versions/1").status,
            "old": b.ask("GET", "versions/1", {"versionId": version}).text if version else None}


@VERSIONS.case("x-cos-forbid-overwrite has no effect once versions were on", "reported", first=200, second=200)
def forbid_without_effect(b: ProbeBucket) -> Facts:
    first = b.put("versions/once", b"1", x_cos_forbid_overwrite="true")
    return {"first": first.status, "second": b.put("versions/once", b"2", x_cos_forbid_overwrite="true").status}


@VERSIONS.case("versions suspended: the new version is called null", "436/19889", put=200, version=("null", None),
               status="Suspended")
def suspended(b: ProbeBucket) -> Facts:
    put = b.document("versioning", "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>")
    seen = b.put("versions/2", b"1")
    return {"put": put.status, "version": seen.header("x-cos-version-id"),
            "status": b.ask("GET", params={"versioning": ""}).values.get("Status")}
