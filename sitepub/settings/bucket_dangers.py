"""Settings of a bucket, made by others, that break what sitepub promises (pure): lifecycle rules, policies, versions,
locks, encryption, hotlink protection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitepub.config.bucket_settings import LifecycleRule
from sitepub.settings.lifecycle_danger import UNREADABLE, after
from sitepub.settings.policy import statements
from sitepub.tencent.cos.foreign_settings import ForeignSettings

_WRITES = ("PutObject", "DeleteObject", "DeleteMultipleObjects", "InitiateMultipartUpload", "UploadPart",
           "CompleteMultipartUpload", "PutObjectCopy")
_READS = ("GetObject", "HeadObject", "GetBucket")
_ANYBODY = ("qcs::cam::anyone:anyone", "*")


@dataclass(frozen=True, slots=True)
class Danger:
    message: str
    hint: str
    breaks: bool = True
    """It breaks something; else it is worth knowing."""


def of_any_bucket(there: ForeignSettings, policy: Mapping[str, Any] | None, bucket: str) -> Iterator[Danger]:
    if there.locked_days:
        yield Danger(f"object lock keeps every new object for {there.locked_days} days: sitepub can neither replace nor"
                     " delete it", "take the default retention away, or choose another bucket")
    elif there.locked:
        yield Danger("object lock is on: what is locked there can neither be replaced nor deleted",
                     "lock no object that sitepub writes", breaks=False)
    for action, who, conditions in denied(policy, bucket):
        yield Danger(f"a policy denies {action} to {who}{' under conditions' if conditions else ''}",
                     "take that statement out of the policy, or leave the key of sitepub out of it",
                     breaks=who == "everybody" and not conditions)
    if there.copied_to:
        yield Danger(f"new objects are also replicated to {', '.join(there.copied_to)}: what sitepub deletes may stay"
                     " there", "see to that bucket yourself", breaks=False)


def of_website(there: ForeignSettings) -> Iterator[Danger]:
    if there.versioning:
        yield Danger(f"versioning is {there.versioning.lower()}: what a deploy replaces or deletes stays as an old"
                     " version and costs, and `sitepub remove` cannot delete the bucket",
                     "delete old versions by a lifecycle rule (noncurrentVersionExpiration)", breaks=False)
    if there.encryption:
        yield Danger(f"new objects are encrypted ({there.encryption}): COS answers them to signed requests only, so"
                     " visitors may get an error (403)", "take the encryption out: a website is public")
    if there.hotlinks == "White-List" and not there.without_referer:
        yield Danger("hotlink protection refuses requests without a referer: visitors who type the address or follow a"
                     " bookmark get an error (403)", "allow an empty referer")
    elif there.hotlinks:
        yield Danger(f"hotlink protection is on ({there.hotlinks}): some visitors get an error (403)",
                     "check its list of domains", breaks=False)
    if there.tiering:
        yield Danger("intelligent tiering is on: pages that are seldom read get slower and cost more for each read",
                     "it cannot be switched off; a new bucket has none", breaks=False)


def of_state(there: ForeignSettings, rules: Sequence[LifecycleRule], policy: Mapping[str, Any] | None, prefix: str, *,
             bucket: str, public: bool) -> Iterator[Danger]:
    """``prefix``: below which the state of the site lies. ``public``: an ACL lets everybody read."""
    if public or lets_everybody_read(policy):
        yield Danger("everybody may read what sitepub keeps there: every release, also what was never published",
                     f"make {bucket} private (ACL and policy)")
    yield from of_kept(rules, prefix)
    if there.versioning:
        yield Danger(f"versioning is {there.versioning.lower()}: `x-cos-forbid-overwrite` has no effect there, so of"
                     " two deploys that begin within the same moment one may notice late",
                     "choose a bucket that never had versions: state.bucket in serverless.yml", breaks=False)


def of_kept(rules: Sequence[LifecycleRule], prefix: str) -> Iterator[Danger]:
    """Rules that delete or archive what sitepub keeps below this prefix."""
    for rule in rules:
        if not rule.enabled or rule.tags or not (prefix.startswith(rule.prefix) or rule.prefix.startswith(prefix)):
            continue  # what sitepub keeps has no tags
        name = f"the lifecycle rule {rule.id}" if rule.id else "a lifecycle rule"
        what = f"{rule.prefix}…" if len(rule.prefix) > len(prefix) else "what sitepub keeps of this site"
        hint = f"limit the rule to a prefix outside {prefix}, or take it out"
        gone = [after(rule.expiration_days)] if rule.expiration_days is not None else []
        gone += [f"on {date}" for date, kind in rule.dated if not kind]
        for when in gone:
            yield Danger(f"{name} deletes {what} {when}: the site's state, and the content of releases to go back to",
                         hint)
        moved = [(after(days), kind) for days, kind in rule.transitions]
        moved += [(f"on {date}", kind) for date, kind in rule.dated if kind]
        for when, kind in moved:
            if kind.upper() in UNREADABLE:
                yield Danger(f"{name} moves {what} to {kind} {when}: sitepub cannot read it then (403"
                             " InvalidObjectState)", hint)
        if rule.abort_multipart_days is not None:
            days = rule.abort_multipart_days
            yield Danger(f"{name} ends uploads that are not finished after {days} day{'s' if days > 1 else ''}: their"
                         " parts are sent again", hint, breaks=False)


def lets_everybody_read(policy: Mapping[str, Any] | None) -> bool:
    return any(_effect(one) == "allow" and not _has_conditions(one) and "everybody" in _principals(one)
               and any(_matches(action, f"name/cos:{read}") for action in _texts(one, "action") for read in _READS)
               for one in statements(policy or {}))


def denied(policy: Mapping[str, Any] | None, bucket: str) -> Iterator[tuple[str, str, bool]]:
    """What sitepub needs and statements deny: the first action of each, to which principals, whether under conditions.
    """
    for one in statements(policy or {}):
        if _effect(one) != "deny" or not any(_is_of(text, bucket) for text in _texts(one, "resource")):
            continue
        actions = _texts(one, "action")
        needed = next((action for action in (*_WRITES, *_READS)
                       if any(_matches(pattern, f"name/cos:{action}") for pattern in actions)), None)
        if needed is not None:
            yield needed, ", ".join(_principals(one)), _has_conditions(one)


def _is_of(resource: str, bucket: str) -> bool:
    return resource == "*" or bucket in resource or _matches(resource, f"qcs::cos:region:uid/0:{bucket}/key")


def _effect(statement: Mapping[str, Any]) -> str:
    return next(iter(_texts(statement, "effect")), "").lower()


def _has_conditions(statement: Mapping[str, Any]) -> bool:
    return any(name.lower() == "condition" and value for name, value in statement.items())


def _principals(statement: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in statement.items():
        if name.lower() == "principal":
            values = list(value.values()) if isinstance(value, Mapping) else [value]
            for each in values:
                found += [each] if isinstance(each, str) else [str(one) for one in each or ()]
    return ["everybody" if one in _ANYBODY else one for one in found] or ["everybody"]


def _texts(statement: Mapping[str, Any], wanted: str) -> list[str]:
    for name, value in statement.items():
        if name.lower() == wanted:
            return [value] if isinstance(value, str) else [str(one) for one in value or ()]
    return []


def _matches(pattern: str, text: str) -> bool:
    """``*`` stands for any text. Linear: each piece is looked for once, from the left."""
    first, *rest = pattern.lower().split("*")
    text = text.lower()
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return text.endswith(rest[-1]) and len(text) - len(rest[-1]) >= at
