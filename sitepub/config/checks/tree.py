"""What no single value shows: keys that need or contradict each other, duplicates, secrets that would leak.

Everything is looked up on the tree, so that these mistakes are reported together with those of the models. A part
that is not what it should be is skipped here; the models say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sitepub.config.checks.host import check_hosts, check_slots
from sitepub.config.checks.mistakes import written_key
from sitepub.config.checks.nearest import did_you_mean
from sitepub.config.checks.regions import REGIONS, about_regions
from sitepub.config.checks.spellings import (
    COMPONENTS,
    COS_COMPONENTS,
    OLD_COMPONENT,
    component_of,
    is_old_form,
    is_site,
)
from sitepub.config.document import Node
from sitepub.config.models.bucket import STORED_HEADERS, canonical_header
from sitepub.config.models.fields import REGION
from sitepub.errors import Problem

_CLOUD_SECRETS = ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "TENCENT_TOKEN", "TENCENTCLOUD_SECRET_ID",
                  "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN")
_SAFE_INTEGER = 2**53 - 1


@dataclass(slots=True)
class Findings:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def wrong(self, node: Node, message: str, hint: str | None = None, *, key: bool = False) -> None:
        if not node.broken:
            self.problems.append(Problem(message, node.key_here if key else node.here, hint))

    def odd(self, node: Node, message: str, hint: str | None = None, *, key: bool = False) -> None:
        self.warnings.append(Problem(message, node.key_here if key else node.here, hint))


def check(root: Node, environ: Mapping[str, str], *, new_region: bool = False) -> Findings:
    """Check the tree, its variables replaced and its spellings brought to one. ``new_region``: a region that is not
    known may be a new one."""
    found = Findings()
    _component(root, found)
    inputs = root.get("inputs")
    if inputs is None or not isinstance(inputs.value, dict):
        return found
    if "code" in inputs.entries and not is_old_form(root):
        found.wrong(inputs.entries["code"], f"`code` belongs to the old form (component {OLD_COMPONENT})",
                    "Write `src`.", key=True)
    _source(inputs, found, old_form=is_old_form(root))
    _buckets(inputs, found)
    _regions(inputs, found, new_region=new_region)
    _access(inputs, found)
    _redirects(inputs, found)
    _lists(inputs, found)
    _headers(inputs, found)
    _env(inputs, found)
    _credentials(root, inputs.get("env"), found, environ)
    check_hosts(inputs, found)
    check_slots(inputs, found)
    return found


def _component(root: Node, found: Findings) -> None:
    node, name = root.get("component"), component_of(root)
    if node is None or name is None:
        if node is None and (other := next((key for key in ("provider", "functions", "service", "resources", "custom")
                                            if key in root.entries), None)) is not None:
            found.wrong(root.entries[other], f"`{other}` belongs to a service of the Serverless Framework, and sitepub"
                        " publishes websites", "Run `sitepub init` in the folder of the website.", key=True)
            for one in (root, *root.entries.values()):
                one.broken = True  # all else that is unknown or missing here comes from that
        return
    if name in COS_COMPONENTS:
        if not is_site(root):
            found.wrong(node, f"`{name}` is a bucket, not a website", "Add `website: true` under `inputs`, or write"
                        " `component: website`.")
    elif name not in COMPONENTS:
        found.wrong(node, "`component` is none that sitepub knows: it publishes websites",
                    did_you_mean(name, COMPONENTS) or "Expected `website`.")
    elif isinstance(node.value, str) and node.value.strip() != name:
        found.odd(node, "the version of the component has no effect: sitepub has its own",
                  f"Write `component: {name}`.")


def _source(inputs: Node, found: Findings, *, old_form: bool) -> None:
    source = inputs.get("src")
    if source is None or not isinstance(source.value, dict):
        return
    label = "inputs." + written_key(source, "src")
    hook, folder = source.get("hook"), source.get("src")
    output = folder if old_form and source.get("dist") is None else source.get("dist")
    if hook is not None:
        if output is None:
            name = "src" if old_form else "dist"
            found.wrong(hook, f"`{label}.hook` needs `{label}.{name}`: the folder that the command fills",
                        f"Add `{name}: ./dist`, or whatever folder it builds into.", key=True)
        return
    if source.get("dist") is not None:
        found.wrong(source.entries["dist"], f"`{label}.dist` needs `{label}.hook`: it is what a hook builds",
                    f"To publish a folder as it is, write `src: {_shown(source.entries['dist'])}`.", key=True)
    if source.get("timeout") is not None:
        found.odd(source.entries["timeout"], f"`{label}.timeout` has no effect without a hook", key=True)
    if folder is None and source.get("dist") is None and not (old_form and source.get("root")):
        found.wrong(source, f"`{label}.src` is missing: the folder to publish", key=True)


def _shown(node: Node) -> str:
    written = node.written or ""
    return written if 0 < len(written) <= 60 and "\n" not in written else "FOLDER"


def _buckets(inputs: Node, found: Findings) -> None:
    bucket, state = inputs.get("bucketName"), inputs.get("state", "bucket")
    if bucket is not None and state is not None and bucket.value == state.value:
        found.wrong(state, "the state must not lie in the website's own bucket: what is there is public",
                    "Choose another name, or leave it out.")


def _regions(inputs: Node, found: Findings, *, new_region: bool) -> None:
    for region in (inputs.get("region"), inputs.get("logs", "region")):
        if region is None or not isinstance(region.value, str) or not REGION.fullmatch(region.value):
            continue  # the models say so
        if region.value in REGIONS:
            continue
        hint = about_regions(region.value)
        if new_region:
            found.odd(region, "this region is not known", hint)
        else:
            found.wrong(region, "there is no such region", f"{hint} For one that is newer than this sitepub: --yes.")


def _access(inputs: Node, found: Findings) -> None:
    acl, policy = inputs.get("acl", "permissions"), inputs.get("policy")
    auto_acl, auto_policy = inputs.get("autoSetupAcl"), inputs.get("autoSetupPolicy")
    if _is_true(auto_acl) and acl is not None and acl.value != "public-read" and auto_acl is not None:
        found.wrong(auto_acl, "`autoSetupAcl: true` sets public-read, and `acl` says something else",
                    "Remove one of them.", key=True)
    if _is_true(auto_policy) and policy is not None and auto_policy is not None:
        found.wrong(auto_policy, "`autoSetupPolicy: true` and `policy` contradict each other",
                    "Remove one of them.", key=True)
    if policy is not None and isinstance(policy.value, dict):
        statement = policy.get("statement") or policy.get("Statement")
        if statement is None:
            found.wrong(policy, "`inputs.policy.statement` is missing: a policy is a list of statements",
                        key=True)
        for node in policy.walk():
            if isinstance(node.value, float) and not math.isfinite(node.value):
                found.wrong(node, "is not a number that JSON knows")
    private = (acl is not None and acl.value == "private") or (acl is None and auto_acl is not None
                                                               and not _is_true(auto_acl))
    if private and policy is None and not _is_true(auto_policy):
        found.odd(acl or auto_acl or inputs, "nothing here lets visitors read the bucket",
                  "Set `autoSetupPolicy: true`, or a policy, unless that is arranged elsewhere.")
    if acl is not None and acl.value == "public-read-write":
        found.odd(acl, "everyone can write to this bucket", "Write `acl: public-read`.")


def _is_true(node: Node | None) -> bool:
    return node is not None and node.value in (True, "true")


def _redirects(inputs: Node, found: Findings) -> None:
    for rule in _items(inputs, "redirectRules"):
        condition, target = rule.get("condition"), rule.get("redirect")
        if condition is not None and isinstance(condition.value, dict):
            given = [k for k in ("httpErrorCodeReturnedEquals", "keyPrefixEquals") if condition.get(k)]
            prefix = condition.get("keyPrefixEquals")
            if prefix is not None and isinstance(prefix.value, str) and prefix.value and not prefix.value.strip("/"):
                found.wrong(prefix, "object keys have no slash at their start: this matches none",
                            "Write the folder, such as `docs/`.")
            if len(given) != 1:
                found.wrong(condition, "a redirect needs exactly one condition: "
                            "httpErrorCodeReturnedEquals or keyPrefixEquals", key=True)
        if target is not None and isinstance(target.value, dict):
            keys = [k for k in ("replaceKeyWith", "replaceKeyPrefixWith") if target.get(k)]
            if len(keys) == 2:
                found.wrong(target, "a redirect takes replaceKeyWith or replaceKeyPrefixWith, not both",
                            key=True)
            elif not keys and not target.get("protocol"):
                found.wrong(target, "a redirect needs replaceKeyWith, replaceKeyPrefixWith or protocol",
                            key=True)


_ACTIONS = ("expiration", "noncurrentVersionExpiration", "transition", "abortIncompleteMultipartUpload")


def _lists(inputs: Node, found: Findings) -> None:
    for tags in [_items(inputs, "tags"), *(_items(host, "tags") for host in _items(inputs, "hosts"))]:
        _twice([tag.get("key") for tag in tags], "this tag", found)
    rules = _items(inputs, "lifecycle")
    _twice([rule.get("id") for rule in rules], "the id of this rule", found)
    for rule in rules:
        prefix = rule.get("filter", "prefix")
        if prefix is not None and isinstance(prefix.value, str) and prefix.value and not prefix.value.strip("/"):
            found.wrong(prefix, "object keys have no slash at their start: this matches none",
                        "Write the folder, such as `logs/`, or leave `prefix` out for every object.")
        if isinstance(rule.value, dict) and not any(rule.get(action) for action in _ACTIONS):
            found.wrong(rule, f"a lifecycle rule needs one of {', '.join(_ACTIONS)}")


def _twice(nodes: list[Node | None], what: str, found: Findings) -> None:
    first: dict[str, Node] = {}
    for node in nodes:
        if node is None or isinstance(node.value, dict | list):
            continue
        text = node.written if node.written is not None else str(node.value)
        if text in first:
            found.wrong(node, f"{what} stands here twice; the first is at {first[text].here}")
        first.setdefault(text, node)


def _headers(inputs: Node, found: Findings) -> None:
    for number, rule in enumerate(_items(inputs, "headers")):
        files = rule.get("files")
        if isinstance(rule.value, dict) and rule.get("match") is None and (files is None or files.value == []):
            found.wrong(rule, f"`inputs.headers[{number}].files` is missing", "Name the files, such as `*.html`, or "
                        "write `match: no-extension`.")
        values = rule.get("set")
        for name, node in values.entries.items() if values is not None else ():
            canonical = canonical_header(name)
            if canonical not in STORED_HEADERS and not canonical.startswith("x-cos-"):
                found.odd(node, f"`{canonical}` has no effect: with a file, COS keeps only "
                          f"{', '.join(STORED_HEADERS)} and x-cos-meta-*",
                          "A CDN can add it: `hosts[].responseHeader`.", key=True)


def _env(inputs: Node, found: Findings) -> None:
    env = inputs.get("env")
    if env is None or not isinstance(env.value, dict):
        return
    for node in env.walk():
        value = node.value
        if isinstance(value, float) and not math.isfinite(value):
            found.wrong(node, "JavaScript's JSON does not know this number", "Put it in quotes.")
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE_INTEGER:
            found.wrong(node, "JavaScript would round this number", "Put it in quotes.")


def _credentials(root: Node, env: Node | None, found: Findings, environ: Mapping[str, str]) -> None:
    """Whatever stands in this file ends in the bucket, in its settings or in the build."""
    secrets = {environ[name] for name in _CLOUD_SECRETS if len(environ.get(name, "")) >= 8}
    public = {id(node) for node in env.walk()} if env is not None else set()
    for node in root.walk() if secrets else ():
        if isinstance(node.value, str) and any(secret in node.value for secret in secrets):
            found.wrong(node, "this would publish your cloud credentials: everyone can read env.js"
                        if id(node) in public else "this would give your cloud credentials away",
                        "Remove it, and change the key if it was ever published.")


def _items(node: Node, name: str) -> list[Node]:
    child = node.get(name)
    return child.items if child is not None else []
