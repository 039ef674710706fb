"""What the cloud's error codes mean for the user: the right error, plain words, and what to do next."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sitepub.errors import (
    AccessDenied,
    CloudError,
    CredentialsError,
    NetworkError,
    NotFound,
    PreconditionFailed,
    SitepubError,
)
from sitepub.tencent.embedded_gone import RESET_HINT
from sitepub.tencent.sites import VARIABLE

_GRANT = "Ask the account's owner to allow {action} on {resource} for this key (CAM policy)."
_CLOCK = "Set this computer's clock (date, time and time zone) and run again."

_UNKNOWN_KEY = ("Check it in the console (CAM, API keys) or run `sitepub login`. For an account of the international"
                f" site (tencentcloud.com) set {VARIABLE}=intl; `sitepub login` finds out by itself.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the cloud, for messages."""

    action: str
    """The permission it needs, as CAM names it: "cos:PutObject"."""
    bucket: str = ""
    key: str = ""

    @property
    def what(self) -> str:
        if self.key:
            return f"{self.key} in {self.bucket}"
        return f"bucket {self.bucket}" if self.bucket else "this account"


_CREDENTIALS = {
    "InvalidAccessKeyId": ("The SecretId is not known to the cloud.",
                           "Check it in the console (CAM, API keys) or run `sitepub login`."),
    "SignatureDoesNotMatch": ("The SecretKey does not belong to the SecretId.",
                              "Copy both again from the console (CAM, API keys) or run `sitepub login`."),
    "ExpiredToken": ("The temporary credentials have expired.", "Get new ones and run again."),
    "RequestHasExpired": ("The request was signed for a time that is over: this computer's clock is too far from the"
                          " cloud's, or the request took too long.", _CLOCK),
    "RequestTimeTooSkewed": ("This computer's clock is too far from the cloud's.", _CLOCK),
    # Cloud API 3.0 (common errors)
    "AuthFailure.SecretIdNotFound": ("The SecretId is not known to the cloud.", _UNKNOWN_KEY),
    "AuthFailure.AccessKeyIllegal": ("The SecretId is not known to the cloud.", _UNKNOWN_KEY),
    "AuthFailure.InvalidSecretId": ("The SecretId is not valid for the cloud API.", "Run `sitepub login`."),
    "AuthFailure.SignatureFailure": ("The SecretKey does not belong to the SecretId.",
                                     "Copy both from the console (CAM, API keys) or run `sitepub login`."),
    "AuthFailure.SignatureExpire": ("This computer's clock is too far from the cloud's.", _CLOCK),
    "AuthFailure.TokenFailure": ("The token of the temporary credentials is not valid or has expired.",
                                 "Get new ones and run again."),
    "AuthFailure.MFAFailure": ("The account demands a second factor for this call.",
                               "Use a key of a sub-account that is allowed to do this without it."),
}

_EMBEDDED = {
    "EmbeddedCloudDamaged": RESET_HINT,
    "EmbeddedCloudDisk": "Make room there, or choose another folder with SITEPUB_LOCAL_DATA, and run again.",
}
"""Its own troubles, which it says in whole sentences."""

_NOT_FOUND = frozenset({
    "NoSuchKey", "NoSuchUpload", "NoSuchVersion", "NoSuchResource", "NoSuchWebsiteConfiguration",
    "NoSuchTagSet", "NoSuchTagSetError", "NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration",
    "NoSuchBucketPolicy",
})

_EXPLAINED = {
    "BucketAlreadyExists": ("The name {bucket} belongs to another account.",
                            "Choose another name: `inputs.bucketName` in serverless.yml."),
    "InvalidBucketName": ("{bucket} is not a bucket name the cloud accepts.",
                          "Lowercase letters, digits and inner hyphens, at most 60 characters with -APPID."),
    "BucketNotEmpty": ("Bucket {bucket} still holds objects.",
                       "Empty it in the console (unfinished uploads and old versions count too)."),
    "TooManyBuckets": ("The account already has as many buckets as it may have.",
                       "Delete one that is not needed (`sitepub previews prune` removes old previews), or ask for a"
                       " higher limit."),
    "UserNetworkTooSlow": ("The upload of {what} was too slow for the cloud.",
                           "Try again on a better connection, or with `accelerate: true`."),
    "EntityTooLarge": ("{what} is too large for the cloud.", "One object holds 48.8 TB at most."),
    "KeyTooLong": ("The name {key} is too long.", "Object keys have 850 bytes of UTF-8 at most."),
    "PathStyleDomainForbidden": ("The bucket does not answer under that address.", "Check the region."),
    "BucketAccelerateNotEnabled": ("Bucket {bucket} has no acceleration endpoint.",
                             "Global acceleration is off, or was switched on a moment ago; try again later, or remove"
                             " `accelerate: true`."),
    "AccessForbidden": ("Bucket {bucket} refuses requests from here: its rules for other sites (CORS, referer) do not"
                        " allow them.", "Check the bucket in the console (COS, security)."),
    "InvalidObjectState": ("{what} is archived, and cannot be read before it is restored.",
                           "Restore it in the console (COS)."),
    "MultiBucketNotSupport": ("Bucket {bucket} is in more than one place.", "Contact the cloud's support."),
    "LimitExceeded": ("A limit of the account is reached.", "See the message and the account's quotas."),
}
_LATER = "Try again later."
_REFUSED = ("The cloud refused {action}", "")
_WRONG = ("The cloud does not accept the values that {action} was given",
          "Check what serverless.yml says about it; if that is right, report it with the request id.")
_BROKEN = ("The cloud could not carry out {action}", _LATER)
_KINDS = {
    ("InvalidParameter", "MissingParameter", "UnknownParameter", "InvalidArgument", "InvalidRequest", "MalformedXML",
     "MalformedPolicy"): _WRONG,
    ("FailedOperation", "InternalError"): _BROKEN,
    ("RequestLimitExceeded",): ("The cloud takes no more calls of {action} at the moment", "Run again in a minute."),
    ("LimitExceeded",): ("A limit of the account does not allow {action}", "See the account's quotas in the console."),
}
"""By how the code begins (cloud API 3.0, common errors; COS API 436/7730): what kind of refusal it is."""
_ARREARS = frozenset({"UnavailableForLegalReasons", "OperationDenied.AccountIsolate", "PaymentRequired"})
_OVER = "Request has expired"
"""How the list of codes spells it; also the message of an AccessDenied (as users report)."""


def _said(message: str) -> str:
    return f" The cloud said: {message.strip().rstrip('.')}." if message.strip() else ""


def untrusted(host: str, why: str) -> NetworkError:
    """A server whose certificate no trusted authority has signed. Trying again does not help."""
    return NetworkError(f"The certificate of {host} is not trusted: {why}.", code="Certificate",
                        hint="Behind a company's proxy, put its CA certificate into the system's store or "
                             "name the file in SSL_CERT_FILE.")


def unreachable(host: str, why: str) -> NetworkError:
    """No answer came through one of the SDKs, which give the reason as text only."""
    if "CERTIFICATE_VERIFY_FAILED" in why:
        return untrusted(host, "certificate verify failed")
    return NetworkError(f"The connection to {host} failed: {plain_reason(why)}.",
                        hint="Check the network (and HTTPS_PROXY), then run again.")


def plain_reason(why: str) -> str:
    """The innermost of what urllib3 has nested: "Failed to resolve 'x' ([Errno -2] Name or service not known)"
    instead of "HTTPSConnectionPool(…): Max retries exceeded … (Caused by NameResolutionError(…))"."""
    reason = why.rpartition("(Caused by ")[2]
    if reason != why:
        reason = re.sub(r"HTTPS?Connection(?:Pool)?\([^()]{0,300}\): ", "", reason)
        reason = re.sub(r"(?<!\w)\w{1,64}(?:Error|Exception)\(", "", reason).replace('"', "")
        while reason.endswith(")") and reason.count(")") > reason.count("("):
            reason = reason[:-1]
    return reason.strip()[:200].rstrip(".")


def error_from(asked: Asked, status: int, code: str = "", message: str = "",
               request_id: str | None = None) -> SitepubError:
    """The error to raise for an answer of the cloud (COS API 436/7730; cloud API 3.0 common errors)."""
    request_id = request_id or None
    if code in _EMBEDDED:
        return CloudError(message, code=code, status=status, hint=_EMBEDDED[code], request_id=request_id)
    if code == _OVER or (code == "AccessDenied" and message.startswith(_OVER)):
        code = "RequestHasExpired"
    if code in _CREDENTIALS:
        text, hint = _CREDENTIALS[code]
        return CredentialsError(text, hint=hint, code=code, request_id=request_id)
    if code in _ARREARS or "arrears" in message.lower() or "欠费" in message:
        return CloudError("The account is in arrears, so the cloud refuses requests." + _said(message),
                          code=code or "Arrears", status=status, hint="Top it up in the console (billing).",
                          request_id=request_id)
    if code == "NoSuchBucket" or (status == 404 and not code and not asked.key):
        return NotFound(f"There is no bucket {asked.bucket}.", code="NoSuchBucket", status=status,
                        hint="Check the bucket's name and the region; `sitepub deploy` creates it.",
                        request_id=request_id)
    if code in _NOT_FOUND or code.startswith("ResourceNotFound") or status == 404:
        return NotFound(f"Not found: {asked.what}.", code=code or "NoSuchKey", status=status,
                        request_id=request_id)
    if code in _EXPLAINED:
        text, explained_hint = _EXPLAINED[code]
        filled = text.format(bucket=asked.bucket, key=asked.key, what=asked.what)
        return CloudError(filled + _said(message), code=code, status=status, hint=explained_hint,
                          request_id=request_id)
    if status == 412 or code in {"PreconditionFailed", "FileAlreadyExists"}:
        text = "already exists" if code == "FileAlreadyExists" else "is not in the expected state"
        return PreconditionFailed(f"{asked.what} {text}.", code=code or "PreconditionFailed", status=status,
                                  request_id=request_id)
    if (status in (401, 403) or code.startswith(("UnauthorizedOperation", "AuthFailure"))
            or code == "AccessDenied"):
        return AccessDenied(f"These credentials may not do {asked.action} on {asked.what}." + _said(message),
                            code=code or "AccessDenied", status=status,
                            hint=_GRANT.format(action=asked.action, resource=asked.what),
                            request_id=request_id)
    if 300 <= status < 400:
        return CloudError(f"{asked.bucket} answered with a redirect ({status}).", code=code or "Redirect",
                          status=status, request_id=request_id,
                          hint="The bucket is probably in another region.")
    text, told_hint = next((words for begins, words in _KINDS.items() if code.startswith(begins)), _REFUSED)
    # Calls of the cloud API are about something in the account that their own words name, not about the account.
    where = f" for {asked.what}" if asked.bucket else ""
    name = code or f"HTTP {status}"
    return CloudError(f"{text.format(action=asked.action)}{where}: {name}.{_said(message)}",
                      code=code or "CloudError", status=status, request_id=request_id,
                      hint=told_hint or (_LATER if status >= 500 or status == 429 else None))
