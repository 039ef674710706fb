"""What the error codes of the cloud API 3.0 mean: the common ones (213/30435), and kinds of the products' own, which
all begin like one of them.

What is about a host is said in words about it by ``domains.service_errors``.
"""

from __future__ import annotations

from sitepub.tencent.cos_codes import BROKEN, LATER, REPORT, WRONG, Words

_CONSOLE = "The cloud's own words say why; look in the console, or ask its support with the request id."
_OLD: Words = ("The cloud does not know {action} in this version of its interface", REPORT)
_SIZE: Words = ("{action} was asked for more than one call may hold", REPORT)
_SCARCE: Words = ("The cloud has no more of what {action} needs", "Try again later, or choose another region or plan.")
_QUOTA: Words = ("A limit of the account does not allow {action}", "See the account's quotas in the console.")

_KINDS: dict[str, Words] = {begins: words for names, words in (
    (("InvalidParameter", "InvalidParameterValue", "MissingParameter", "UnknownParameter", "InvalidRequest",
      "InvalidFilter"), WRONG),
    (("FailedOperation", "InternalError", "ServiceUnavailable"), BROKEN),
    (("RequestLimitExceeded",), ("The cloud takes no more calls of {action} at the moment", "Run again in a minute.")),
    (("LimitExceeded",), _QUOTA),
    (("ResourceInUse",), ("{action} meets something that exists already or is in use",
                          "Run again in some minutes; if it stays, look in the console for what uses it.")),
    (("ResourceUnavailable",), ("What {action} is about is not in a state that allows it",
                                "Run again in some minutes; if it stays, look in the console.")),
    (("ResourceInsufficient", "ResourcesSoldOut"), _SCARCE),
    (("UnsupportedOperation", "UnsupportedRegion"), (
        "The cloud does not offer {action} for this account, region or plan", _CONSOLE)),
    (("OperationDenied",), ("The cloud refused {action}", _CONSOLE)),
    (("ActionOffline", "InvalidAction", "NoSuchProduct", "NoSuchVersion", "UnsupportedProtocol"), _OLD),
    (("RequestSizeLimitExceeded", "ResponseSizeLimitExceeded"), _SIZE),
) for begins in names}
_ANY: Words = ("The cloud refused {action}", _CONSOLE)
_BUSY: Words = ("The cloud takes no more calls of {action} at the moment", "Run again in a few minutes.")

_EXPLAINED: dict[str, Words] = {
    **dict.fromkeys((
        # "calls too often" in the lists of cdn, dnspod, ssl, sts and teo, whatever the code begins with
        "FailedOperation.FrequencyLimit", "InvalidParameter.OperationIsTooFrequent", "InvalidParameter.OverLimit",
        "LimitExceeded.CdnHostOpTooOften", "LimitExceeded.RateLimitExceeded",
        "LimitExceeded.SslCertRequestLimitExceeded", "UnauthorizedOperation.OperationTooOften"), _BUSY),
    **dict.fromkeys((
        # dnspod, ssl, cam and cdn
        "FailedOperation.NoRealNameAuth", "FailedOperation.NotRealNamedUser", "InvalidParameter.Activity",
        "InvalidParameter.UnrealNameUser", "InvalidParameter.UserNotAuth", "UnauthorizedOperation.CdnUserAuthFail",
        "UnauthorizedOperation.CdnUserAuthWait"), (
            "The account is not verified (real name), so the cloud refuses {action}",
            "Verify it in the console (account information), then run again.")),
    **dict.fromkeys((
        # teo, cdn
        "FailedOperation.ProductNotActivated", "UnauthorizedOperation.CdnClsNotRegistered",
        "UnauthorizedOperation.ClsServiceNotActivated"), (
            "The service that {action} needs is not activated for this account",
            "Activate it once in the console, then run again.")),
    "UnauthorizedOperation.CdnUserNoWhitelist": (
        "The cloud offers what {action} was asked for to chosen accounts only",
        "Remove that setting from serverless.yml, or ask the cloud's support for it."),
    "InternalError.ServerBusy": ("The service is too busy for {action}", LATER),
    "FailedOperation.NetworkError": (  # ssl
        "The authority that signs the certificate is too busy", "Run again in a few minutes."),
}

_ADDRESS: Words = ("The account does not allow this key from this computer's address",
                   "Ask the account's owner to allow the address (console: CAM), or run where it is allowed.")
_ADDRESSES = frozenset({"IpInBlacklist", "IpNotInWhitelist", "OperationDenied.IPInBlacklistNotAllowed"})
_NO_RIGHT = frozenset({"FailedOperation.CAMAuthorizedFail", "FailedOperation.NoProjectPermission",
                       "InvalidParameter.PermissionDenied"})
"""Of ssl and dnspod: refusals for want of a right, whatever they begin with."""


def refused_address(code: str) -> Words | None:
    return _ADDRESS if code in _ADDRESSES else None


def lacks_right(code: str) -> bool:
    """Whether the key may not do what was asked."""
    return code in _NO_RIGHT or (code.startswith(("UnauthorizedOperation", "AuthFailure")) and code not in _EXPLAINED)


def words(code: str) -> Words:
    """Of any other code."""
    return _EXPLAINED.get(code) or _KINDS.get(code.partition(".")[0], _ANY)
