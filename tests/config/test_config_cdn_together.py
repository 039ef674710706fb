"""CDN settings that are right one by one, and that the CDN does not take together or not any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.loading import load, only, problems, site

SIGNED = "{secretKey: abcdef123, signParam: s, expireTime: 9, fileExtensions: ['*'], filterType: whitelist}"
PLAIN = "{secretKey: abcdef123, expireTime: 9, fileExtensions: ['*'], filterType: whitelist}"
NO_CACHE, FOLLOW, NONE = "{noCache: {switch: on}}", "{followOrigin: {switch: on}}", "{noCache: {switch: off}}"
BOTH = "{noCache: {switch: on}, followOrigin: {switch: on}}"
NO_TIME, TIMED = "{cache: {switch: on}}", "{cache: {switch: on, cacheTime: 60}, noCache: {switch: off}}"


def rule(config: str) -> str:
    return f"{{ruleType: all, rulePaths: ['*'], cacheConfig: {config}}}"


def host(line: str, *, area: str = "") -> str:
    inner = f"    specificConfig:\n      {area}:\n        {line}\n" if area else f"    {line}\n"
    return site(f"hosts:\n  - host: www.example.com\n{inner}")


WRONG = [
    (f"authentication: {{switch: on, typeA: {SIGNED}, typeC: {PLAIN}}}", "signed addresses in one way", "typeC"),
    (f"authentication: {{switch: on, typeB: {PLAIN}}}", "does not take `typeB`", "typeB"),
    (f"cache: {{simpleCache: {{followOrigin: on}}, ruleCache: [{rule(NO_CACHE)}]}}",
     "one kind of cache rules", "ruleCache"),
    (f"cache: {{ruleCache: [{rule(BOTH)}]}}", "exactly one of", ""),
    (f"cache: {{ruleCache: [{rule(NONE)}]}}", "exactly one of", ""),
    (f"cache: {{ruleCache: [{rule(NO_TIME)}]}}", "needs `cacheTime`", ""),
    ("https: {verifyClient: on, certInfo: {certId: abc}}", "`verifyClient` needs", "verifyClient"),
]


@pytest.mark.parametrize(("line", "words", "at"), WRONG)
def test_what_the_cdn_does_not_take_together_is_refused_with_its_place(
        tmp_path: Path, line: str, words: str, at: str) -> None:
    problem = only(problems(tmp_path, host(line)))
    assert words in problem.message and problem.position is not None and problem.position.line == 7
    if at:
        assert problem.position.column == 7 + line.index(f"{at}:")


@pytest.mark.parametrize("line", [
    f"authentication: {{switch: on, typeA: {SIGNED}}}", f"authentication: {{switch: on, typeC: {PLAIN}}}",
    "authentication: {switch: off}", "cache: {simpleCache: {followOrigin: on}}",
    f"cache: {{ruleCache: [{rule(TIMED)}]}}",
    f"cache: {{ruleCache: [{rule(NO_CACHE)}, {rule(FOLLOW)}]}}",
    "https: {verifyClient: off, certInfo: {certId: abc}}",
    "https: {verifyClient: on, clientCertInfo: {certificate: authority.pem}, certInfo: {certId: abc}}",
])
def test_what_the_cdn_takes_is_let_pass(tmp_path: Path, line: str) -> None:
    assert load(tmp_path, host(line)).hosts[0].host == "www.example.com"


@pytest.mark.parametrize("area", ["mainland", "overseas"])
def test_the_same_holds_in_one_area(tmp_path: Path, area: str) -> None:
    line, words, _at = WRONG[0]
    assert words in only(problems(tmp_path, host(line, area=area))).message


@pytest.mark.parametrize(("line", "words"), [
    ("originPullOptimization: {switch: on, optimizationType: OVToCN}", "retired"),
    ("cache: {advancedCache: {ignoreCacheControl: on}}", "deprecated `advancedCache`"),
    ("https: {clientCertInfo: {certificate: authority.pem}}", "no effect without `verifyClient: on`"),
])
def test_what_the_cdn_has_given_up_is_said(tmp_path: Path, line: str, words: str) -> None:
    assert any(words in warning.message for warning in load(tmp_path, host(line)).warnings)


@pytest.mark.parametrize("key", ["seo: {switch: on}", "https: {http2: on}", "cache: {simpleCache: {followOrigin: on}}",
                                 "compression: {switch: off}", "videoSeek: {switch: off}", "maxAge: {switch: off}",
                                 "forceRedirect: {switch: off}", "ipFreqLimit: {switch: on, qps: 5}"])
def test_an_area_takes_only_what_the_cdn_lets_differ(tmp_path: Path, key: str) -> None:
    assert key.partition(":")[0] in only(problems(tmp_path, host(key, area="overseas"))).message


@pytest.mark.parametrize("line", [
    "errorPage: {switch: on, pageRules: [{statusCode: 405, redirectCode: 302, redirectUrl: 'https://b.com/'}]}",
    "errorPage: {switch: on, pageRules: [{statusCode: 404, redirectCode: 307, redirectUrl: 'https://b.com/'}]}",
    "statusCodeCache: {switch: on, cacheRules: [{statusCode: 500, cacheTime: 10}]}",
    "statusCodeCache: {switch: on, cacheRules: [{statusCode: 4xx, cacheTime: 10}]}",
    "bandwidthAlert: {switch: on, counterMeasure: RESOLVE_DNS_TO_ORIGIN}",
    "ipFilter: {switch: on, filterType: blacklist, filters: [1.2.3.4], returnCode: 500}",
    "cacheKey: {keyRules: [{ruleType: all, rulePaths: ['*']}]}",
    "rangeOriginPull: {switch: on, rangeRules: [{switch: on, ruleType: all, rulePaths: ['*']}]}",
    "referer: {switch: on, refererRules: [{ruleType: index, rulePaths: ['/'], refererType: blacklist, allowEmpty: true,"
    " referers: [b.com]}]}",
    "followRedirect: {switch: on, redirectConfig: {switch: on}}",
    "authentication: {switch: on, typeD: {secretKey: abcdef123, expireTime: 9, fileExtensions: ['*'],"
    " filterType: whitelist, signParam: s, timeParam: t}}",
])
def test_a_value_that_the_cdn_has_not_is_refused(tmp_path: Path, line: str) -> None:
    assert problems(tmp_path, host(line))


@pytest.mark.parametrize("code", ["403", "404", "'404'"])
def test_a_status_may_be_written_as_a_number(tmp_path: Path, code: str) -> None:
    rules = f"[{{statusCode: {code}, cacheTime: 1}}]"
    project = load(tmp_path, host(f"statusCodeCache: {{switch: on, cacheRules: {rules}}}"))
    assert project.hosts[0].settings["statusCodeCache"]["cacheRules"][0]["statusCode"] in ("403", "404")
