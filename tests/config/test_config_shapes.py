"""The published shapes of serverless.yml, each with the project it means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sitepub.config.bucket_settings import Access, CorsRule, LifecycleRule, RedirectRule, Website
from sitepub.config.project import Host, Project, Releases, Source
from tests.config.loading import load, site


def test_the_shortest_file_gets_the_documented_defaults(tmp_path: Path) -> None:
    project = load(tmp_path, "component: website\nname: my-site\ninputs:\n  src: ./public\n")
    assert project == Project(
        root=tmp_path, file=tmp_path / "serverless.yml", app="my-site", stage="dev", name="my-site",
        source=Source(folder=tmp_path / "public", position=project.source.position))
    assert project.region == "ap-guangzhou"
    assert project.protocol == "https"
    assert project.website == Website("index.html", "error.html")
    assert project.access == Access(acl="public-read", policy=None, anonymous_read_policy=False)
    assert project.warnings == ()
    assert project.source.position is not None
    assert (project.source.position.line, project.source.position.column) == (4, 3)


FULL = """\
component: tencent-website
name: websitedemo
org: "Acme, Inc."
app: websiteApp
stage: testing

inputs:
  src:
    src: ./src
    hook: npm run build
    dist: ./dist
    index: home.html
    error: oops/404.html
    websitePath: ./www/
    envPath: ./js/
    targetDir: /v1
    include: important.log
    exclude:
      - "*.log"
      - drafts/
    timeout: 600
    allowSecrets: [demo.pem]
  bucket: my-bucket
  region: ap-shanghai
  protocol: http
  env:
    API_URL: https://api.example.com
    RETRIES: 3
    RATIO: 1.50
    DEBUG: false
    NOTHING:
    LIST: [1, "007"]
  replace: true
  ignoreHtmlExt: true
  disableErrorStatus: true
  autoSetupAcl: false
  autoSetupPolicy: true
  tags:
    - {key: team, value: web}
    - {key: cost, value: 007}
    - {key: release, value: 1.10}
    - {key: public, value: true}
    - {key: norway, value: no}
  cors:
    - allowedOrigins: ['*.example.com', 'https://a.example']
      allowedMethods: [PUT, POST]
      allowedHeaders: '*'
      exposeHeaders: [ETag]
      maxAgeSeconds: 0
    - allowedOrigins: '*'
      allowedMethods: GET
  lifecycle:
    - id: old
      status: Disabled
      filter: {prefix: logs/}
      expiration: {days: 30}
      transition: {days: 10, storageClass: STANDARD_IA}
      noncurrentVersionExpiration: {noncurrentDays: 5}
      abortIncompleteMultipartUpload: {daysAfterInitiation: 1}
    - ID: capitals
      Expiration: {Days: "7"}
      Transition:
        - {Days: 1, StorageClass: STANDARD_IA}
        - {Days: 5, StorageClass: ARCHIVE}
  redirectRules:
    - condition: {httpErrorCodeReturnedEquals: 404}
      redirect: {protocol: https, replaceKeyWith: gone.html}
    - Condition: {KeyPrefixEquals: old/}
      Redirect: {ReplaceKeyPrefixWith: new/}
  keyPrefix: ./blog/
  headers:
    - files: ["*.html", /feed.xml]
      set:
        cache-control: no-cache
        X-COS-Meta-Built-By: me
    - files: "*.bin"
      set: {Content-Type: }
  accelerate: true
  state: {bucket: my-state}
"""


def test_every_key_of_the_inputs_arrives(tmp_path: Path) -> None:
    project = load(tmp_path, FULL)
    assert (project.app, project.stage, project.name, project.org) == (
        "websiteApp", "testing", "websitedemo", "Acme, Inc.")
    source = project.source
    assert source.folder == tmp_path / "src"
    assert source.hook == "npm run build"
    assert source.hook_position is not None
    assert (source.hook_position.line, source.hook_position.column) == (10, 11)
    assert source.dist == tmp_path / "dist"
    assert source.dist_beside_source == tmp_path / "src" / "dist"
    assert (source.website_path, source.env_path) == ("www", "js")
    assert (source.include, source.exclude) == (("important.log",), ("*.log", "drafts/"))
    assert source.allow_secrets == ("demo.pem",)
    assert source.timeout == 600
    assert project.key_prefix == "blog/v1/"
    assert (project.region, project.bucket_name, project.protocol) == ("ap-shanghai", "my-bucket", "http")
    assert project.website == Website("home.html", "oops/404.html", True, True, (
        RedirectRule(http_error_code=404, protocol="https", replace_key_with="gone.html"),
        RedirectRule(key_prefix="old/", replace_key_prefix_with="new/")), error_is_default=False)
    assert project.access == Access(acl=None, policy=None, anonymous_read_policy=True)
    assert project.env == {"API_URL": "https://api.example.com", "RETRIES": 3, "RATIO": 1.5, "DEBUG": False,
                           "NOTHING": None, "LIST": [1, "007"]}
    assert [type(value) for value in project.env.values()] == [str, int, float, bool, type(None), list]
    assert project.tags == {"team": "web", "cost": "007", "release": "1.10", "public": "true", "norway": "no"}
    assert project.cors == (
        CorsRule(("PUT", "POST"), ("*.example.com", "https://a.example"), ("*",), ("ETag",), 0),
        CorsRule(("GET",), ("*",)))
    assert project.lifecycle == (
        LifecycleRule("old", False, "logs/", 30, 5, 1, ((10, "STANDARD_IA"),)),
        LifecycleRule("capitals", expiration_days=7, transitions=((1, "STANDARD_IA"), (5, "ARCHIVE"))))
    assert [(rule.pattern, dict(rule.headers)) for rule in project.headers] == [
        ("*.html", {"Cache-Control": "no-cache", "x-cos-meta-built-by": "me"}),
        ("/feed.xml", {"Cache-Control": "no-cache", "x-cos-meta-built-by": "me"}),
        ("*.bin", {"Content-Type": ""})]
    assert project.replace is True
    assert project.accelerate is True
    assert project.state_bucket == "my-state"
    assert project.warnings == ()


HOSTS = """\
component: website
name: a
inputs:
  src: ./src
  https:
    switch: on
    http2: on
    certInfo: {certId: shared}
  hosts:
    - host: Anycoder.CN.
    - host: abc.com
      area: global
      async: true
      autoRefresh: off
      onlyRefresh: true
""".replace("autoRefresh: off", "autoRefresh: false") + """\
      refreshCdn: {urls: ['https://abc.com/'], flushType: delete}
      pushCdn: {urls: ['https://abc.com/a'], area: mainland, userAgent: x}
      cache:
        ruleCache:
          - rulePaths: ['*']
            ruleType: all
            cacheConfig: {cache: {switch: on, cacheTime: 60}, noCache: {switch: false}}
      cacheKey: {fullUrlCache: on}
      referer:
        switch: on
        refererRules:
          - {ruleType: all, rulePaths: ['*'], refererType: blacklist, allowEmpty: true, referers: ['*.b.com']}
      ipFilter: {switch: on, filterType: blacklist, filters: [1.2.3.4, 2.3.4.5]}
      compression: {switch: on, compressionRules: [{compress: true, minLength: 256, maxLength: 2097152,
        algorithms: [gzip, brotli], ruleType: file, rulePaths: [html]}]}
      forceRedirect: {switch: true, redirectType: https, redirectStatusCode: 301}
      https:
        http2: off
        hsts: {switch: on, maxAge: 100, includeSubDomains: off}
        tlsVersion: [TLSv1.2, TLSv1.3]
        certInfo: {certificate: 'PEM', privateKey: 'KEY', remarks: note}
      seo: {switch: on}
      downstreamCapping: {switch: on, cappingRules: [{ruleType: all, rulePaths: '*', kBpsThreshold: 10}]}
      originPullTimeout: {connectTimeout: 5, receiveTimeout: 10}
      specificConfig: {mainland: {referer: {switch: off}}}
      tags: [{key: a, value: 1}]
"""


def test_hosts_arrive_with_their_settings_as_the_cdn_names_them(tmp_path: Path) -> None:
    project = load(tmp_path, HOSTS)
    plain, full = project.hosts
    assert plain == Host("anycoder.cn", https={"switch": "on", "http2": "on",
                         "certInfo": {"certId": "shared"}},
                         position=plain.position)
    assert (full.host, full.area, full.wait, full.auto_refresh, full.only_refresh) == (
        "abc.com", "global", False, False, True)
    assert full.https == {
        "switch": "on", "http2": "off", "hsts": {"switch": "on", "maxAge": 100, "includeSubDomains": "off"},
        "tlsVersion": ["TLSv1.2", "TLSv1.3"],
        "certInfo": {"certificate": "PEM", "privateKey": "KEY", "remarks": "note"}}
    assert full.force_redirect == {"switch": "on", "redirectType": "https", "redirectStatusCode": 301}
    assert full.settings["cache"]["ruleCache"][0]["cacheConfig"] == {
        "cache": {"switch": "on", "cacheTime": 60}, "noCache": {"switch": "off"}}
    assert full.settings["ipFilter"]["filters"] == ["1.2.3.4", "2.3.4.5"]
    assert full.settings["downstreamCapping"]["cappingRules"] == [
        {"ruleType": "all", "rulePaths": ["*"], "kBpsThreshold": 10}]
    assert full.settings["tags"] == [{"key": "a", "value": "1"}]
    assert sorted(full.settings) == [
        "cache", "cacheKey", "compression", "downstreamCapping", "ipFilter", "originPullTimeout", "pushCdn",
        "referer", "refreshCdn", "seo", "specificConfig", "tags"]
    assert "KEY" not in repr(project)


@pytest.mark.parametrize(("written", "switch"), [("on", "on"), ("off", "off"), ("true", "on"),
                         ("false", "off"),
                                                 ("'on'", "on")])
def test_on_off_fields_take_booleans_too(tmp_path: Path, written: str, switch: str) -> None:
    project = load(tmp_path, site(f"hosts: [{{host: a.com, seo: {{switch: {written}}}}}]"))
    assert project.hosts[0].settings["seo"] == {"switch": switch}


def test_anchors_may_live_below_a_key_that_begins_with_x(tmp_path: Path) -> None:
    text = "x-headers: &base {Cache-Control: no-cache}\n" + site(
        "headers:\n  '*.html': *base\n  '*.xml': {<<: *base, Expires: 0}")
    assert [rule.headers for rule in load(tmp_path, text).headers] == [
        {"Cache-Control": "no-cache"}, {"Cache-Control": "no-cache", "Expires": "0"}]


@pytest.mark.parametrize("code", ["302", "'302'", "${env:CODE}"])
def test_numbers_may_be_written_as_text(tmp_path: Path, code: str) -> None:
    text = site(f"hosts:\n  - host: a.com\n    forceRedirect:\n      redirectStatusCode: {code}")
    redirect = load(tmp_path, text, environ={"CODE": "302"}).hosts[0].force_redirect
    assert redirect is not None
    assert redirect["redirectStatusCode"] == 302


def test_a_host_name_is_brought_to_ascii(tmp_path: Path) -> None:
    assert load(tmp_path, site("hosts: [{host: 例子.中国}]")).hosts[0].host == "xn--fsqu00a.xn--fiqs8s"


def test_force_redirect_has_its_documented_defaults(tmp_path: Path) -> None:
    project = load(tmp_path, site("hosts: [{host: a.com, forceRedirect: {}}]"))
    assert project.hosts[0].force_redirect == {
        "switch": "on", "redirectType": "https", "redirectStatusCode": 301}


OLD = """\
component: "@serverless/tencent-website@2.0.1"
name: old
inputs:
  code:
    root: ./frontend
    src: ./dist
    hook: npm run build
    index: index.htm
    envPath: ./dist/js
"""


def test_the_old_form_runs_the_hook_in_root_and_publishes_src_below_it(tmp_path: Path) -> None:
    project = load(tmp_path, OLD)
    assert project.protocol == "http"
    assert project.source.folder == tmp_path / "frontend"
    assert project.source.dist == tmp_path / "frontend" / "dist"
    assert project.source.env_path == "js"
    assert project.website.index == "index.htm"
    without_hook = load(tmp_path, OLD.replace("    hook: npm run build\n", ""))
    assert without_hook.source.folder == tmp_path / "frontend" / "dist"
    assert without_hook.source.dist is None
    assert load(tmp_path, OLD + "  protocol: https\n").protocol == "https"


def test_the_first_version_names_the_site_by_its_key(tmp_path: Path) -> None:
    text = "mySite:\n  component: '@serverless/tencent-website'\n  inputs:\n    code: {src: ./code}\n"
    project = load(tmp_path, text)
    assert (project.name, project.protocol) == ("mySite", "http")
    assert project.source.folder == tmp_path / "code"


def test_a_hook_without_src_runs_in_the_folder_of_the_file(tmp_path: Path) -> None:
    project = load(tmp_path, "component: website\nname: a\ninputs: {src: {hook: hexo g, dist: public}}\n")
    assert project.source.folder == tmp_path
    assert project.source.dist == tmp_path / "public"
    assert project.source.dist_beside_source is None


def test_the_published_place_of_env_path_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, site("envPath: ./js")).source.env_path == "js"


def test_a_map_of_header_rules_means_the_same_as_a_list(tmp_path: Path) -> None:
    one = load(tmp_path, site("headers: {'*.html': {Cache-Control: no-cache}, /a/: {Expires: '0'}}")).headers
    two = load(tmp_path, site("headers:\n  - {files: '*.html', set: {Cache-Control: no-cache}}\n"
                              "  - {files: [/a/], set: {Expires: '0'}}")).headers
    assert [(r.pattern, r.headers) for r in one] == [(r.pattern, r.headers) for r in two]


@pytest.mark.parametrize(("written", "access"), [
    ("", Access()),
    ("acl: private\npolicy: {version: '2.0', statement: [{effect: allow}]}",
     Access(acl="private", policy={"version": "2.0", "statement": [{"effect": "allow"}]})),
    ("acl: {permissions: public-read}", Access()),
    ("autoSetupAcl: false\nautoSetupPolicy: true", Access(acl=None, anonymous_read_policy=True)),
])
def test_access(tmp_path: Path, written: str, access: Access) -> None:
    assert load(tmp_path, site(written)).access == access


def test_keys_that_hold_nothing_count_as_left_out(tmp_path: Path) -> None:
    project = load(tmp_path, site("replace:\nhosts:\ncors:\nenv:\nregion: ~", top="stage:\napp:"))
    assert (project.replace, project.hosts, project.cors, project.env) == (False, (), None, {})
    assert (project.region, project.stage, project.app) == ("ap-guangzhou", "dev", "site")


def test_an_empty_list_is_not_the_same_as_none(tmp_path: Path) -> None:
    project = load(tmp_path, site("cors: []\ntags: []\nlifecycle: []"))
    assert (project.cors, project.tags, project.lifecycle) == ((), {}, ())


def test_pydantic_is_loaded_with_a_project_and_not_before() -> None:
    code = "import sys, sitepub.config.load, sitepub.config.schema\nsys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_models_of_the_cdn_are_not_loaded_for_a_site_without_hosts(tmp_path: Path) -> None:
    tmp_path.joinpath("serverless.yml").write_text(site())
    code = ("import sys, pathlib, sitepub.config.load as l\n"
            "l.load_project(pathlib.Path(sys.argv[1]))\nsys.exit('sitepub.config.models.cdn' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "serverless.yml")], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(("written", "releases"), [
    ("", Releases()), ("releases:", Releases()), ("releases: {keep: 5}", Releases(5)),
    ("releases: {keep: '5'}", Releases(5)), ("releases: {keep: 90 d}", Releases(1000, 90 * 86400)),
    ("releases: {keep: 2 weeks}", Releases(1000, 14 * 86400)), ("releases: {keep: {number: 3, age: 12h}}",
                                                                  Releases(3, 43200)),
    ("releases: {keep: {age: 7}}", Releases(100, 7 * 86400)), ("releases: {keepAssets: 0}", Releases(keep_assets=0)),
    ("releases: {slots: 1}", Releases()), ("hosts: [{host: a.b.cn}, {host: c.b.cn, edge: edgeone}]\nreleases:"
                                           " {slots: '3', keep: 9}", Releases(9, slots=3)),
    ("releases: {keepAssets: 12 h}", Releases(keep_assets=43200)), ("releases: {keepAssets: 1.5 d}",
                                                                      Releases(keep_assets=129600)),
    ("releases: {keepAssets: 30d}", Releases(keep_assets=30 * 86400)), ("releases: {keepAssets: 7}",
                                                                         Releases(keep_assets=7 * 86400))])
def test_which_releases_are_kept_and_how_long(tmp_path: Path, written: str, releases: Releases) -> None:
    assert load(tmp_path, site(written)).releases == releases


@pytest.mark.parametrize(("top", "below", "protected"), [
    ("", "", ""), ("protect: prod", "", "prod"), ("protect: [prod, staging]", "", "prod staging"),
    ("", "protect: prod", "prod"), ("protect: staging", "protect: [prod]", "prod staging"),
    ("protect: 'prod*'", "", "prod prod-2"), ("protect: ['*']", "", "dev prod prod-2 staging"), ("protect:", "", ""),
    ("protect: []", "", ""), ("protect: Prod", "", ""), ("protect: ['${env:P}']", "", "staging")])
def test_which_stages_are_protected(tmp_path: Path, top: str, below: str, protected: str) -> None:
    text = f"{top}\n{site(below)}"
    found = [stage for stage in ("dev", "prod", "prod-2", "staging")
             if load(tmp_path, text, stage=stage, environ={"P": "staging"}).protected]
    assert found == protected.split()


def test_the_parent_folder_may_say_which_stages_are_protected(tmp_path: Path) -> None:
    tmp_path.joinpath("serverless.yml").write_text("app: shop\nprotect: prod\n")
    assert load(tmp_path / "site", site(), stage="prod").protected
    assert not load(tmp_path / "site", site(), stage="dev").protected
    assert not load(tmp_path / "site", "protect: []\n" + site(), stage="prod").protected, "its own word counts"


@pytest.mark.parametrize(("inputs", "traffic", "publish"), [
    ([], None, False), (["traffic=0.1"], 0.1, False), (["traffic=1"], 1, False), (["traffic=1.0"], 1, False),
    (["traffic=0"], 0, False), (["publish=true"], None, True), (["publish=false"], None, False),
    (["publish=true", "traffic=0.25"], 0.25, True)])
def test_a_share_of_the_visitors_and_a_stable_release(tmp_path: Path, inputs: list[str], traffic: float | None,
                                                      publish: bool) -> None:
    project = load(tmp_path, site(), inputs=inputs)
    assert (project.traffic, project.publish) == (traffic, publish)
