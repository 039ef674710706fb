"""Hosts in the words of the CDN API of 2017, and in the capitals of today's API."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from sitepub.config.project import Host
from tests.config.loading import load, only, problems, site

PEM = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n"


def host_of(tmp_path: Path, text: str, **environ: str) -> Host:
    project = load(tmp_path, site(f"hosts: [{{host: a.example.com, {text}}}]"), environ=environ)
    assert project.warnings == ()
    return project.hosts[0]


@pytest.mark.parametrize(("text", "key", "expected"), [
    ("cache: [{type: 0, rule: all, time: 1000}]", "cache",
     {"simpleCache": {"cacheRules": [{"cacheType": "all", "cacheContents": ["*"], "cacheTime": 1000}]}}),
    ("cache: [{type: 1, rule: '.jpg;.js', time: '2000'}, {type: 2, rule: '/a;/www/b', time: 3000},"
     " {type: 3, rule: '/a/1.html;/b/2.html', time: 10}]", "cache",
     {"simpleCache": {"cacheRules": [
         {"cacheType": "file", "cacheContents": ["jpg", "js"], "cacheTime": 2000},
         {"cacheType": "directory", "cacheContents": ["/a", "/www/b"], "cacheTime": 3000},
         {"cacheType": "path", "cacheContents": ["/a/1.html", "/b/2.html"], "cacheTime": 10}]}}),
    ("cache: [[0, all, 5], [1, .png, 6]], cacheMode: custom", "cache",
     {"simpleCache": {"cacheRules": [{"cacheType": "all", "cacheContents": ["*"], "cacheTime": 5},
                                     {"cacheType": "file", "cacheContents": ["png"], "cacheTime": 6}],
                      "compareMaxAge": "on"}}),
    ("fullUrl: on", "cacheKey", {"fullUrlCache": "on"}), ("fullUrl: off", "cacheKey", {"fullUrlCache": "off"}),
    ("refer: [{type: 1, list: [qq.baidu.com, '*.baidu.com'], empty: 1}]", "referer",
     {"switch": "on", "refererRules": [{"ruleType": "all", "rulePaths": ["*"], "refererType": "blacklist",
                                        "referers": ["qq.baidu.com", "*.baidu.com"], "allowEmpty": True}]}),
    ("refer: {type: 2, list: a.com}", "referer",
     {"switch": "on", "refererRules": [{"ruleType": "all", "rulePaths": ["*"], "refererType": "whitelist",
                                        "referers": ["a.com"], "allowEmpty": False}]}),
    ("refer: {type: 0}", "referer", {"switch": "off"}),
    ("accessIp: {type: 1, list: [1.2.3.4]}", "ipFilter",
     {"switch": "on", "filterType": "blacklist", "filters": ["1.2.3.4"]}),
    ("CacheKey: {FullUrlCache: on}", "cacheKey", {"fullUrlCache": "on"}),
    ("CacheKey.FullUrlCache: on", "cacheKey", {"fullUrlCache": "on"}),
    ("IpFilter: {Switch: on, FilterType: whitelist, Filters: [1.1.1.1]}", "ipFilter",
     {"switch": "on", "filterType": "whitelist", "filters": ["1.1.1.1"]}),
    ("Cache: {SimpleCache: {FollowOrigin: on, CacheRules: [{CacheType: all, CacheContents: ['*'], CacheTime: 9}]}}",
     "cache", {"simpleCache": {"followOrigin": "on", "cacheRules": [
         {"cacheType": "all", "cacheContents": ["*"], "cacheTime": 9}]}}),
    ("SEO: {Switch: on}", "seo", {"switch": "on"}),
])
def test_old_words_are_read(tmp_path: Path, text: str, key: str, expected: dict[str, Any]) -> None:
    assert host_of(tmp_path, text).settings == {key: expected}


@pytest.mark.parametrize(("https", "expected"), [
    ("{certId: abc, http2: on}", {"certId": "abc"}),
    ("{certId: 124112, cert: x, privateKey: y}", {"certId": "124112"}),
    ("{cert: '${env:CERT}', privateKey: '${env:KEY}'}", {"certificate": PEM, "privateKey": KEY}),
    ("{certPath: '${env:CERT64}', privateKeyPath: '${env:KEY64}'}", {"certificate": PEM, "privateKey": KEY}),
    ("{CertInfo: {CertId: abc}}", {"certId": "abc"}),
])
def test_old_certificates_are_read(tmp_path: Path, https: str, expected: dict[str, str]) -> None:
    word = "Https" if "CertInfo" in https else "https"
    host = host_of(tmp_path, f"{word}: {https}", CERT=PEM, KEY=KEY, CERT64=base64.b64encode(PEM.encode()).decode(),
                   KEY64=base64.encodebytes(KEY.encode()).decode())
    assert host.https is not None
    assert host.https["certInfo"] == expected
    assert host.https["switch"] == "on"


@pytest.mark.parametrize(("value", "expected"), [
    ("2", {"switch": "on", "redirectType": "https", "redirectStatusCode": 302}),
    ("'3'", {"switch": "on", "redirectType": "https", "redirectStatusCode": 301}),
    ("1", {"switch": "on", "redirectType": "http", "redirectStatusCode": 302}),
    ("-2", None), ("-3", None), ("0", None),
])
def test_force_switch_is_a_redirect(tmp_path: Path, value: str, expected: dict[str, Any] | None) -> None:
    host = host_of(tmp_path, f"https: {{certId: abc, forceSwitch: {value}}}")
    assert host.force_redirect == expected


@pytest.mark.parametrize("text", [
    "cache: [{type: 9, rule: all, time: 1}]", "cache: [{rule: all}]", "cache: [x]", "cache: [[]]",
    "refer: {type: 7, list: []}", "refer: x", "accessIp: {type: 1}", "accessIp: [1.2.3.4]",
    "https: {certId: a, forceSwitch: 9}", "https: {certId: a, forceSwitch: on}",
])
def test_old_words_that_make_no_sense_are_refused_with_todays(tmp_path: Path, text: str) -> None:
    problem = only(problems(tmp_path, site(f"hosts: [{{host: a.example.com, {text}}}]")))
    assert problem.position is not None and problem.position.line == 5
    assert "Write `" in (problem.hint or "")


def test_the_published_example_of_the_first_form_is_read(tmp_path: Path) -> None:
    text = """\
myWebsite:
  component: '@serverless/tencent-website'
  inputs:
    code:
      src: ./public
      index: index.html
      error: index.html
    region: ap-guangzhou
    bucketName: my-hexo-bucket
    protocol: https
    hosts:
      - host: blog.example.com
        https:
          certId: ZV99hYOj
          http2: off
          httpsType: 4
          forceSwitch: -2
"""
    project = load(tmp_path, text)
    (host,) = project.hosts
    assert host.https is not None and host.https["certInfo"] == {"certId": "ZV99hYOj"}
    assert [w.message for w in project.warnings] == [
        "`inputs.hosts[].https.httpsType` has no effect: it belongs to the CDN API of 2017"]


def test_two_sites_in_one_file_are_one_clear_error(tmp_path: Path) -> None:
    one = "  component: '@serverless/tencent-website'\n  inputs:\n    code: {src: ./a}\n"
    problem = only(problems(tmp_path, f"shop:\n{one}blog:\n{one}docs:\n{one}"))
    assert "3 sites (shop, blog, docs)" in problem.message
    assert problem.position is not None and (problem.position.line, problem.position.column) == (5, 1)


def test_a_site_beside_other_components_is_read(tmp_path: Path) -> None:
    text = ("api:\n  component: '@serverless/tencent-egg'\n  inputs: {}\n"
            "web:\n  component: '@serverless/tencent-website'\n  inputs:\n    code: {src: ./a}\n")
    assert load(tmp_path, text).name == "web"
