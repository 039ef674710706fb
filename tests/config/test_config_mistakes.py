"""Every mistake in one go, each with its place, the line, what was expected and the nearest right name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.load import load_project
from sitepub.errors import ConfigError, ExitCode, Position
from tests.config.loading import load, only, place, problems, site

MANY = """\
component: webiste
nme: my-site
app: "my app"
stage: ${env:STAGEE}
region: ap-guangzhou
inputs:
  src:
    hook: npm run build
    indx: a.html
    exclude: {a: b}
    timeout: -1
    websitePath: ../up
  bucket: My_Bucket
  protocol: htps
  replace: on
  tags:
    - key: a
      value: [1]
    - key: a
      vlaue: 1
  cors:
    - allowedMethods: [GETT]
      maxAgeSeconds: x
  lifecycle:
    - id: a
      status: On
  hosts:
    - host: http://a.com
      https:
        switch: onn
        certInfo: {certificate: aaaa}
      cache: []
    - host: a.com
    - host: A.com.
    - x
  acl: privat
  redirectRules:
    - Condition: {}
      Redirect: {Protocol: ftp}
  headers:
    "*.html":
      Cache-Control: "a\\nb"
      "a b": x
  env:
    A: ${foo}-${stge}
    A: 1
    B: .nan
  autoSetupAcl: maybe
  ignoreHtmlExt: 1
"""

EXPECTED = [
    (1, 1, "`name` is missing", None),
    (1, 12, "`component` is none that sitepub knows", "`website`"),
    (2, 1, "unknown key `nme`", "`name`"),
    (3, 6, "`app`: expected at most 63 letters, digits, - and _", "bucket names"),
    (4, 8, "the environment variable `STAGEE` is not set", "default"),
    (5, 1, "unknown key `region`", "belongs under `inputs`"),
    (8, 5, "`inputs.src.hook` needs `inputs.src.dist`", "dist: ./dist"),
    (9, 5, "unknown key `inputs.src.indx`", "`index`"),
    (10, 14, "`inputs.src.exclude`: expected text, got a map", None),
    (11, 14, "`inputs.src.timeout`: must be greater than 0", None),
    (12, 18, "`inputs.src.websitePath`: leaves the site", None),
    (13, 11, "`inputs.bucket`: capital letters are not allowed", "small letters"),
    (14, 13, "`inputs.protocol`: expected http or https, got `htps`", "`https`"),
    (15, 12, "`inputs.replace`: expected true or false", None),
    (18, 14, "`inputs.tags[0].value`: expected text, got a list", None),
    (19, 7, "`inputs.tags[1].value` is missing", None),
    (19, 12, "this tag stands here twice; the first is at", None),
    (20, 7, "unknown key `inputs.tags[1].vlaue`", "`value`"),
    (22, 7, "`inputs.cors[0].allowedOrigins` is missing", None),
    (22, 24, "`inputs.cors[0].allowedMethods[0]`: expected GET, PUT, HEAD, POST or DELETE", "`GET`"),
    (23, 22, "`inputs.cors[0].maxAgeSeconds`: expected a whole number", None),
    (25, 7, "a lifecycle rule needs one of expiration", None),
    (26, 15, "`inputs.lifecycle[0].status`: expected Enabled or Disabled, got `On`", None),
    (28, 13, "`inputs.hosts[0].host`: expected a bare host name, without http:// or https://", None),
    (30, 17, "`inputs.hosts[0].https.switch`: expected on or off, got `onn`", "`on`"),
    (31, 9, "`certificate` and `privateKey` need each other", None),
    (32, 14, "`inputs.hosts[0].cache`: expected a map, got a list", None),
    (34, 13, "this host stands here twice; the first is at", None),
    (35, 7, "`inputs.hosts[3]`: expected a map", None),
    (36, 8, "`inputs.acl`: expected public-read, private or public-read-write, got `privat`", "`private`"),
    (38, 7, "a redirect needs exactly one condition", None),
    (39, 28, "`inputs.redirectRules[0].Redirect.Protocol`: expected http or https, got `ftp`", None),
    (42, 22, "must be one line", None),
    (43, 7, "is not a header name", None),
    (45, 8, "unknown variable `${foo}`", "Known are"),
    (45, 15, "unknown variable `${stge}`", "`${stage}`"),
    (46, 5, "`A` stands here twice", "Keep one"),
    (47, 8, "JavaScript's JSON does not know this number", "quotes"),
    (48, 17, "`inputs.autoSetupAcl`: expected true or false", None),
    (49, 18, "`inputs.ignoreHtmlExt`: expected true or false", None),
]


def test_forty_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(tmp_path, MANY)
    assert [place(p) for p in found] == [(line, column) for line, column, _, _ in EXPECTED]
    for problem, (line, _, message, hint) in zip(found, EXPECTED, strict=True):
        assert message in problem.message
        assert (hint or "") in (problem.hint or "")
        assert problem.position is not None
        assert problem.position.text == MANY.splitlines()[line - 1]


def test_the_error_ends_the_program_as_a_usage_error_and_carries_the_first_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, MANY)
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.position == raised.value.problems[0].position
    assert str(raised.value) == "`name` is missing"


TOP = "component: website\nname: a\n"


@pytest.mark.parametrize(("text", "at", "message", "hint"), [
    # the top level
    ("component: website\nname: a\n", (1, 1), "`inputs` is missing", ""),
    ("name: a\ninputs: {src: x}\n", (1, 1), "`component` is missing", ""),
    ("component: scf\nname: a\ninputs: {src: x}\n",
     (1, 12), "`component` is none that sitepub knows", "website"),
    ("component: [website]\nname: a\ninputs: {src: x}\n", (1, 12), "expected text, got a list", ""),
    ("component: website\nname: -a\ninputs: {src: x}\n", (2, 7), "`name`: expected at most 63", ""),
    (TOP + "inputs: ./x\n", (3, 9), "`inputs`: expected a map, got text", ""),
    (TOP + "Inputs: {src: x}\ninputs: {src: x}\n", (3, 1), "unknown key `Inputs`", "`inputs`"),
    (TOP + "inputs: {src: x}\nsrc: x\n", (4, 1), "unknown key `src`", "belongs under `inputs`"),
    (TOP + "inputs: {src: x}\nhosts: []\n", (4, 1), "unknown key `hosts`", "belongs under `inputs`"),
    # src
    (TOP + "inputs: {region: ap-beijing}\n", (3, 1), "`inputs.src` is missing", ""),
    (TOP + "inputs: {src: }\n", (3, 10), "`inputs.src` is missing", ""),
    (TOP + "inputs: {src: ''}\n", (3, 15), "`inputs.src`: must not be empty", ""),
    (TOP + "inputs: {src: [x]}\n", (3, 15), "`inputs.src`: expected a map, got a list", ""),
    (TOP + "inputs: {src: {index: a.html}}\n", (3, 10), "`inputs.src.src` is missing", ""),
    (TOP + "inputs: {src: {src: x, hook: make}}\n", (3, 24), "needs `inputs.src.dist`", "dist"),
    (TOP + "inputs: {src: {dist: out}}\n",
     (3, 16), "`inputs.src.dist` needs `inputs.src.hook`", "`src: out`"),
    (TOP + "inputs: {src: x, hook: make}\n",
     (3, 18), "unknown key `inputs.hook`", "belongs under `inputs.src`"),
    (TOP + "inputs: {src: {src: x, region: y}}\n", (3, 24), "unknown key", "belongs under `inputs`"),
    (TOP + "inputs: {src: {src: x, index: a/b.html}}\n", (3, 31), "without a path", ""),
    (TOP + "inputs: {src: {src: x, error: ./}}\n", (3, 31), "the name of a page", ""),
    (TOP + "inputs: {code: {src: x}, src: x}\n", (3, 10), "belongs to the old form", "`src`"),
    (TOP + "inputs: {src: {src: x, targetDir: 'C:/x'}}\n", (3, 35), "not a drive", ""),
    # buckets
    (site("bucketName: a_b"), (5, 15), "small letters, digits and inner hyphens", ""),
    (site("bucketName: a-"), (5, 15), "small letters, digits and inner hyphens", ""),
    (site(f"bucketName: {'a' * 52}"), (5, 15), "at most 51", ""),
    (site(f"bucketName: {'a' * 50}-1250000000"), (5, 15), "at most 60", ""),
    (site("bucket: a\nbucketName: b"), (5, 3), "are the same setting, but with different values", "Keep one"),
    (site("region: Guangzhou"), (5, 11), "expected a region such as ap-guangzhou", ""),
    (site("bucketName: a\nstate: {bucket: a}"), (6, 19), "must not lie in the website's own bucket", ""),
    (site("state: {bukcet: a}"), (5, 11), "unknown key `inputs.state.bukcet`", "`bucket`"),
    (site("releases: {keep: 0}"), (5, 20), "must be at least 1", ""),
    (site("releases: {keep: soon}"), (5, 20), "expected a number of releases (100), an age (90 d)", ""),
    (site("releases: {keep: {count: 3}}"), (5, 21), "unknown key `inputs.releases.keep.count`", ""),
    (site("releases: {keepAssets: 31 d}"), (5, 26), "expected 30 d at most", ""),
    (site("releases: {keepAssets: 5 minutes}"), (5, 26), "expected a time like 7 d or 12 h", ""),
    (site("releases: {slots: 0}"), (5, 21), "must be at least 1", ""),
    (site("releases: {slots: 6}"), (5, 21), "must be at most 5", ""),
    (site("releases: {slots: two}"), (5, 21), "expected a whole number", ""),
    (site("releases: {slots: 2}"), (5, 21), "`releases.slots: 2` needs a host with `edge: edgeone`", "remove `slots`"),
    (site("releases:\n    slots: '3'\nhosts: [{host: a.example.com}]"), (6, 14), "needs a host with", ""),
    (site("hosts: [{host: a.example.com, edge: cos}]\nreleases: {slots: 2}"), (6, 21), "needs a host with", ""),
    (site("protect: [a b]"), (5, 13), "a stage's name", ""),
    (site("protect: {prod: true}"), (5, 12), "`inputs.protect`", ""),
    (site("traffic: 1.01"), (5, 12), "expected a share of the visitors from 0 to 1", ""),
    (site("traffic: -0.1"), (5, 12), "expected a share of the visitors from 0 to 1", ""),
    (site("traffic: 10%"), (5, 12), "expected a number", ""),
    (site("publish: stable"), (5, 12), "expected true or false", ""),
    (site("acl: private\nautoSetupAcl: true"), (6, 3), "`acl` says something else", ""),
    (site("acl: {permissions: authenticated-read}"), (5, 22), "expected public-read, private", ""),
    (site("policy: {statement: [x]}\nautoSetupPolicy: true"), (6, 3), "contradict each other", ""),
    (site("policy: {Effect: allow}"), (5, 3), "`inputs.policy.statement` is missing", ""),
    (site("policy: open"), (5, 11), "`inputs.policy`: expected a map", ""),
    (site("keyPrefix: ../x"), (5, 14), "leaves the site", ""),
    # lists
    (site("tags: {a: b}"), (5, 9), "`inputs.tags`: expected a list, got a map", ""),
    (site("tags: [{key: '', value: x}]"), (5, 16), "must not be empty", ""),
    (site("cors: [{allowedOrigins: [], allowedMethods: GET}]"), (5, 27), "needs at least 1", ""),
    (site("lifecycle: [{id: a, expiration: {days: 0}}]"), (5, 42), "must be greater than 0", ""),
    (site("lifecycle: [{id: a, expiration: {days: 1}}, {id: a, expiration: {days: 1}}]"),
    (5, 52), "twice", ""),
    (site("redirectRules: [{condition: {httpErrorCodeReturnedEquals: 500}, redirect: {replaceKeyWith: a}}]"),
     (5, 61), "must be at most 499", ""),
    (site("redirectRules: [{condition: {keyPrefixEquals: a}, redirect: {replaceKeyWith: a, "
          "replaceKeyPrefixWith: b}}]"), (5, 53), "not both", ""),
    (site("redirectRules: [{condition: {keyPrefixEquals: a}, redirect: {}}]"),
    (5, 53), "a redirect needs", ""),
    # headers
    (site("headers: [{files: '!', set: {Expires: '0'}}]"), (5, 21), "expected a pattern after", "all files but"),
    (site("headers: [{set: {Expires: '0'}}]"), (5, 13), "`inputs.headers[0].files` is missing", "no-extension"),
    (site("headers: [{files: [], set: {Expires: '0'}}]"), (5, 13), "`inputs.headers[0].files` is missing", ""),
    (site("headers: [{match: no-extensions, set: {Expires: '0'}}]"), (5, 21), "no-extension", ""),
    (site("headers: {'': {Expires: '0'}}"), (5, 13), "expected a pattern", ""),
    (site("headers: {'*': {x-cos-acl: private}}"), (5, 19), "not a response header", ""),
    (site("headers: {'*': no-cache}"), (5, 18), "expected a map, got text", ""),
    (site("headers: [{files: '*'}]"), (5, 13), "`inputs.headers[0].set` is missing", ""),
    # env
    (site("env: [A]"), (5, 8), "`inputs.env`: expected a map", ""),
    (site("env: {A: 9007199254740993}"), (5, 12), "JavaScript would round this number", "quotes"),
    # hosts
    (site("hosts: a.com"), (5, 10), "`inputs.hosts`: expected a list, got text", ""),
    (site("hosts: [{area: global}]"), (5, 11), "`inputs.hosts[0].host` is missing", ""),
    (site("hosts: [{host: a.com/x}]"), (5, 18), "without a path", ""),
    (site("hosts: [{host: '*.a.com'}]"), (5, 18), "wildcard", "List"),
    (site("hosts: [{host: 'a.com:80'}]"), (5, 18), "without a port", ""),
    (site("hosts: [{host: localhost}]"), (5, 18), "full domain name", ""),
    (site("hosts: [{host: 1.2.3.4}]"), (5, 18), "not an IP address", ""),
    (site("hosts: [{host: a_b.com}]"), (5, 18), "is not a valid domain name", ""),
    (site("hosts: [{host: 中文.com}, {host: xn--fiq228c.com}]"), (5, 34), "twice", ""),
    (site("hosts: [{host: a.com, aera: global}]"), (5, 25), "unknown key `inputs.hosts[0].aera`", "`area`"),
    (site("hosts: [{host: a.com, cache: {simplCache: {}}}]"), (5, 33), "unknown key", "`simpleCache`"),
    (site("hosts: [{host: a.com, seo: {switch: yes}}]"), (5, 39), "expected on or off, got `yes`", ""),
    (site("hosts: [{host: a.com, forceRedirect: {redirectStatusCode: 303}}]"),
    (5, 61), "301, 302, 307 or 308", ""),
    (site("hosts: [{host: a.com, https: {certInfo: {certId: a, certificate: b, privateKey: c}}}]"), (5, 33),
     "not both", ""),
    (site("https: {swich: on}\nhosts: [{host: a.com}]"),
    (5, 11), "unknown key `inputs.https.swich`", "`switch`"),
])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, at: tuple[int, int], message: str,
                                          hint: str) -> None:
    problem = only(problems(tmp_path, text))
    assert message in problem.message
    assert place(problem) == at
    assert hint in (problem.hint or "")


def test_a_stage_from_the_command_line_is_checked_too(tmp_path: Path) -> None:
    problem = only(problems(tmp_path, site(), stage="a/b"))
    assert "`stage`: expected" in problem.message
    assert str(problem.position) == "--stage"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_project(tmp_path / "serverless.yml", environ={})


def test_a_secret_in_the_file_is_not_shown(tmp_path: Path) -> None:
    text = site("hosts:\n  - host: a.com\n    https:\n      certInfo: {privateKey: hunter2hunter2}\n"
                "    authentication: {switch: on, typeA: {secretKey: hunter2, signParam: s, expireTime: x, "
                "fileExtensions: '*', filterType: whitelist}}")
    found = problems(tmp_path, text)
    assert len(found) == 2
    assert "hunter2" not in repr(found)


def test_cloud_credentials_cannot_be_published_with_env(tmp_path: Path) -> None:
    text = site("env:\n  KEY: ${env:TENCENT_SECRET_KEY}\n  DEEP: [{a: 'x${env:TENCENT_SECRET_ID}'}]")
    keys = {"TENCENT_SECRET_KEY": "hunter2hunter2", "TENCENT_SECRET_ID": "hunter3hunter3"}
    found = problems(tmp_path, text, environ=keys)
    assert [place(p) for p in found] == [(6, 10), (7, 16)]
    assert "hunter" not in repr(found)
    tmp_path.joinpath(".env").write_text("".join(f"{k}={v}\n" for k, v in keys.items()))
    assert [place(p) for p in problems(tmp_path, text)] == [(6, 10), (7, 16)]


def test_cloud_credentials_cannot_get_away_by_other_keys(tmp_path: Path) -> None:
    text = site("headers:\n  - files: '*'\n    set: {Cache-Control: '${env:TENCENT_SECRET_KEY}'}\n"
                "tags:\n  - {key: k, value: '${env:TENCENT_SECRET_KEY}'}\n"
                "lifecycle:\n  - {id: 'a${env:TENCENT_SECRET_KEY}', expiration: {days: 3}}")
    found = problems(tmp_path, text, environ={"TENCENT_SECRET_KEY": "hunter2hunter2"})
    assert [p.message for p in found] == ["this would give your cloud credentials away"] * 3
    assert "hunter" not in repr(found)


WARNED = """\
component: website@1.2
name: a
description: x
license: MIT
inputs:
  src: {src: x, root: ./}
  region: ap-guangzhou
  acl: {permissions: private, grantRead: 'id="1"'}
  cors: [{id: a, allowedOrigins: '*', allowedMethods: GET}]
  headers: {'*': {X-Frame-Options: DENY, Expires: '0'}}
  hosts: [{host: a.com, serviceType: web, fwdHost: on, autoRefesh: false}]
"""


def test_what_has_no_effect_is_a_warning(tmp_path: Path) -> None:
    project = load(tmp_path, WARNED)
    told = [(*place(p), p.message) for p in project.warnings]
    expected = [
        (1, 12, "the version of the component has no effect"), (3, 1, "`description` has no effect"),
        (4, 1, "`license` has no effect"), (6, 17, "`inputs.src.root` has no effect"),
        (8, 22, "nothing here lets visitors read the bucket"),
        (8, 31, "`inputs.acl.grantRead` has no effect"), (9, 11, "`inputs.cors[].id` has no effect"),
        (10, 19, "`X-Frame-Options` has no effect"), (11, 25, "`inputs.hosts[].serviceType` has no effect"),
        (11, 43, "`inputs.hosts[].fwdHost` has no effect"), (11, 56, "`autoRefesh` is misspelt"),
    ]
    assert [t[:2] for t in told] == [e[:2] for e in expected]
    for (_, _, message), (_, _, start) in zip(told, expected, strict=True):
        assert message.startswith(start)
    assert project.hosts[0].auto_refresh is False
    assert project.headers[0].headers == {"Expires": "0"}


def test_https_without_hosts_is_a_warning(tmp_path: Path) -> None:
    project = load(tmp_path, site("https: {switch: on}"))
    assert "no effect without hosts" in only(list(project.warnings)).message


KEYS = ["component", "name", "inputs", "src", "hook", "dist", "hosts", "host", "https", "headers", "cors",
        "tags",
        "acl", "policy", "lifecycle", "redirectRules", "env", "code", "state", "bucket", "stage", "certInfo"]
trees = st.recursive(
    st.sampled_from([None, True, 7, 1.5, "", "x", "website", "${stage}", "${env:NOPE}", "a.com", "on",
                    "@serverless/"
                     "tencent-website"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25)


@given(st.dictionaries(st.sampled_from(KEYS), trees), st.dictionaries(st.sampled_from(KEYS), trees))
def test_any_tree_is_a_project_or_a_list_of_problems_with_places_in_the_file(
        tmp_path_factory: pytest.TempPathFactory, top: dict[str, object], inputs: dict[str, object]) -> None:
    text = json.dumps({"component": "website", "name": "a", **top, "inputs": inputs}, indent=1)
    folder = tmp_path_factory.mktemp("tree")
    try:
        load(folder, text, name="serverless.json")
    except ConfigError as error:
        lines = text.splitlines()
        for problem in error.problems:
            where = problem.position
            assert isinstance(where, Position)
            assert where.line is not None
            assert where.column is not None
            assert 1 <= where.line <= len(lines)
            assert 1 <= where.column <= len(lines[where.line - 1]) + 1
