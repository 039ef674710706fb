"""`.s3deploy.yml` (github.com/bep/s3deploy) and `[deployment]` of Hugo (gohugo.io/configuration/deployment): routes by
regular expression, and a bucket that may be one of COS behind the S3 API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from sitepub.config.checks.regions import REGIONS
from sitepub.config.document import Node
from sitepub.site.moving.moved import ITS_OWN, Headers, Moved, text_of_values
from sitepub.site.moving.regex_patterns import pattern_of
from sitepub.site.stored_headers import canonical_name

_COS = re.compile(r"(?:https?://)?(?:[a-z0-9-]{1,63}\.)?cos\.([a-z0-9-]{1,40})\.(?:myqcloud\.com|tencentcos\.cn)/?")
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_ELSEWHERE = "it is at another provider; sitepub publishes to a bucket of COS, made by the first deploy"
_S3DEPLOY = {
    **dict.fromkeys(("workers", "try", "force", "quiet", "max-delete", "config", "skip-local-dirs", "skip-local-files",
                     "strip-index-html"), ITS_OWN),
    "distribution-id": "it is a CloudFront distribution; domains stand below `hosts` in serverless.yml",
    "public-access": "sitepub lets everybody read the bucket, unless autoSetupAcl says otherwise",
    "acl": "`acl` in serverless.yml is that of the bucket", "region": _ELSEWHERE, "bucket": _ELSEWHERE,
}
_HUGO = dict.fromkeys(("confirm", "dryrun", "force", "maxdeletes", "workers", "invalidatecdn", "order"), ITS_OWN)
_GZIP = "sitepub stores files as they are; the CDN and EdgeOne compress on the way to visitors"


class _Routes:
    """The first route that matches counts; in serverless.yml the last one does, header by header."""

    def __init__(self, moved: Moved) -> None:
        self.moved = moved
        self.found: list[tuple[str, dict[str, str]]] = []

    def add(self, node: Node, expression: str, headers: Mapping[str, str]) -> None:
        pattern = pattern_of(expression)
        if pattern is None:
            self.moved.leave(node, f"route {expression[:80]}", "no pattern of .gitignore means the same; write it below"
                             " `headers` in serverless.yml")
            return
        kept: dict[str, str] = {}
        for name, value in headers.items():
            if canonical_name(name) is None:
                self.moved.leave(node, f"header {name[:80]} of {expression[:80]}", "COS does not keep it with a file;"
                                 " in _headers an edge adds it")
            else:
                kept[name] = value
        self.found.append((pattern, kept))

    def done(self) -> None:
        for number in reversed(range(len(self.found))):
            pattern, headers = self.found[number]
            if not headers:
                continue
            # A route before this one hides it where it sets fewer headers; what it sets wins anyway.
            hidden = [f"!{before}" for before, theirs in self.found[:number] if headers.keys() - theirs.keys()]
            self.moved.headers.append(Headers((pattern, *dict.fromkeys(hidden)), headers))


def s3deploy(moved: Moved, root: Node) -> None:
    entries = dict(root.entries)
    moved.folder = moved.place(entries.pop("source", None), "source")
    moved.prefix = (moved.words(entries.pop("path", None), "path") or "").strip("/") or None
    for key in ("key", "secret"):
        if (node := entries.pop(key, None)) is not None and node.value:
            if str(node.value).startswith("${"):
                moved.leave(node, key, "sitepub takes keys from `sitepub login` or from its own variables")
            else:
                moved.secret(node, key)
    endpoint = entries.get("endpoint-url")
    if endpoint is not None and (at := _COS.fullmatch(str(endpoint.value))) is not None:
        entries.pop("endpoint-url")
        _bucket(moved, entries.pop("bucket", None), at[1])
        entries.pop("region", None)
    ignored = entries.pop("ignore", None)
    for one in ([] if ignored is None else ignored.items or [ignored]):
        pattern = pattern_of(str(one.value))
        if pattern is None:
            moved.leave(one, "ignore", "no pattern of .gitignore means the same; write it below `src.exclude`")
        else:
            moved.exclude.append(pattern)
    routes = _Routes(moved)
    listed = entries.pop("routes", None)
    for route in listed.items if listed is not None else []:
        known = dict(route.entries)
        expression = known.pop("route", None)
        headers = _texts(moved, known.pop("headers", None))
        if expression is None or not isinstance(expression.value, str):
            moved.leave(route, "routes", "a route without a regular expression")
            continue
        if moved.flag(known.pop("gzip", None)):
            moved.leave(route, f"gzip of {expression.value[:80]}", _GZIP)
        routes.add(route, expression.value, headers)
        moved.rest(known, {"ignore": "write the pattern below `src.exclude`"},
                   before=f"route {expression.value[:80]}, ")
    routes.done()
    moved.rest(entries, _S3DEPLOY)


def has_deployment(root: Node) -> bool:
    return any(key.lower() == "deployment" for key in root.entries)


def hugo(moved: Moved, root: Node) -> None:
    """Only its ``deployment``; Hugo's other settings go on to be Hugo's."""
    found = _lower(next((node for key, node in root.entries.items() if key.lower() == "deployment"), None))
    targets = [one for one in getattr(found.pop("targets", None), "items", []) if isinstance(one.value, dict)]
    named = found.pop("target", None)
    first = next((one for one in targets if named is not None and named.value
                  and _value(_lower(one).get("name")) == named.value), targets[0] if targets else None)
    for target in targets:
        name = _value(_lower(target).get("name"))[:80] or "without a name"
        if target is not first:
            moved.leave(target, f"target {name}", "one target carries over; another one is a stage, with its settings"
                        " below `stages` in serverless.yml")
        elif target is not None:
            _target(moved, target, name)
    routes = _Routes(moved)
    for matcher in getattr(found.pop("matchers", None), "items", []):
        entries = _lower(matcher)
        pattern = _value(entries.pop("pattern", None))
        if not pattern:
            moved.leave(matcher, "matchers", "a matcher without a pattern")
            continue
        headers = {name: value for key, name in (("cachecontrol", "Cache-Control"), ("contenttype", "Content-Type"),
                                                ("contentencoding", "Content-Encoding"))
                   if (value := _value(entries.pop(key, None)))}
        if moved.flag(entries.pop("gzip", None)):
            moved.leave(matcher, f"gzip of {pattern[:80]}", _GZIP)
        routes.add(matcher, pattern, headers)
        moved.rest(entries, {"force": ITS_OWN}, before=f"matcher {pattern[:80]}, ")
    routes.done()
    moved.rest(found, _HUGO, before="deployment.")


def _target(moved: Moved, target: Node, name: str) -> None:
    entries = _lower(target)
    entries.pop("name", None)
    url = entries.pop("url", None)
    address = urlsplit(_value(url)) if "[" not in _value(url) else urlsplit("")
    options = {key.lower(): value for key, value in parse_qsl(address.query)}
    at = _COS.fullmatch(options.get("endpoint", ""))
    if address.scheme == "s3" and at is not None:
        _bucket(moved, url, at[1], address.netloc)
        moved.prefix = options.get("prefix", "").strip("/") or None
    elif url is not None:
        moved.leave(url, f"target {name}, URL", _ELSEWHERE)
    if (exclude := entries.pop("exclude", None)) is not None:
        pattern = _glob(_value(exclude))
        if pattern is None:
            moved.leave(exclude, f"target {name}, exclude", "no pattern of .gitignore means the same for sure; write it"
                        " below `src.exclude`")
        else:
            moved.exclude.append(pattern)
    moved.rest(entries, {
        "include": "all of the published folder is; `src.exclude` leaves files out",
        "stripindexhtml": ITS_OWN, "cloudfrontdistributionid": "domains stand below `hosts` in serverless.yml",
        "googlecloudcdnorigin": "domains stand below `hosts` in serverless.yml"}, before=f"target {name}, ")


def _bucket(moved: Moved, node: Node | None, region: str, name: str | None = None) -> None:
    """One of COS, at its endpoint."""
    bucket = name if name is not None else moved.words(node, "bucket")
    if bucket and _BUCKET.fullmatch(unquote(bucket)):
        moved.bucket = bucket
    elif bucket:
        moved.leave(node, "bucket", "is not a name of a bucket")
    if region in REGIONS:
        moved.region = region


def _glob(pattern: str) -> str | None:
    """A pattern of gobwas/glob with `/` between the parts: `**` goes over slashes, `*` does not."""
    if re.search(r"[\[\]\\?]", pattern) or not pattern:
        return None
    if pattern.startswith("**") and "*" not in pattern[2:] and "/" not in pattern[2:]:
        return f"*{pattern[2:]}"
    if pattern.endswith("/**") and "*" not in pattern[:-3]:
        return f"/{pattern[:-2]}"
    return f"/{pattern}" if "**" not in pattern else None


def _texts(moved: Moved, node: Node | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, one in (node.entries if node is not None else {}).items():
        value = text_of_values(one)
        if value is None or re.search(r"[\x00-\x1f\x7f]", value):
            moved.leave(one, f"header {name[:80]}", "has no line of text for a value")
        else:
            found[name] = value
    return found


def _lower(node: Node | None) -> dict[str, Node]:
    """Hugo does not care for the case of keys."""
    return {key.lower(): one for key, one in (node.entries if node is not None else {}).items()}


def _value(node: Node | None) -> str:
    return str(node.value) if node is not None and isinstance(node.value, str | int) else ""

