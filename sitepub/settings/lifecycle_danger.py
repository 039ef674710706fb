"""Lifecycle rules that break a site: they delete its files, or archive them so that visitors get an error."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sitepub.config.bucket_settings import LifecycleRule
from sitepub.errors import Problem

UNREADABLE = ("ARCHIVE", "DEEP_ARCHIVE", "MAZ_ARCHIVE")
"""Classes whose objects answer 403 InvalidObjectState until they are restored (COS API 436/7753)."""
_HINT = "limit the rule to a prefix outside the site (`filter.prefix`), or take it out"


def dangers(rules: Sequence[LifecycleRule], keys: Collection[str], *, written: bool) -> Iterator[Problem]:
    """``keys``: of the site's files. ``written``: the rules stand in serverless.yml; else they are the bucket's own.

    A file's age counts from its last upload, and a deploy uploads only what has changed."""
    for rule in rules:
        if not rule.enabled or rule.tags:
            continue  # objects of the site have no tags
        number = sum(1 for key in keys if key.startswith(rule.prefix))
        if not number:
            continue
        whose = "" if written else " of the bucket (not in serverless.yml)"
        files = f"{number} file{'s' if number > 1 else ''} of the site"
        name = f"the lifecycle rule {rule.id}{whose}" if rule.id else f"a lifecycle rule{whose}"
        deleted = [after(rule.expiration_days)] if rule.expiration_days is not None else []
        deleted += [f"on {date}" for date, kind in rule.dated if not kind]
        for when in deleted:
            yield Problem(f"{name} deletes {files} {when}", hint=_HINT)
        archived = [(after(days), kind) for days, kind in rule.transitions]
        archived += [(f"on {date}", kind) for date, kind in rule.dated]
        for when, kind in archived:
            if kind.upper() in UNREADABLE:
                yield Problem(f"{name} moves {files} to {kind} {when}: visitors then get an error (403"
                              " InvalidObjectState)", hint=_HINT)


def after(days: int) -> str:
    """In words."""
    if not days:
        return "within a day of their upload"
    return f"{days} day{'s' if days > 1 else ''} after their upload"
