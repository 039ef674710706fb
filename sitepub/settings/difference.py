"""The steps from the actual settings to the wanted ones (pure). What does not differ is not written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sitepub.config.bucket_settings import CorsRule, LifecycleRule
from sitepub.settings.actual import ActualSettings
from sitepub.settings.ownership import taken_from_others, with_what_stays
from sitepub.settings.policy import anonymous_read, same, statements, with_statement
from sitepub.settings.steps import SettingStep, Timing
from sitepub.settings.wanted import WantedSettings
from sitepub.tencent.cos.website_config import WebsiteConfig

NEW_BUCKET = "the bucket is new"


def difference(wanted: WantedSettings, actual: ActualSettings, ours: Collection[str] | None = None
               ) -> list[SettingStep]:
    """Steps in the order of doing them. ``ours``: what serverless.yml mentioned at the last deploy; ``None``: not
    known, and then nothing that is mentioned now counts as foreign."""
    mine = frozenset((*wanted.said, *(ours or ())))
    remembered = mine if ours is None else frozenset(ours)
    return [*_bucket(wanted, actual), *_access(wanted, actual, remembered), *_lists(wanted, actual, remembered),
            *_website(wanted, actual, mine, remembered)]


def _why(actual: ActualSettings, reason: str) -> str:
    return reason if actual.exists else NEW_BUCKET


def _bucket(wanted: WantedSettings, actual: ActualSettings) -> Iterator[SettingStep]:
    if not actual.exists:
        yield SettingStep("bucket", f"create bucket {wanted.bucket} in {wanted.region}", "does not exist",
                          Timing.BEFORE, wanted.bucket)


def _access(wanted: WantedSettings, actual: ActualSettings, ours: frozenset[str]) -> Iterator[SettingStep]:
    if wanted.acl is not None and wanted.acl != actual.acl:
        yield from _acl(wanted.acl, wanted, actual, ours)
    policy = wanted_policy(wanted, actual)
    if policy is not None and not same(policy, actual.policy):
        if wanted.policy is not None:
            summary = f"policy: {_count(_statements(policy), 'statement')}" + _was(_statements(actual.policy))
        else:
            summary = "policy: everybody may read" + (
                f" (other statements kept: {_statements(actual.policy)})"
                if actual.policy else "")
        yield SettingStep("policy", summary, _why(actual, "differs" if actual.policy else "not set"),
                          Timing.BEFORE, policy,
                          replaces=wanted.policy is not None and bool(actual.policy) and "policy" not in ours)


def _acl(acl: str, wanted: WantedSettings, actual: ActualSettings, ours: frozenset[str]) -> Iterator[SettingStep]:
    was = actual.acl or "a list of grants"
    if "acl" in wanted.said or "acl" in ours or actual.acl == "private":
        yield SettingStep("acl", f"access: {acl} (was {was})", _why(actual, "differs"), Timing.BEFORE, acl,
                          replaces="acl" not in ours and actual.acl != "private")
    elif actual.acl is None and not actual.everybody_reads:
        yield SettingStep("grants", "access: everybody may read, beside the grants that are there",
                          _why(actual, "differs"), Timing.BEFORE, True)


def wanted_policy(wanted: WantedSettings, actual: ActualSettings) -> dict[str, Any] | None:
    """The whole policy document that the bucket should have; ``None``: leave it alone."""
    if wanted.policy is None and not wanted.anonymous_read_policy:
        return None
    policy = dict(wanted.policy) if wanted.policy is not None else dict(actual.policy or {})
    if wanted.anonymous_read_policy:
        return with_statement(policy, anonymous_read(wanted.bucket, wanted.region))
    return policy


def _lists(wanted: WantedSettings, actual: ActualSettings, ours: frozenset[str]) -> Iterator[SettingStep]:
    if wanted.cors is not None and _plain_cors(wanted.cors) != _plain_cors(actual.cors):
        yield SettingStep("cors", f"CORS: {_count(len(wanted.cors), 'rule')}{_was(len(actual.cors))}",
                          _why(actual, "differs"), Timing.BEFORE, wanted.cors,
                          replaces=bool(actual.cors) and "cors" not in ours)
    if wanted.tags is not None and dict(wanted.tags) != dict(actual.tags or {}):
        yield SettingStep("tags", f"tags: {_tags(wanted.tags)}{_was_tags(actual.tags)}",
                          _why(actual, "differs"), Timing.BEFORE, dict(wanted.tags),
                          replaces=bool(actual.tags) and "tags" not in ours)
    if wanted.lifecycle is not None and _plain_lifecycle(wanted.lifecycle) != _plain_lifecycle(
            actual.lifecycle):
        yield SettingStep(
            "lifecycle", f"lifecycle: {_count(len(wanted.lifecycle), 'rule')}{_was(len(actual.lifecycle))}",
            _why(actual, "differs"), Timing.BEFORE, wanted.lifecycle,
            replaces=bool(actual.lifecycle) and "lifecycle" not in ours)
    if wanted.accelerate and not actual.accelerate:
        yield SettingStep("accelerate", "global acceleration: on (was off)", _why(actual, "differs"),
                          Timing.BEFORE, True)


def _website(wanted: WantedSettings, actual: ActualSettings, mine: frozenset[str], ours: frozenset[str]
             ) -> Iterator[SettingStep]:
    before = actual.website
    after = with_what_stays(wanted.bucket_website, before, mine | {"status"} if wanted.led else mine)
    if before is None:
        yield SettingStep("website", f"website: index {after.index}, errors {after.error or 'none'}"
                          + (", https only" if after.redirect_https else "")
                          + (f", {_count(len(after.rules), 'redirect rule')}" if after.rules else ""),
                          _why(actual, "not set"), Timing.AFTER, after)
        return
    changes = list(website_changes(before, after))
    if changes:
        yield SettingStep("website", "; ".join(changes), _why(actual, "differs"), Timing.AFTER, after,
                          replaces=taken_from_others(before, after, ours))


def website_changes(before: WebsiteConfig, after: WebsiteConfig) -> Iterator[str]:
    """In words."""
    if before.index != after.index:
        yield f"index document: {after.index} (was {before.index})"
    if (before.error or "") != (after.error or ""):
        yield f"error document: {after.error or 'none'} (was {before.error or 'none'})"
    if before.original_status_enabled != after.original_status_enabled:
        yield f"errors answer {_status(after)} (was {_status(before)})"
    if before.redirect_https != after.redirect_https:
        yield f"https only: {_on(after.redirect_https)} (was {_on(before.redirect_https)})"
    if before.auto_addressing != after.auto_addressing:
        yield f"addresses without .html: {_on(after.auto_addressing)} (was {_on(before.auto_addressing)})"
    if before.rules != after.rules:
        yield f"redirect rules: {len(after.rules)} (were {len(before.rules)})" if len(before.rules) != len(
            after.rules) else f"redirect rules: {len(after.rules)}, changed"


# -- what counts as the same ---------------------------------------------------------------------------


def _plain_cors(rules: Sequence[CorsRule]) -> list[tuple[Any, ...]]:
    # The order of rules decides which one answers (436/8279); the order inside a rule means nothing.
    return [(sorted(rule.methods), sorted(rule.origins), sorted(h.lower() for h in rule.allowed_headers),
             sorted(h.lower() for h in rule.expose_headers), rule.max_age_seconds) for rule in rules]


def _plain_lifecycle(rules: Sequence[LifecycleRule]) -> list[LifecycleRule]:
    return sorted(rules, key=lambda rule: rule.id)


# -- words ---------------------------------------------------------------------------------------------


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return f" (was {number})" if number else ""


def _on(value: bool) -> str:
    return "on" if value else "off"


def _status(config: WebsiteConfig) -> str:
    return "404" if config.original_status_enabled else "200"


def _statements(policy: Mapping[str, Any] | None) -> int:
    return len(statements(policy or {}))


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items())) or "none"


def _was_tags(tags: Mapping[str, str] | None) -> str:
    return f" (was {_tags(tags)})" if tags else ""
