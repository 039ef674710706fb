"""The website endpoint, and the settings that it answers by."""

from __future__ import annotations

from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Facts, Skip, Table

WEBSITE: Table[ProbeBucket] = Table("website")
_PATIENCE = 20.0
"""Seconds until a website setting is in force: the tests of the official SDK wait 4."""
SETTINGS = ("<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
            "<ErrorDocument><Key>404.html</Key></ErrorDocument><RoutingRules>"
            "<RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect>"
            "<Protocol>https</Protocol><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule>"
            "</RoutingRules></WebsiteConfiguration>")


def prepare(b: ProbeBucket) -> None:
    """Let all read, put pages, switch the website on."""
    b.ask("PUT", params={"acl": ""}, headers={"x-cos-acl": "public-read"})
    for key, text in (("index.html", "home"), ("docs/index.html", "docs"), ("404.html", "lost"),
                      ("page.html", "page"), ("new/1.html", "new")):
        b.put(key, text.encode(), content_type="text/html; charset=utf-8", cache_control="max-age=60")
    b.document("website", SETTINGS)


@WEBSITE.case("a bucket without website settings", "436/31931", status=404, code="NoSuchWebsiteConfiguration")
def not_set(b: ProbeBucket) -> Facts:
    b.ask("DELETE", params={"website": ""})
    seen = b.ask("GET", params={"website": ""})
    return {"status": seen.status, "code": seen.code}


@WEBSITE.case("website settings are read back", "436/31931", index="index.html", error="404.html", prefix="old/",
              replaced="new/", patience=_PATIENCE)
def read_back(b: ProbeBucket) -> Facts:
    prepare(b)
    seen = b.ask("GET", params={"website": ""})
    return {"index": " ".join(seen.all("Suffix")), "error": " ".join(seen.all("Key")),
            "prefix": " ".join(seen.all("KeyPrefixEquals")), "replaced": " ".join(seen.all("ReplaceKeyPrefixWith"))}


@WEBSITE.case("/ answers the index document", "436/9512", status=200, text="home", type="text/html; charset=utf-8",
              cache="max-age=60", patience=_PATIENCE)
def home(b: ProbeBucket) -> Facts:
    seen = b.visit("/")
    return {"status": seen.status, "text": seen.text, "type": seen.header("content-type"),
            "cache": seen.header("cache-control")}


@WEBSITE.case("a folder with slash answers its index document", "436/9512", status=200, text="docs",
              patience=_PATIENCE)
def folder(b: ProbeBucket) -> Facts:
    seen = b.visit("/docs/")
    return {"status": seen.status, "text": seen.text}


@WEBSITE.case("a folder without slash", "reported", status=404, text="lost")
def folder_without_slash(b: ProbeBucket) -> Facts:
    seen = b.visit("/docs")
    return {"status": seen.status, "text": seen.text}


@WEBSITE.case("what is not there answers the error document with 404", "436/31930", status=404, text="lost",
              patience=_PATIENCE)
def lost(b: ProbeBucket) -> Facts:
    seen = b.visit("/none.html")
    return {"status": seen.status, "text": seen.text}


@WEBSITE.case("a redirect rule by prefix", "436/31930", status=(301, 302), place=True, patience=_PATIENCE)
def redirect(b: ProbeBucket) -> Facts:
    seen = b.visit("/old/1.html")
    place = seen.header("location") or ""
    return {"status": seen.status, "place": place.startswith("https://") and place.endswith("/new/1.html")}


@WEBSITE.case("the website endpoint takes no writes", "436/9512", status=(403, 405))
def read_only(b: ProbeBucket) -> Facts:
    return {"status": b.visit("/index.html", method="PUT").status}


@WEBSITE.case("conditional reads of pages", "RFC 9110 13.1", status=304)
def conditional(b: ProbeBucket) -> Facts:
    etag = b.visit("/page.html").header("etag") or ""
    return {"status": b.visit("/page.html", {"If-None-Match": etag}).status}


@WEBSITE.case("default addresses make browsers download", "436/57456", website=("attachment",), api=("attachment",),
              head=(None, "inline"))
def forced_download(b: ProbeBucket) -> Facts:
    def disposition(value: str | None) -> str | None:
        return value.partition(";")[0] if value is not None else None

    shown = disposition(b.visit("/page.html").header("content-disposition"))
    if shown is None and b.cloud.embedded is not None:
        raise Skip("the embedded cloud shows pages, unless it was started with --force-download")
    return {"website": shown,
            "api": disposition(b.ask("GET", "page.html", signed=False).header("content-disposition")),
            "head": disposition(b.visit("/page.html", method="HEAD").header("content-disposition"))}


@WEBSITE.case("OriginalHttpStatus Disabled answers the error document with 200", "436/31930", status=200, text="lost",
              patience=_PATIENCE)
def lost_with_200(b: ProbeBucket) -> Facts:
    b.document("website", SETTINGS.replace(
        "<Key>404.html</Key>", "<Key>404.html</Key><OriginalHttpStatus>Disabled</OriginalHttpStatus>"))
    seen = b.visit("/none.html")
    return {"status": seen.status, "text": seen.text}


@WEBSITE.case("AutoAddressing answers /page with page.html", "436/31930", status=200, text="page", patience=_PATIENCE)
def auto_addressing(b: ProbeBucket) -> Facts:
    b.document("website", SETTINGS.replace(
        "<ErrorDocument>", "<AutoAddressing><Status>Enabled</Status></AutoAddressing><ErrorDocument>"))
    seen = b.visit("/page")
    return {"status": seen.status, "text": seen.text}


@WEBSITE.case("after the settings are deleted nothing is shown as a website", "436/31932", deleted=204, status=404,
              patience=_PATIENCE)
def switched_off(b: ProbeBucket) -> Facts:
    deleted = b.ask("DELETE", params={"website": ""})
    return {"deleted": deleted.status, "status": b.visit("/").status}
