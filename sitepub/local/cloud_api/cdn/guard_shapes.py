"""Settings of a CDN host that restrict access: filters, limits, signed URLs (CDN API 228/30987)."""

from __future__ import annotations

from sitepub.local.cloud_api.cdn.path_rules import PATH_RULE
from sitepub.local.cloud_api.shapes import Parameter, number, obj, objs, switch, text, texts, truth


def _off(**attributes: Parameter) -> Parameter:
    return obj({"Switch": "off"}, Switch=switch(), **attributes)


_KEY = {"SecretKey": text(), "ExpireTime": number(0), "FileExtensions": texts(),
        "FilterType": text("whitelist", "blacklist"), "BackupSecretKey": text()}

_TYPE = {"SecretKey": text(), "SignParam": text(), "TimeParam": text(), "ExpireTime": number(0),
         "TimeFormat": text()}

_DISTRICTS = {"BlockType": text(), **PATH_RULE, "Districts": texts()}

GUARDS: dict[str, Parameter] = {
    "IpFilter": obj(
        {"Switch": "off", "FilterType": "blacklist", "Filters": [], "FilterRules": None, "ReturnCode": None},
        Switch=switch(), FilterType=text("whitelist", "blacklist"), Filters=texts(default=[]),
        FilterRules=objs(FilterType=text("whitelist", "blacklist"), Filters=texts(), **PATH_RULE,
                         Remark=text()),
        ReturnCode=number(400, 499),
    ),
    "IpFreqLimit": obj({"Switch": "off", "Qps": None}, Switch=switch(), Qps=number(1)),
    "Referer": obj(
        {"Switch": "off", "RefererRules": []}, Switch=switch(),
        RefererRules=objs([], **PATH_RULE, RefererType=text("whitelist", "blacklist"), Referers=texts(),
                          AllowEmpty=truth()),
    ),
    "BandwidthAlert": obj(
        {
            "Switch": "off", "BpsThreshold": None, "CounterMeasure": None, "LastTriggerTime": None,
            "AlertSwitch": None, "AlertPercentage": None, "LastTriggerTimeOverseas": None, "Metric": None,
            "StatisticItems": None,
        },
        Switch=switch(), BpsThreshold=number(1),
        CounterMeasure=text("RESOLVE_DNS_TO_ORIGIN", "RETURN_404"),
        LastTriggerTime=Parameter(str, ignored=True), AlertSwitch=switch(None),
        AlertPercentage=number(1, 100), LastTriggerTimeOverseas=Parameter(str, ignored=True), Metric=text(),
        StatisticItems=objs(
            Type=text(), UnBlockTime=number(0), BpsThreshold=number(1),
            CounterMeasure=text("RESOLVE_DNS_TO_ORIGIN", "RETURN_404"), AlertPercentage=number(1, 100),
            AlertSwitch=switch(None), Metric=text(), Cycle=number(1), Switch=switch(None),
        ),
    ),
    "Authentication": obj(
        {"Switch": "off", "AuthAlgorithm": None, "TypeA": None, "TypeB": None, "TypeC": None, "TypeD": None},
        Switch=switch(), AuthAlgorithm=text("md5", "sha256"),
        TypeA=obj(**_KEY, SignParam=text()), TypeB=obj(**_KEY), TypeC=obj(**_KEY, TimeFormat=text()),
        TypeD=obj(**_KEY, SignParam=text(), TimeParam=text(), TimeFormat=text()),
    ),
    "UserAgentFilter": _off(FilterRules=objs([], **PATH_RULE, UserAgents=texts(),
                                             FilterType=text("whitelist", "blacklist"))),
    "AccessControl": _off(
        AccessControlRules=objs([], RuleType=text(), RuleContent=text(), Regex=switch(None),
                                RuleHeader=text()),
        ReturnCode=number(400, 599),
    ),
    "UrlRedirect": _off(PathRules=objs(
        [], RedirectStatusCode=Parameter(int, choices=(301, 302)), Pattern=text(), RedirectUrl=text(),
        RedirectHost=text(), FullMatch=truth(), Regex=truth(),
    )),
    "AccessPort": Parameter(list, default=[]),
    "AdvancedAuthentication": _off(
        TypeA=obj(**_TYPE, ExpireTimeRequired=truth(), Format=text(), FailCode=number(), ExpireCode=number(),
                  RulePaths=texts(), Transformation=number()),
        TypeB=obj(KeyAlpha=text(), KeyBeta=text(), KeyGamma=text(), SignParam=text(), TimeParam=text(),
                  ExpireTime=number(), TimeFormat=text(), FailCode=number(), ExpireCode=number(),
                  RulePaths=texts()),
        TypeC=obj(AccessKey=text(), SecretKey=text()), TypeD=obj(**_TYPE, BackupSecretKey=text()),
        TypeE=obj(SecretKey=text(), SignParam=text(), AclSignParam=text(), StartTimeParam=text(),
                  ExpireTimeParam=text(), TimeFormat=text()),
        TypeF=obj(SignParam=text(), TimeParam=text(), TransactionParam=text(), SecretKey=text(),
                  BackupSecretKey=text()),
    ),
    "OriginAuthentication": _off(TypeA=obj(SecretKey=text())),
    "OriginCombine": _off(),
    "PostMaxSize": obj({"Switch": "on", "MaxSize": 33_554_432}, Switch=switch(),
                       MaxSize=number(1, 209_715_200, default=33_554_432)),
    "WebSocket": obj({"Switch": "off", "Timeout": None}, Switch=switch(), Timeout=number(1, 300)),
    "RemoteAuthentication": _off(
        RemoteAuthenticationRules=objs(Server=text(), AuthMethod=text(), **PATH_RULE, AuthTimeout=number(),
                                       AuthTimeoutAction=text()),
        Server=text(),
    ),
    "ShareCname": _off(Cname=text()),
    "ParamFilter": _off(FilterRules=objs([], Key=text(), Values=texts(), ReturnCode=text())),
    "AutoGuard": _off(FilterRules=objs([], FilterType=text(), **PATH_RULE)),
    "GeoBlocker": _off(BlockRules=objs([], **_DISTRICTS)),
}
