"""Where the published models are wrong or incomplete, each with what says so."""

from __future__ import annotations

VALUES: dict[tuple[str, str, str], frozenset[object]] = {
    # product, object, member: values beyond those that the model's words list
    # The requests in the documentation of CreateAccelerationDomain and ModifyAccelerationDomain write it so.
    ("teo", "OriginInfo", "OriginType"): frozenset({"ip_domain"}),
    # The metrics that DescribeCdnData may be asked for, in the words of its request.
    ("cdn", "CdnData", "Metric"): frozenset({
        "fluxIn", "fluxOut", "bandwidthIn", "bandwidthOut", "hitRequest", "requestHitRate", "hitFlux"}),
}

NUMBERS_AS_TEXT: dict[tuple[str, str, str], str] = {
    # product, object, member: a number that the documentation's own requests write as text
    ("ssl", "UploadCertificateRequest", "ProjectId"): "the requests in its documentation: \"1634827\"",
    **{("ssl", "DescribeCertificatesRequest", name): "the requests in its documentation: \"0\" and \"1\""
       for name in ("Offset", "Limit")},
    ("sts", "AssumeRoleWithWebIdentityRequest", "DurationSeconds"): "the request in its documentation: \"1800\"",
}

COMMON_ERRORS = frozenset({
    # API 3.0, common error codes (213/30435); the SDKs' lists have only what a product adds.
    "ActionOffline", "AuthFailure.InvalidAuthorization", "AuthFailure.InvalidSecretId", "AuthFailure.MFAFailure",
    "AuthFailure.SecretIdNotFound", "AuthFailure.SignatureExpire", "AuthFailure.SignatureFailure",
    "AuthFailure.TokenFailure", "AuthFailure.UnauthorizedOperation", "DryRunOperation", "FailedOperation",
    "InternalError", "InvalidAction", "InvalidParameter", "InvalidParameterValue", "InvalidRequest",
    "IpInBlacklist", "IpNotInWhitelist", "LimitExceeded", "MissingParameter", "NoSuchProduct", "NoSuchVersion",
    "RequestLimitExceeded", "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
    "RequestLimitExceeded.IPLimitExceeded", "RequestLimitExceeded.UinLimitExceeded", "RequestSizeLimitExceeded",
    "ResourceInUse", "ResourceInsufficient", "ResourceNotFound", "ResourceUnavailable", "ResponseSizeLimitExceeded",
    "ServiceUnavailable", "UnauthorizedOperation", "UnknownParameter", "UnsupportedOperation",
    "UnsupportedProtocol", "UnsupportedRegion",
})

ERRORS: dict[str, dict[str, str]] = {
    # product: code: where it is documented or was seen
    "teo": {"ResourceUnavailable.RecordUnExpected":
            "the answer of CheckFreeCertificateVerification in its documentation (example of a failure)"},
}

STILL_SENT: dict[tuple[str, str, str], str] = {
    # product, object, member: why a deprecated member goes out
}

NULLS: dict[tuple[str, str, str], str] = {
    # product, object, member: why null is right
}

OPTIONAL: dict[tuple[str, str, str], str] = {
    # product, object, member: why a required member may be left out
    ("cdn", "HttpHeaderPathRule", "HeaderValue"):
        "the member's own words: not needed when HeaderMode is del; the CDN refuses add and set without it",
}

KEYS: dict[tuple[str, str], str] = {
    # object, our key: its name there
    ("ServerCert", "remarks"): "Message",  # the component of serverless.com named it so
    ("BandwidthAlert", "kBpsThreshold"): "KBpsThreshold",
}

FILLED_IN: dict[tuple[str, str], str] = {
    # object, member: how sitepub fills in what serverless.yml leaves out
    **{("SimpleCache", name): "domains.cdn_required" for name in (
        "CacheRules", "FollowOrigin", "IgnoreCacheControl", "IgnoreSetCookie", "CompareMaxAge")},
    **{("AdvancedCache", name): "domains.cdn_required" for name in (
        "CacheRules", "IgnoreCacheControl", "IgnoreSetCookie")},
    **{("RuleCacheConfig", name): "domains.cdn_required" for name in ("Cache", "NoCache", "FollowOrigin")},
    **{("CacheConfigCache", name): "domains.cdn_required" for name in (
        "CompareMaxAge", "IgnoreCacheControl", "IgnoreSetCookie")},
    ("CacheConfigCache", "CacheTime"): "config.cdn_checks demands it where the mode is on",
    ("CacheConfigNoCache", "Revalidate"): "domains.cdn_required",
    **{("CompressionRule", name): "domains.cdn_required" for name in ("MinLength", "MaxLength", "Algorithms")},
    **{("KeyRule", name): "domains.cdn_required" for name in ("FullUrlCache", "IgnoreCase", "QueryString", "RuleTag")},
    **{("RuleQueryString", name): "domains.cdn_required" for name in ("Action", "Value")},
    **{(name, "Switch"): "a default of the schema" for name in ("Https", "Hsts", "ForceRedirect")},
}

NOT_OFFERED: dict[tuple[str, str], frozenset[object]] = {
    # object, member: values that sitepub leaves out
}
