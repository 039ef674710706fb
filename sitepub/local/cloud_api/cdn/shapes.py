"""The configuration of a CDN host: every documented attribute with its type and default (CDN API 228/41117,
complex types 228/30987).

The defaults of objects that were never set are those of the documented example of DescribeDomainsConfig where it
shows them; attributes that it does not show are null, except where the attribute's own description gives a
default.
"""

from __future__ import annotations

from sitepub.local.cloud_api.cdn.cache_shapes import CACHE, CACHE_KEY, MAX_AGE, STATUS_CODE_CACHE
from sitepub.local.cloud_api.cdn.guard_shapes import GUARDS
from sitepub.local.cloud_api.cdn.path_rules import PATH_RULE, RULE_KINDS
from sitepub.local.cloud_api.shapes import Parameter, number, obj, objs, switch, text, texts, truth

ORIGIN_TYPES = (
    "domain", "domainv6", "cos", "third_party", "igtm", "ip", "ipv6", "ip_ipv6", "ip_domain", "ip_domainv6",
    "ipv6_domain", "ipv6_domainv6", "domain_domainv6", "ip_ipv6_domain", "ip_ipv6_domainv6",
    "ip_domain_domainv6", "ipv6_domain_domainv6", "ip_ipv6_domain_domainv6",
    "image", "ftp",
)
_TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

_SERVER_CERT = {
    "CertId": text(), "CertName": Parameter(str, ignored=True), "Certificate": text(),
    "PrivateKey": text(), "ExpireTime": Parameter(str, ignored=True),
    "DeployTime": Parameter(str, ignored=True), "Message": text(), "From": Parameter(str, ignored=True),
}
_CLIENT_CERT = {
    "Certificate": text(), "CertName": Parameter(str, ignored=True),
    "ExpireTime": Parameter(str, ignored=True), "DeployTime": Parameter(str, ignored=True),
}

ORIGIN = obj(
    Origins=texts(default=[]), OriginType=text(*ORIGIN_TYPES), ServerName=text(),
    CosPrivateAccess=switch(), OriginPullProtocol=text("http", "https", "follow", default="http"),
    BackupOrigins=texts(default=[]), BackupOriginType=text(*ORIGIN_TYPES), BackupServerName=text(),
    BasePath=text(), OriginCompany=text(),
    PathRules=objs(
        Regex=truth(), Path=text(), Origin=text(), ServerName=text(), OriginArea=text(), ForwardUri=text(),
        RequestHeaders=objs(HeaderMode=text("add", "set", "del"), HeaderName=text(), HeaderValue=text()),
        FullMatch=truth(),
    ),
    PathBasedOrigin=objs(RuleType=text(*RULE_KINDS), RulePaths=texts(), Origin=texts()),
    Sni=obj(Switch=switch(), ServerName=text()),
    AdvanceHttps=obj(
        CustomTlsStatus=switch(None), TlsVersion=texts(), Cipher=text(), VerifyOriginType=text(),
        CertInfo=obj(**_SERVER_CERT), OriginCertInfo=obj(**_CLIENT_CERT),
    ),
)

HTTPS = obj(
    {
        "Switch": "off", "Http2": "off", "OcspStapling": "off", "VerifyClient": "off", "CertInfo": None,
        "ClientCertInfo": None, "Spdy": "off", "Hsts": None, "TlsVersion": None,
    },
    Switch=switch(), Http2=switch(), OcspStapling=switch(), VerifyClient=switch(),
    CertInfo=obj(**_SERVER_CERT), ClientCertInfo=obj(**_CLIENT_CERT), Spdy=switch(),
    SslStatus=Parameter(str, ignored=True),
    Hsts=obj(Switch=switch(), MaxAge=number(0, default=0), IncludeSubDomains=switch()),
    TlsVersion=texts(),
)
TLS_VERSIONS = _TLS

_HEADERS = objs(
    [], **PATH_RULE, HeaderMode=text("add", "set", "del", required=True),
    HeaderName=text(required=True), HeaderValue=text(),
)

_COMPRESSION_RULES = objs(
    [], Compress=truth(default=True), MinLength=number(0, default=256),
    MaxLength=number(0, 30 * 1024 * 1024, default=2_097_152), Algorithms=texts(default=["gzip"]),
    FileExtensions=texts(), RuleType=text("all", "file", "directory", "path", "contentType"),
    RulePaths=texts(),
)

COMPRESSION = obj(
    {"Switch": "on", "CompressionRules": [{
        "Compress": True, "MinLength": 256, "MaxLength": 2_097_152, "Algorithms": ["gzip"],
        "FileExtensions": None, "RuleType": "file",
        "RulePaths": ["js", "html", "css", "xml", "json", "shtml", "htm"],
    }]},
    Switch=switch(), CompressionRules=_COMPRESSION_RULES,
)

FORCE_REDIRECT = obj(
    {"Switch": "off", "RedirectType": "http", "RedirectStatusCode": 302, "CarryHeaders": "off"},
    Switch=switch(), RedirectType=text("http", "https", default="http"),
    RedirectStatusCode=Parameter(int, default=302, choices=(301, 302, 307, 308)), CarryHeaders=switch(),
)

_PRIVATE = {"Switch": switch(), "AccessKey": text(), "SecretKey": text()}


def _private(*more: str) -> Parameter:
    return obj({"Switch": "off"}, **_PRIVATE, **{name: text() for name in more})


def _only_switch(default: str = "off") -> Parameter:
    return obj({"Switch": default}, Switch=switch())


_SETTINGS: dict[str, Parameter] = {
    "Origin": ORIGIN,
    "Https": HTTPS,
    "ForceRedirect": FORCE_REDIRECT,
    "Cache": CACHE,
    "CacheKey": CACHE_KEY,
    "MaxAge": MAX_AGE,
    "StatusCodeCache": STATUS_CODE_CACHE,
    "Compression": COMPRESSION,
    "RequestHeader": obj({"Switch": "off", "HeaderRules": []}, Switch=switch(), HeaderRules=_HEADERS),
    "ResponseHeader": obj({"Switch": "off", "HeaderRules": []}, Switch=switch(), HeaderRules=_HEADERS),
    "ResponseHeaderCache": _only_switch(),
    "RangeOriginPull": obj(
        {"Switch": "on", "RangeRules": None}, Switch=switch(),
        RangeRules=objs(Switch=switch(None), **PATH_RULE),
    ),
    "FollowRedirect": obj(
        {"Switch": "off", "RedirectConfig": None}, Switch=switch(),
        RedirectConfig=obj(Switch=switch(), FollowRedirectHost=text(), FollowRedirectBackupHost=text()),
    ),
    "ErrorPage": obj(
        {"Switch": "off", "PageRules": []}, Switch=switch(),
        PageRules=objs([], StatusCode=number(400, 599, required=True),
                       RedirectCode=Parameter(int, True, choices=(301, 302)),
                       RedirectUrl=text(required=True)),
    ),
    "DownstreamCapping": obj(
        {"Switch": "off", "CappingRules": []}, Switch=switch(),
        CappingRules=objs([], **PATH_RULE, KBpsThreshold=number(1)),
    ),
    "VideoSeek": _only_switch(),
    "OriginPullOptimization": obj(
        {"Switch": "off", "OptimizationType": ""}, Switch=switch(),
        OptimizationType=text("", "OVToCN", "CNToOV", default=""),
    ),
    "OriginPullTimeout": obj(
        {"ConnectTimeout": 5, "ReceiveTimeout": 10}, ConnectTimeout=number(5, 60, default=5),
        ReceiveTimeout=number(10, 300, default=10),
    ),
    "Seo": _only_switch(),
    "OfflineCache": _only_switch("on"),
    "Quic": _only_switch(),
    "Ipv6Access": _only_switch(),
    "HttpsBilling": _only_switch("on"),
    "AwsPrivateAccess": _private("Region", "Bucket"),
    "OssPrivateAccess": _private("Region", "Bucket"),
    "HwPrivateAccess": _private("Bucket"),
    "QnPrivateAccess": obj({"Switch": "off"}, **(_PRIVATE | {"SecretKey": text(default="")})),
    "OthersPrivateAccess": _private("Region", "Bucket"),
    **GUARDS,
}

_PER_AREA = (
    "Authentication", "BandwidthAlert", "Cache", "CacheKey", "Compression", "DownstreamCapping", "ErrorPage",
    "FollowRedirect", "ForceRedirect", "Https", "IpFilter", "IpFreqLimit", "MaxAge", "Origin",
    "OriginPullOptimization", "RangeOriginPull", "Referer", "RequestHeader", "ResponseHeader",
    "ResponseHeaderCache", "Seo", "StatusCodeCache", "VideoSeek", "AwsPrivateAccess", "OssPrivateAccess",
    "HwPrivateAccess", "QnPrivateAccess",
)


def _area() -> Parameter:
    """Settings of one area. What is left out there is the host's own, so there are no defaults."""
    attributes = {name: _SETTINGS[name] for name in _PER_AREA}
    return obj(**{name: Parameter(p.kind, shape=p.shape) for name, p in attributes.items()},
               ServiceType=text())


SETTINGS: dict[str, Parameter] = {
    **_SETTINGS,
    "SpecificConfig": obj({"Mainland": None, "Overseas": None}, Mainland=_area(), Overseas=_area()),
}
"""The objects of a host's configuration, by name."""
