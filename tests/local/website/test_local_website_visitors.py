"""What a visitor without any key meets: the website endpoint, CORS, hotlink rules, and the log of it all."""

from __future__ import annotations

import http.client
import json
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud, running_cloud

FILES = {
    "index.html": b"<h1>home</h1>", "about.html": b"<h1>about</h1>", "404.html": b"<h1>lost</h1>",
    "docs/index.html": b"<h1>docs</h1>", "中 文/a+b%.html": b"<h1>odd</h1>",
    "big.bin": bytes(range(256)) * 512,
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Site:
    """A bucket with pages, and ways to visit it."""

    cloud: LocalCloud
    client: Any
    bucket: str

    def ask(self, host: str, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.cloud.host, self.cloud.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **named})
        found = connection.getresponse()
        answer = Answer(found.status, found.headers, found.read())
        connection.close()
        return answer

    def visit(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """Through the name that browsers use."""
        host = f"{self.bucket}.cos-website.{self.cloud.region}.localhost:{self.cloud.port}"
        return self.ask(host, path, method, **headers)

    def visit_real(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """Through the real host name."""
        host = f"{self.bucket}.cos-website.{self.cloud.region}.myqcloud.com"
        return self.ask(host, path, method, **headers)

    def rest(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Through the XML API, unsigned."""
        return self.ask(f"{self.bucket}.cos.{self.cloud.region}.myqcloud.com", path, method, **headers)

    def configure(self, **changes: Any) -> None:
        website = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}, **changes}
        self.client.put_bucket_website(Bucket=self.bucket, WebsiteConfiguration=website)

    def logs(self, **query: object) -> list[dict[str, Any]]:
        given = "&".join(f"{name}={value}" for name, value in {"bucket": self.bucket, **query}.items())
        answer = self.ask(f"{self.cloud.host}:{self.cloud.port}", f"/-/logs?{given}", **self.cloud.allowed)
        assert answer.status == 200, answer.body
        return [json.loads(line) for line in answer.body.splitlines()]


def make_site(cloud: LocalCloud) -> Site:
    from qcloud_cos import CosConfig, CosS3Client

    client = CosS3Client(CosConfig(
        Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key, Scheme="http",
        IP=cloud.host, Port=cloud.port, ServiceDomain=f"{cloud.host}:{cloud.port}",
    ), retry=0)
    bucket = f"visit-{secrets.token_hex(4)}-{cloud.app_id}"
    client.create_bucket(Bucket=bucket, ACL="public-read")
    for key, body in FILES.items():
        client.put_object(Bucket=bucket, Key=key, Body=body, CacheControl="max-age=60")
    site = Site(cloud, client, bucket)
    site.configure()
    return site


@pytest.fixture
def site(local_cloud: LocalCloud) -> Site:
    return make_site(local_cloud)


def test_pages_come_with_their_headers_and_bytes(site: Site) -> None:
    for host in (site.visit, site.visit_real):
        answer = host("/")
        assert (answer.status, answer.body) == (200, FILES["index.html"])
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["Cache-Control"] == "max-age=60"
        assert answer.headers["ETag"] and answer.headers["Last-Modified"]
        assert "Content-Disposition" not in answer.headers
        assert host("/docs/").body == FILES["docs/index.html"]
        assert host("/%E4%B8%AD%20%E6%96%87/a%2Bb%25.html").body == FILES["中 文/a+b%.html"]
        assert host("/?utm=1").body == FILES["index.html"]


def test_a_missing_page_is_the_error_document(site: Site) -> None:
    for path in ("/none", "/docs", "/none/", "/%FF%FE"):
        answer = site.visit(path)
        assert (answer.status, answer.body) == (404, FILES["404.html"]), path
    site.configure(ErrorDocument={"Key": "404.html", "OriginalHttpStatus": "Disabled"})
    answer = site.visit("/none")
    assert (answer.status, answer.body) == (200, FILES["404.html"])


def test_an_error_document_that_is_missing_leaves_a_page_that_says_so(site: Site) -> None:
    site.configure(ErrorDocument={"Key": "gone.html"})
    answer = site.visit("/none<b>")
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"NoSuchKey" in answer.body and b"gone.html" in answer.body and b"none&lt;b&gt;" in answer.body


def test_head_conditions_and_ranges(site: Site) -> None:
    answer = site.visit("/big.bin", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(FILES["big.bin"]))
    etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
    assert site.visit("/big.bin", If_None_Match=etag).status == 304
    assert site.visit("/big.bin", If_Modified_Since=modified).status == 304
    assert site.visit("/big.bin", If_None_Match='"other"').status == 200
    part = site.visit("/big.bin", Range="bytes=100-199")
    assert (part.status, part.body) == (206, FILES["big.bin"][100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(FILES['big.bin'])}"
    beyond = site.visit("/big.bin", Range="bytes=999999999-")
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(FILES['big.bin'])}"
    missing = site.visit("/none", Range="bytes=0-1", If_None_Match="*")
    assert (missing.status, missing.body) == (404, FILES["404.html"])
    assert site.visit("/none", "HEAD").status == 404


def test_a_website_can_only_be_read(site: Site) -> None:
    for method in ("PUT", "POST", "DELETE"):
        answer = site.visit("/", method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert b"MethodNotAllowed" in answer.body


def test_html_endings_are_hidden_when_asked(site: Site) -> None:
    assert site.visit("/about").status == 404
    site.configure(AutoAddressing={"Status": "Enabled"})
    assert site.visit("/about").body == FILES["about.html"]
    answer = site.visit("/about.html?a=b")
    assert answer.status == 302
    assert answer.headers["Location"].endswith(f".localhost:{site.cloud.port}/about?a=b")
    assert site.visit("/docs").status == 404


def test_routing_rules_redirect(site: Site) -> None:
    site.configure(RoutingRules=[
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "docs/"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyWith": "about.html"}},
    ])
    host = f"http://{site.bucket}.cos-website.{site.cloud.region}.localhost:{site.cloud.port}"
    answer = site.visit("/old/")
    assert (answer.status, answer.headers["Location"]) == (302, f"{host}/docs/")
    answer = site.visit("/none")
    assert (answer.status, answer.headers["Location"]) == (302, f"{host}/about.html")


def test_https_is_forced_on_real_names_only(site: Site) -> None:
    site.configure(RedirectAllRequestsTo={"Protocol": "https"})
    answer = site.visit_real("/docs/?a=1")
    assert answer.status == 301
    host = f"{site.bucket}.cos-website.{site.cloud.region}.myqcloud.com"
    assert answer.headers["Location"] == f"https://{host}/docs/?a=1"
    assert site.visit_real("/%FF").headers["Location"] == f"https://{host}/%FF"
    assert site.visit_real("/docs/", X_Forwarded_Proto="https").body == FILES["docs/index.html"]
    assert site.visit("/docs/").body == FILES["docs/index.html"]


def test_a_private_bucket_shows_a_403_page(site: Site) -> None:
    site.client.put_bucket_acl(Bucket=site.bucket, ACL="private")
    for path in ("/", "/none", "/about.html"):
        answer = site.visit(path)
        assert answer.status == 403
        assert b"AccessDenied" in answer.body
        assert answer.headers["Content-Type"].startswith("text/html")


def test_without_a_website_or_a_bucket_there_is_a_404_page(site: Site) -> None:
    site.client.delete_bucket_website(Bucket=site.bucket)
    assert b"NoSuchWebsiteConfiguration" in site.visit("/").body
    answer = site.ask(f"nobody-1250000000.cos-website.{site.cloud.region}.myqcloud.com", "/")
    assert answer.status == 404
    assert b"NoSuchBucket" in answer.body
    elsewhere = site.ask(f"{site.bucket}.cos-website.ap-beijing.myqcloud.com", "/")
    assert elsewhere.status == 404


def test_cross_origin_answers_on_both_kinds_of_host(site: Site) -> None:
    origin = "https://app.example.com"
    question = {"Origin": origin, "Access_Control_Request_Method": "GET"}
    for host in (site.visit, site.rest):
        assert host("/about.html", "OPTIONS", **question).status == 403
        assert "Access-Control-Allow-Origin" not in host("/about.html", Origin=origin).headers
    rule = {
        "AllowedOrigin": [origin], "AllowedMethod": ["GET"], "MaxAgeSeconds": "5", "ExposeHeader": ["ETag"],
    }
    site.client.put_bucket_cors(Bucket=site.bucket, CORSConfiguration={"CORSRule": [rule]})
    for host in (site.visit, site.rest):
        answer = host("/about.html", "OPTIONS", **question)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Max-Age"] == "5"
        assert host("/about.html", "OPTIONS", **{**question, "Origin": "https://evil"}).status == 403
        answer = host("/about.html", Origin=origin)
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Expose-Headers"] == "ETag"
        assert host("/none", Origin=origin).headers["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Origin" not in host("/about.html", Origin="https://evil").headers


def test_hotlink_rules_bind_visitors_on_both_kinds_of_host(site: Site) -> None:
    site.client.put_bucket_referer(Bucket=site.bucket, RefererConfiguration={
        "Status": "Enabled", "RefererType": "White-List", "EmptyReferConfiguration": "Allow",
        "DomainList": {"Domain": ["*.example.com"]},
    })
    for host in (site.visit, site.rest):
        assert host("/about.html").status == 200
        assert host("/about.html", Referer="https://www.example.com/x").status == 200
        assert host("/about.html", Referer="https://evil.com/").status == 403
    url = site.client.get_presigned_download_url(Bucket=site.bucket, Key="about.html", SignHost=False)
    signed = site.rest("/about.html?" + url.partition("?")[2], Referer="https://evil.com/")
    assert signed.status == 200


def test_visits_are_logged_and_can_be_followed(site: Site) -> None:
    site.visit("/about.html?a=1", User_Agent="tester", Referer="http://from/")
    site.visit("/none", "HEAD")
    site.rest("/big.bin")
    site.client.head_bucket(Bucket=site.bucket)
    first, second, third = site.logs()
    assert (first["method"], first["path"], first["status"]) == ("GET", "/about.html?a=1", 200)
    assert (first["agent"], first["referer"], first["remote"]) == ("tester", "http://from/", "127.0.0.1")
    assert (first["sent"], first["website"]) == (len(FILES["about.html"]), True)
    assert (second["method"], second["status"], second["sent"]) == ("HEAD", 404, 0)
    assert (third["event"], third["website"], third["sent"]) == ("GetObject", False, len(FILES["big.bin"]))
    assert first["milliseconds"] >= 0
    assert first["time"] <= third["time"]
    assert site.logs(after=first["id"], limit=1) == [second]
    assert site.logs(after=third["id"]) == []
    assert site.logs(limit=1) == [third]
    site.visit("/")
    assert [visit["path"] for visit in site.logs(after=third["id"])] == ["/"]


def test_the_log_is_not_for_pages_in_a_browser(site: Site) -> None:
    host = f"{site.cloud.host}:{site.cloud.port}"
    assert site.ask(host, "/-/logs", Origin="http://evil", **site.cloud.allowed).status == 403
    assert site.ask(host, "/-/logs").status == 403
    assert site.ask(host, "/-/logs?after=x", **site.cloud.allowed).status == 400


def test_bucket_logging_delivers_visits_as_documented(site: Site) -> None:
    site.visit("/before")
    status = {"LoggingEnabled": {"TargetBucket": site.bucket, "TargetPrefix": "logs/"}}
    site.client.put_bucket_logging(Bucket=site.bucket, BucketLoggingStatus=status)
    site.visit("/about.html", User_Agent="a b", Referer="http://\xff/")
    site.rest("/none.html")
    answer = site.ask(f"{site.cloud.host}:{site.cloud.port}", "/-/logs/deliver", "POST", **site.cloud.allowed)
    assert answer.status == 200
    listed = site.client.list_objects(Bucket=site.bucket, Prefix="logs/")["Contents"]
    assert len(listed) == 1
    body = site.client.get_object(Bucket=site.bucket, Key=listed[0]["Key"])["Body"].read(100_000).decode()
    lines = [line.split(" ") for line in body.splitlines()]
    assert all(len(line) == 30 for line in lines)
    by_path = {line[11]: line for line in lines}
    assert "/before" not in by_path
    visit, missing = by_path["/about.html"], by_path["/none.html"]
    assert visit[0:3] == ["1.0", site.bucket, site.cloud.region]
    assert visit[12:15] == ["get", "a%20b", "200"]
    assert (missing[14], missing[15]) == ("404", "NoSuchKey")


def test_new_buckets_make_browsers_download_when_asked(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "cloud", "--force-download") as cloud:
        site = make_site(cloud)
        for host in (site.visit, site.visit_real, site.rest):
            answer = host("/about.html")
            assert answer.headers["x-cos-force-download"] == "true"
            assert answer.headers["Content-Disposition"] == "attachment"
            assert "Content-Disposition" not in host("/about.html", "HEAD").headers
        site.client.put_object(Bucket=site.bucket, Key="app.APK", Body=b"x")
        for host in (site.visit, site.visit_real, site.rest):
            answer = host("/app.APK")
            assert answer.status == 400 and b"DownloadForbidden" in answer.body
        assert site.rest("/app.APK", "HEAD").status == 200
        from qcloud_cos.cos_exception import CosServiceError

        with pytest.raises(CosServiceError, match="DownloadForbidden"):
            site.client.get_object(Bucket=site.bucket, Key="app.APK")


def test_an_account_has_a_thousand_lists_and_policies(tmp_path: Path) -> None:
    """1,000 in all: the bucket's own, and 999 objects; then one must go before another can come."""
    with running_cloud(tmp_path / "cloud") as cloud:
        fill_and_go_over(make_site(cloud))


def fill_and_go_over(site: Site) -> None:
    from qcloud_cos import CosServiceError

    for number in range(999):
        site.client.put_object(Bucket=site.bucket, Key=f"o{number}", Body=b"x", ACL="private")
    policy = {"version": "2.0", "statement": [{
        "effect": "deny", "principal": "*", "action": "name/cos:PutBucket", "resource": "*"}]}
    for call, arguments in (
        (site.client.put_object_acl, {"Key": "index.html", "ACL": "private"}),
        (site.client.put_bucket_policy, {"Policy": policy}),
    ):
        with pytest.raises(CosServiceError) as caught:
            call(Bucket=site.bucket, **arguments)
        assert caught.value.get_error_code() == "AttachmentFull"
    site.client.put_object_acl(Bucket=site.bucket, Key="o1", ACL="default")
    site.client.put_bucket_policy(Bucket=site.bucket, Policy=policy)
    site.client.put_bucket_policy(Bucket=site.bucket, Policy=policy)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_reads_a_page_by_its_localhost_name_and_by_the_real_one(site: Site) -> None:
    for suffix in (f"localhost:{site.cloud.port}", f"myqcloud.com:{site.cloud.port}"):
        name = f"{site.bucket}.cos-website.{site.cloud.region}.{suffix}"
        run = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--max-time", "10", "--resolve", f"{name}:{site.cloud.host}",
             f"http://{name}/docs/"],
            capture_output=True, check=True,
        )
        assert run.stdout == FILES["docs/index.html"]
