"""Models of how long the CDN and browsers keep files, under the CDN API's own names (API 228/30987)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from sitepub.config.models.fields import OnOff, Seconds, Shape, Switch, Text, TextList

PageType = Literal["all", "file", "directory", "path", "index"]
"""What a rule is for; "index": the home page."""


class CacheRule(Shape):
    cache_type: PageType
    cache_contents: TextList
    cache_time: Seconds


class AdvancedCacheRule(Shape):
    cache_type: Literal["all", "file", "directory", "path", "default"]
    cache_contents: TextList
    cache_time: Seconds


class Revalidate(OnOff):
    path: Text | None = None


class SimpleCache(Shape):
    cache_rules: list[CacheRule] | None = None
    follow_origin: Switch | None = None
    ignore_cache_control: Switch | None = None
    ignore_set_cookie: Switch | None = None
    compare_max_age: Switch | None = None
    revalidate: Revalidate | None = None


class AdvancedCache(Shape):
    cache_rules: list[AdvancedCacheRule] | None = None
    ignore_cache_control: Switch | None = None
    ignore_set_cookie: Switch | None = None


class CacheOn(OnOff):
    cache_time: Seconds | None = None
    compare_max_age: Switch | None = None
    ignore_cache_control: Switch | None = None
    ignore_set_cookie: Switch | None = None


class NoCache(OnOff):
    revalidate: Switch | None = None


class HeuristicConfig(Shape):
    heuristic_cache_time_switch: Switch
    heuristic_cache_time: Seconds


class HeuristicCache(OnOff):
    cache_config: HeuristicConfig | None = None


class FollowOrigin(OnOff):
    heuristic_cache: HeuristicCache | None = None


class RuleCacheConfig(Shape):
    cache: CacheOn | None = None
    no_cache: NoCache | None = None
    follow_origin: FollowOrigin | None = None


class RuleCache(Shape):
    rule_paths: TextList
    rule_type: PageType
    cache_config: RuleCacheConfig


class Cache(Shape):
    simple_cache: SimpleCache | None = None
    advanced_cache: AdvancedCache | None = None
    rule_cache: list[RuleCache] | None = None


class RuleQueryString(OnOff):
    action: Literal["includeAll", "excludeAll", "includeCustom", "excludeCustom"] | None = None
    value: Text | None = None


class QueryString(RuleQueryString):
    reorder: Switch | None = None


class KeyPart(OnOff):
    value: Text | None = None


class KeyRule(Shape):
    rule_paths: TextList
    rule_type: Literal["file", "directory", "path", "index"]
    full_url_cache: Switch | None = None
    ignore_case: Switch | None = None
    query_string: RuleQueryString | None = None
    rule_tag: Text | None = None


class CacheKey(Shape):
    full_url_cache: Switch | None = None
    ignore_case: Switch | None = None
    query_string: QueryString | None = None
    cookie: KeyPart | None = None
    header: KeyPart | None = None
    cache_tag: KeyPart | None = None
    scheme: OnOff | None = None
    key_rules: list[KeyRule] | None = None


def _digits(value: object) -> object:
    """A status as the API has it, a text, also when it is written as a number."""
    return str(int(value)) if isinstance(value, int) and not isinstance(value, bool) else value


class StatusCodeRule(Shape):
    status_code: Annotated[Literal["403", "404"], BeforeValidator(_digits)]
    cache_time: Seconds


class StatusCodeCache(OnOff):
    cache_rules: list[StatusCodeRule] | None = None


class MaxAgeRule(Shape):
    max_age_type: PageType
    max_age_contents: TextList
    max_age_time: Seconds
    follow_origin: Switch | None = None


class MaxAgeCodeRule(Shape):
    action: Literal["clear"]
    status_codes: TextList


class MaxAge(OnOff):
    max_age_rules: list[MaxAgeRule] | None = None
    max_age_code_rule: MaxAgeCodeRule | None = None
