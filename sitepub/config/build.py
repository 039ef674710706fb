"""From the checked models to the values of ``project``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sitepub.config.bucket_settings import Access, CorsRule, HeaderRule, LifecycleRule, RedirectRule, Website
from sitepub.config.checks.spellings import AUTO
from sitepub.config.document import Node
from sitepub.config.hosts import host_of
from sitepub.config.previews import Previews
from sitepub.config.project import Checks, Dev, LogTopic, Notify, Project, Releases, Source
from sitepub.config.star_pattern import matches
from sitepub.errors import Problem
from sitepub.terminal import secrets

if TYPE_CHECKING:
    from sitepub.config.models.bucket import HeadersShape, LifecycleShape, RedirectRuleShape
    from sitepub.config.models.host import HostShape
    from sitepub.config.models.inputs import ConfigShape, InputsShape, SourceShape


def build_project(file: Path, root: Node, config: ConfigShape, hosts: Sequence[HostShape], *, old_form: bool,
                  dotenv: Mapping[str, str], warnings: Sequence[Problem]) -> Project:
    """Everything was checked: this cannot fail."""
    inputs = config.inputs
    node = root.entries["inputs"]
    prefix = "/".join(part for part in (inputs.key_prefix, inputs.src.target_dir) if part)
    return Project(
        root=file.parent,
        file=file,
        app=config.app or config.name,
        stage=config.stage,
        name=config.name,
        org=config.org,
        source=_source(file.parent, inputs.src, node.entries["src"], old_form=old_form),
        region=inputs.region,
        bucket_name=inputs.bucket_name,
        key_prefix=f"{prefix}/" if prefix else "",
        protocol=_protocol(inputs, old_form),
        website=Website(
            index=inputs.src.index,
            error=inputs.src.error,
            error_is_default="error" not in inputs.src.model_fields_set,
            ignore_html_ext=inputs.ignore_html_ext,
            disable_error_status=inputs.disable_error_status,
            redirect_rules=tuple(_redirect(rule) for rule in inputs.redirect_rules),
            said=frozenset(_said(inputs)),
        ),
        access=_access(inputs),
        cors=None if inputs.cors is None else tuple(
            CorsRule(tuple(rule.allowed_methods), tuple(rule.allowed_origins),
                     tuple(rule.allowed_headers or ()), tuple(rule.expose_headers or ()),
                     rule.max_age_seconds)
            for rule in inputs.cors),
        tags=None if inputs.tags is None else {tag.key: tag.value for tag in inputs.tags},
        lifecycle=None if inputs.lifecycle is None else tuple(_lifecycle(rule) for rule in inputs.lifecycle),
        headers=_headers(inputs, node),
        headers_file=_rule_file(file.parent, inputs.headers_file),
        redirects_file=_rule_file(file.parent, inputs.redirects_file),
        security_headers=inputs.security_headers is not None,
        unsupported_rules_warn=inputs.unsupported_rules == "warn",
        env=_plain(inputs.env),
        replace=inputs.replace,
        accelerate=inputs.accelerate,
        state_bucket=inputs.state.bucket if inputs.state is not None else None,
        releases=_releases(inputs),
        previews=_previews(inputs, node),
        protected=any(matches(pattern, config.stage) for pattern in (*config.protect, *inputs.protect)),
        traffic=inputs.traffic,
        publish=inputs.publish,
        purge=inputs.purge,
        logs=LogTopic(inputs.logs.topic_id, inputs.logs.region) if inputs.logs is not None else None,
        notify=_notify(inputs),
        dev=_dev(file.parent, inputs),
        checks=_checks(inputs, node),
        hosts=tuple(host_of(host, place, node) for host, place in zip(hosts, _items(node, "hosts"), strict=True)),
        dotenv=dict(dotenv),
        places={key: place.key_here for key, place in _inputs_and_env(node)},
        warnings=tuple(warnings),
    )


def _inputs_and_env(node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.entries.items()
    env = node.get("env")
    yield from ((f"env.{name}", one) for name, one in (env.entries if env is not None else {}).items())


def _said(inputs: InputsShape) -> Iterator[str]:
    """Which settings of the website the file mentions."""
    named, of_source = inputs.model_fields_set, inputs.src.model_fields_set
    for field, setting in (("ignore_html_ext", "addressing"), ("disable_error_status", "status"),
                           ("redirect_rules", "rules"), ("protocol", "https")):
        if field in named:
            yield setting
    yield from (name for name in ("index", "error") if name in of_source)


def _releases(inputs: InputsShape) -> Releases:
    shape = inputs.releases
    if shape is None:
        return Releases()
    if shape.keep is None:
        return Releases(keep_assets=shape.keep_assets, slots=shape.slots)
    return Releases(shape.keep.number, shape.keep.age, shape.keep_assets, shape.slots)


def _previews(inputs: InputsShape, node: Node) -> Previews:
    shape = inputs.preview
    if shape is None:
        return Previews()
    if shape.host is None:
        return Previews(shape.expires, said=True)
    from sitepub.config.models.host import HostShape
    from sitepub.config.models.https import HttpsShape

    https = HttpsShape.model_validate({"certInfo": {"certId": AUTO}} if shape.https is None else shape.https)
    slots = inputs.releases is not None and inputs.releases.slots > 1
    written = {name: getattr(shape, name) for name in ("edge", "edgeone", "area", "dns")
               if name in shape.model_fields_set}
    if slots:
        written.setdefault("edge", "edgeone")
    host = HostShape.model_construct(host=shape.host, https=https, **written)
    return Previews(shape.expires, host_of(host, node.entries["preview"], node), said=True,
                    routed=slots and host.edge == "edgeone")


def _protocol(inputs: InputsShape, old_form: bool) -> Any:
    return "http" if old_form and "protocol" not in inputs.model_fields_set else inputs.protocol


def _source(root: Path, source: SourceShape, node: Node, *, old_form: bool) -> Source:
    hook_node = node.get("hook")
    base, dist, beside = root, None, None
    env_in_source = None
    env_path = source.env_path
    if old_form:
        # first version: the hook runs in `root`, and `src` below it is what the hook fills
        base = _below(root, source.root or ".")
        output = source.dist or source.src
        folder = base if source.hook or source.src is None else _below(base, source.src)
        if source.hook and output:
            dist = _below(base, output)
            env_in_source = _below(base, f"{source.env_path or '.'}/env.js")
        env_path = _without(env_path, output or "")
    else:
        folder = _below(base, source.src or ".")
        if source.hook and source.dist:
            dist = _below(base, source.dist)
            beside = _below(folder, source.dist)
    return Source(
        folder=folder,
        hook=source.hook,
        hook_position=hook_node.here if hook_node is not None else None,
        timeout=source.timeout,
        dist=dist,
        dist_beside_source=beside if beside != dist else None,
        website_path=source.website_path,
        env_path=env_path,
        env_in_source=env_in_source,
        include=tuple(source.include),
        exclude=tuple(source.exclude),
        allow_secrets=tuple(source.allow_secrets),
        follow_links=source.follow_links,
        allow_errors=tuple(source.allow_errors),
        position=node.key_here,
        places={key: [item.here for item in (place.items or [place])] for key, place in node.entries.items()},
    )


def _checks(inputs: InputsShape, node: Node) -> Checks | None:
    shape, place = inputs.checks, node.get("checks")
    if shape is None or place is None:
        return None
    sizes = dict(shape.size)
    written = place.get("size")
    return Checks(shape.mode, sizes.pop("page", None), sizes.pop("total", None), sizes, frozenset(shape.skip),
                  tuple(shape.ignore), place.key_here,
                  {key: one.key_here for key, one in written.entries.items()} if written is not None else {})


def _dev(root: Path, inputs: InputsShape) -> Dev:
    dev = inputs.dev
    if dev is None:
        return Dev()
    return Dev(tuple(_below(root, path) for path in dev.watch), tuple(dev.ignore), dev.command)


def _below(folder: Path, path: str) -> Path:
    """``path`` from ``folder``, without ``.`` and ``..``; links are left as they are."""
    import os

    return Path(os.path.normpath(folder / path.replace("\\", "/")))


def _notify(inputs: InputsShape) -> Notify | None:
    shape = inputs.notify
    if shape is None or not (shape.indexnow or shape.baidu):
        return None
    if shape.baidu:
        secrets.register(shape.baidu)
    return Notify(shape.indexnow, shape.indexnow_key, shape.indexnow_endpoint, shape.baidu or "", shape.baidu_endpoint)


def _rule_file(root: Path, name: str | None) -> Path | Literal[False] | None:
    if name is None:
        return None
    return _below(root, name) if name else False


def _without(path: str, folder: str) -> str:
    """``path`` seen from ``folder`` when it lies in it (both relative, "a/b")."""
    prefix = "/".join(part for part in folder.replace("\\", "/").split("/") if part not in ("", "."))
    if path == prefix:
        return ""
    return path.removeprefix(prefix + "/") if prefix else path


def _access(inputs: InputsShape) -> Access:
    acl: Any = inputs.acl.permissions if inputs.acl is not None else None
    if acl is None and inputs.auto_setup_acl:
        acl = "public-read"
    return Access(acl=acl, acl_said=inputs.acl is not None, policy=_plain(inputs.policy),
                  anonymous_read_policy=inputs.auto_setup_policy)


def _redirect(rule: RedirectRuleShape) -> RedirectRule:
    return RedirectRule(
        http_error_code=rule.condition.http_error_code_returned_equals,
        key_prefix=rule.condition.key_prefix_equals,
        protocol=rule.redirect.protocol,
        replace_key_with=rule.redirect.replace_key_with,
        replace_key_prefix_with=rule.redirect.replace_key_prefix_with,
    )


def _lifecycle(rule: LifecycleShape) -> LifecycleRule:
    old, abort = rule.noncurrent_version_expiration, rule.abort_incomplete_multipart_upload
    return LifecycleRule(
        id=rule.id,
        enabled=rule.status == "Enabled",
        prefix=rule.filter.prefix if rule.filter is not None else "",
        expiration_days=rule.expiration.days if rule.expiration is not None else None,
        noncurrent_expiration_days=old.noncurrent_days if old is not None else None,
        abort_multipart_days=abort.days_after_initiation if abort is not None else None,
        transitions=tuple((move.days, move.storage_class) for move in rule.transition or ()),
    )


def _headers(inputs: InputsShape, node: Node) -> tuple[HeaderRule, ...]:
    from sitepub.config.models.bucket import STORED_HEADERS

    rules: list[HeaderRule] = []
    for rule, place in zip(inputs.headers, _items(node, "headers"), strict=True):
        stored = {name: value for name, value in rule.set.items()
                  if name in STORED_HEADERS or name.startswith("x-cos-meta-")}
        if stored:
            rules += _rules_of(rule, stored, place)
    return tuple(rules)


def _rules_of(rule: HeadersShape, stored: Mapping[str, str], place: Node) -> Iterator[HeaderRule]:
    """One for each pattern; those with ``!`` take files away from the ones before them, and stand for all others
    when they come first."""
    node = place.get("files")
    nodes = (node.items or [node]) if node is not None else [place]
    written = [(pattern, nodes[min(number, len(nodes) - 1)].here) for number, pattern in enumerate(rule.files)]
    if not written or written[0][0].startswith("!"):
        written.insert(0, ("*", written[0][1] if written else place.here))
    for number, (pattern, position) in enumerate(written):
        if not pattern.startswith("!"):
            but = tuple((later[1:], there) for later, there in written[number:] if later.startswith("!"))
            yield HeaderRule(pattern, stored, position, but, rule.match is not None)


def _items(node: Node, name: str) -> Sequence[Node]:
    child = node.get(name)
    return child.items if child is not None else ()


def _plain(value: Any) -> Any:
    """Free of the numbers that remember how they were written."""
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value
