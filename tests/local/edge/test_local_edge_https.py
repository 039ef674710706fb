"""The edge over TLS: certificates by name, HTTP/2, redirects, TLS versions; who is served at all."""

from __future__ import annotations

import concurrent.futures
import subprocess
from pathlib import Path

import pytest

from tests.chromium import RunChromium
from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import EdgeSite, Visit, admin, cached, call_api, curl, make_site, rules

HTTPS = {"--http1.1": "1.1", "--http2": "2"}


def https(site: EdgeSite, **more: object) -> dict[str, object]:
    return {"Switch": "on", "CertInfo": {"CertId": site.certificate()}, **more}


def s_client(site: EdgeSite, name: str, *options: str) -> str:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{site.cloud.edge_https}", "-servername", name, "-CAfile",
         site.cloud.ca, "-verify_hostname", name, *options],
        input=b"", capture_output=True, check=False, timeout=60)
    return (done.stdout + done.stderr).decode(errors="replace")


def test_every_host_has_its_own_certificate(cloud: LocalCloud) -> None:
    sites = [make_site(cloud), make_site(cloud)]
    for site in sites:
        site.add(Https=https(site))
    for site in sites:
        found = s_client(site, site.host)
        assert f"CN = {site.host}" in found
        assert "Verify return code: 0 (ok)" in found
        assert site.visit(scheme="https").body == b"<h1>One</h1>"


def test_http2_is_spoken_when_it_is_on(site: EdgeSite) -> None:
    site.add(Https=https(site, Http2="on"))
    assert "ALPN protocol: h2" in s_client(site, site.host, "-alpn", "h2,http/1.1")
    for option, version in HTTPS.items():
        visit = site.visit("/", option, scheme="https")
        assert (visit.version, visit.status, visit.body) == (version, 200, b"<h1>One</h1>")


def test_http2_is_not_spoken_when_it_is_off(site: EdgeSite) -> None:
    site.add(Https=https(site, Http2="off"))
    assert "ALPN protocol: http/1.1" in s_client(site, site.host, "-alpn", "h2,http/1.1")
    assert site.visit("/", "--http2", scheme="https").version == "1.1"
    site.update(Https=https(site, Http2="on"))
    assert site.visit("/", "--http2", scheme="https").version == "2"


def test_a_visitor_without_tls_is_sent_to_https(site: EdgeSite) -> None:
    redirect = {"Switch": "on", "RedirectType": "https", "RedirectStatusCode": 301}
    site.add(Https=https(site), ForceRedirect=redirect)
    found = site.visit("/a%20b/?q=1&r=2")
    assert (found.status, found.get("location")) == (301, f"https://{site.host}/a%20b/?q=1&r=2")
    assert site.visit(scheme="https").status == 200
    local = curl(site.cloud, f"http://{site.host}.localhost:{site.cloud.edge_http}/x", "--resolve",
                 f"{site.host}.localhost:{site.cloud.edge_http}:127.0.0.1")
    assert local.get("location") == f"https://{site.host}.localhost:{site.cloud.edge_https}/x"


def test_a_visitor_over_tls_is_sent_to_http_when_that_is_wanted(site: EdgeSite) -> None:
    redirect = {"Switch": "on", "RedirectType": "http", "RedirectStatusCode": 302}
    site.add(Https=https(site), ForceRedirect=redirect)
    found = site.visit("/x", scheme="https")
    assert (found.status, found.get("location")) == (302, f"http://{site.host}/x")
    assert site.visit().status == 200


def test_hsts_is_told_over_https_only(site: EdgeSite) -> None:
    site.add(Https=https(site, Hsts={"Switch": "on", "MaxAge": 1000, "IncludeSubDomains": "on"}))
    assert site.visit(scheme="https").get("strict-transport-security") == "max-age=1000; includeSubDomains"
    assert site.visit().get("strict-transport-security") is None


def test_tls_versions_that_the_host_does_not_speak_are_refused(site: EdgeSite) -> None:
    site.add(Https=https(site, TlsVersion=["TLSv1.2"]))
    assert site.visit("/", "--tls-max", "1.2", scheme="https").status == 200
    with pytest.raises(RuntimeError):
        site.visit("/", "--tlsv1.3", scheme="https")


def test_a_name_below_localhost_stands_for_the_host(site: EdgeSite) -> None:
    site.add(Https=https(site, Http2="on"))
    name = f"{site.host}.localhost"
    assert site.visit(host=name).body == b"<h1>One</h1>"
    over_tls = site.visit("/", "--http2", host=name, scheme="https")
    assert (over_tls.version, over_tls.body) == ("2", b"<h1>One</h1>")


def test_an_unknown_host_is_not_found_and_its_certificate_is_not_that_of_another(site: EdgeSite) -> None:
    site.add(Https=https(site))
    assert site.visit(host="nobody.example").status == 404
    assert "CN = localhost" in s_client(site, "nobody.example")
    with pytest.raises(RuntimeError, match="certificate"):
        site.visit(host="nobody.example", scheme="https")
    assert site.visit("/", "--insecure", host="nobody.example", scheme="https").status == 404


def test_without_https_there_is_nothing_over_tls(site: EdgeSite) -> None:
    site.add()
    assert site.visit().status == 200
    assert site.visit("/", "--insecure", scheme="https").status == 404


def test_a_host_that_is_offline_is_not_served(site: EdgeSite) -> None:
    site.add()
    assert site.visit().status == 200
    call_api(site.cloud, "cdn", "StopCdnDomain", Domain=site.host)
    assert site.visit().status == 404
    call_api(site.cloud, "cdn", "StartCdnDomain", Domain=site.host)
    assert site.visit().status == 200


def test_a_host_is_served_from_the_moment_it_is_online(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "data", "--pace", "3600") as cloud:
        site = make_site(cloud)
        site.add()
        assert site.visit().status == 404
        admin(cloud, "/-/pace", "0")
        assert site.visit().status == 200


def test_many_streams_of_one_connection_are_answered_completely(site: EdgeSite, tmp_path: Path) -> None:
    site.add(Https=https(site, Http2="on"), Cache=rules(cached()))
    bodies = {f"f{number}.bin": bytes([number]) * (number * 40_000) for number in range(1, 41)}
    for key, body in bodies.items():
        site.put(key, body)
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", "--http2", "--parallel", "--parallel-max", "40", "--cacert",
         site.cloud.ca, "--connect-to", f"::127.0.0.1:{site.cloud.edge_https}", "--max-time", "120",
         f"https://{site.host}/f[1-40].bin", "-o", str(tmp_path / "f#1.bin"),
         "-w", "%{http_version} %{num_connects}\n"],
        capture_output=True, text=True, check=True, timeout=180)
    versions = {line.split()[0] for line in done.stdout.splitlines()}
    assert versions == {"2"}
    assert [name for name, body in bodies.items() if (tmp_path / name).read_bytes() != body] == []


def test_a_large_file_arrives_whole_over_http2(site: EdgeSite) -> None:
    site.add(Https=https(site, Http2="on"))
    large = bytes(range(256)) * (40 * 4096)
    site.put("large.bin", large)
    assert site.visit("/large.bin", "--http2", scheme="https").body == large
    assert site.visit("/large.bin", "--http2", "-r", "-300", scheme="https").body == large[-300:]
    head = site.visit("/large.bin", "--http2", "--head", scheme="https")
    assert (head.get("content-length"), head.body) == (str(len(large)), b"")


def test_http1_and_http2_tell_the_same(site: EdgeSite) -> None:
    site.add(Https=https(site, Http2="on"), Cache=rules(cached()))
    site.visit()
    site.visit("/no")
    changing = {"date", "x-nws-log-uuid", "x-cos-request-id", "x-cos-trace-id", "age", "connection", "keep-alive"}

    def facts(visit: Visit) -> tuple[int, bytes, list[tuple[str, str]]]:
        return visit.status, visit.body, sorted(pair for pair in visit.headers if pair[0] not in changing)

    for path, *options in (["/"], ["/no"], ["/", "--head"], ["/", "-r", "1-2"], ["/", "-X", "POST", "-d", "x"]):
        first, second = (facts(site.visit(path, option, *options, scheme="https")) for option in HTTPS)
        assert (first[0], len(first[1]), first[2]) == (second[0], len(second[1]), second[2])


def test_many_visitors_at_once_make_one_fetch(site: EdgeSite) -> None:
    site.add(Cache=rules(cached()))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: site.visit(), range(40)))
    assert {visit.body for visit in found} == {b"<h1>One</h1>"}
    assert [visit.get("x-cache") for visit in found].count("MISS") == 1


def test_a_browser_opens_the_host_over_http2(site: EdgeSite, chromium: RunChromium) -> None:
    site.add(Https=https(site, Http2="on"), Cache=rules(cached()),
             ForceRedirect={"Switch": "on", "RedirectType": "https", "RedirectStatusCode": 302})
    maps = (f"MAP {site.host}:80 127.0.0.1:{site.cloud.edge_http},"
            f"MAP {site.host}:443 127.0.0.1:{site.cloud.edge_https}")
    with chromium(f"--host-resolver-rules={maps}", "--ignore-certificate-errors") as page:
        page.open(f"http://{site.host}/")
        assert page.evaluate("location.href") == f"https://{site.host}/"
        assert page.evaluate("document.body.innerText") == "One"
        entry = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
        assert page.evaluate(entry) == "h2"
        again = "fetch('/', {cache: 'reload'}).then(answer => answer.headers.get('x-cache'))"
        assert page.evaluate(again) == "HIT"
