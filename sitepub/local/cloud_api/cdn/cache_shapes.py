"""Cache settings of a CDN host: times and cache keys (CDN API 228/30987)."""

from __future__ import annotations

from typing import Any

from sitepub.local.cloud_api.cdn.path_rules import PATH_RULE, RULE_KINDS
from sitepub.local.cloud_api.shapes import number, obj, objs, switch, text, texts

YEAR = 31_536_000
_TYPES = text(*RULE_KINDS, "default", required=True)

_RULE_CACHE = objs(
    **PATH_RULE,
    CacheConfig=obj(
        Cache=obj(
            Switch=switch(), CacheTime=number(0, YEAR), CompareMaxAge=switch(), IgnoreCacheControl=switch(),
            IgnoreSetCookie=switch(), OriginMtimeCheckType=text(),
        ),
        NoCache=obj(Switch=switch(), Revalidate=switch()),
        FollowOrigin=obj(
            Switch=switch(),
            HeuristicCache=obj(
                Switch=switch(),
                CacheConfig=obj(HeuristicCacheTimeSwitch=switch(), HeuristicCacheTime=number(0, YEAR)),
            ),
            OriginMtimeCheckType=text(),
        ),
    ),
)


def _default_rules() -> list[dict[str, Any]]:
    """Everything for 30 days, as the documented example has it, in today's form (RuleCache)."""
    return [{
        "RuleType": "all", "RulePaths": ["*"],
        "CacheConfig": {
            "Cache": {
                "Switch": "on", "CacheTime": 2_592_000, "CompareMaxAge": "off", "IgnoreCacheControl": "off",
                "IgnoreSetCookie": "off", "OriginMtimeCheckType": None,
            },
            "NoCache": {"Switch": "off", "Revalidate": "off"},
            "FollowOrigin": {"Switch": "off", "HeuristicCache": None, "OriginMtimeCheckType": None},
        },
    }]


CACHE = obj(
    {"SimpleCache": None, "AdvancedCache": None, "RuleCache": _default_rules()},
    SimpleCache=obj(
        CacheRules=objs(
            [], CacheType=_TYPES, CacheContents=texts(required=True),
            CacheTime=number(0, YEAR, required=True),
        ),
        FollowOrigin=switch(), IgnoreCacheControl=switch(), IgnoreSetCookie=switch(), CompareMaxAge=switch(),
        Revalidate=obj(Switch=switch(), Path=text()),
    ),
    AdvancedCache=obj(
        CacheRules=objs([], CacheType=_TYPES, CacheContents=texts(required=True),
                        CacheTime=number(0, YEAR, required=True)),
        IgnoreCacheControl=switch(), IgnoreSetCookie=switch(),
    ),
    RuleCache=_RULE_CACHE,
)

CACHE_KEY = obj(
    {
        "FullUrlCache": "on", "IgnoreCase": "off", "QueryString": None, "Cookie": None, "Header": None,
        "CacheTag": None, "Scheme": None, "KeyRules": [],
    },
    FullUrlCache=switch("on"), IgnoreCase=switch(),
    QueryString=obj(
        Switch=switch(), Reorder=switch(),
        Action=text("includeAll", "excludeAll", "includeCustom", "excludeCustom"), Value=text(),
    ),
    Cookie=obj(Switch=switch(), Value=text()), Header=obj(Switch=switch(), Value=text()),
    CacheTag=obj(Switch=switch(), Value=text()), Scheme=obj(Switch=switch()),
    KeyRules=objs(
        [], **PATH_RULE, FullUrlCache=switch("on"), IgnoreCase=switch(),
        QueryString=obj(
            Switch=switch(), Action=text("includeCustom", "excludeCustom", "includeAll", "excludeAll"),
            Value=text(),
        ),
        RuleTag=text(),
    ),
)

MAX_AGE = obj(
    {"Switch": "off", "MaxAgeRules": [], "MaxAgeCodeRule": None}, Switch=switch(),
    MaxAgeRules=objs(
        [], MaxAgeType=text(*RULE_KINDS, required=True), MaxAgeContents=texts(required=True),
        MaxAgeTime=number(0, YEAR, required=True), FollowOrigin=switch(),
    ),
    MaxAgeCodeRule=obj(Action=text(), StatusCodes=texts()),
)

STATUS_CODE_CACHE = obj(
    {"Switch": "on", "CacheRules": [{"StatusCode": "404", "CacheTime": 10}]}, Switch=switch(),
    CacheRules=objs([], StatusCode=text(required=True), CacheTime=number(0, YEAR, required=True)),
)
