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
    def api(self) -> bool:
        """Whether it is a call of the cloud API, whose codes are its own."""
        return not self.action.startswith("cos:")

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
    "AuthFailure.InvalidAuthorization": ("The cloud cannot read the signature of this request.",
                                         "Copy the SecretId and the SecretKey from the console (CAM, API keys) or run"
                                         " `sitepub login`."),
    "AuthFailure.MFAFailure": ("The account demands a second factor for this call.",
                               "Use a key of a sub-account that is allowed to do this without it."),
}

_EMBEDDED = {
    "EmbeddedCloudDamaged": RESET_HINT,
    "EmbeddedCloudDisk": "Make room there, or choose another folder with SITEPUB_LOCAL_DATA, and run again.",
}
"""Its own troubles, which it says in whole sentences."""

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
    reason = plain_reason(why).replace(f"'{host}'", "its name")
    return NetworkError(f"The connection to {host} failed: {reason}.",
                        hint="Check the network (and HTTPS_PROXY), then run again.")


def plain_reason(why: str) -> str:
    """The innermost of what urllib3 has nested: "Failed to resolve 'x' ([Errno -2] Name or service not known)"
    instead of "HTTPSConnectionPool(…): Max retries exceeded … (Caused by NameResolutionError(…))"."""
    inner = why.rpartition("(Caused by ")[2]
    reason = re.sub(r"HTTPS?Connection(?:Pool)?\([^()]{0,300}\): ", "", inner)
    if inner != why:
        reason = re.sub(r"(?<!\w)\w{1,64}(?:Error|Exception)\(", "", reason).replace('"', "")
        while reason.endswith(")") and reason.count(")") > reason.count("("):
            reason = reason[:-1]
    return reason.strip()[:200].rstrip(".")


def error_from(asked: Asked, status: int, code: str = "", message: str = "",
               request_id: str | None = None) -> SitepubError:
    """The error to raise for an answer of the cloud (COS API 436/7730; cloud API 3.0 common errors)."""
    from sitepub.tencent import cos_codes  # loaded with the first refusal: most runs meet none

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
    if asked.api:
        return _of_api(asked, status, code, message, request_id)
    if cos_codes.is_missing(code) or status == 404:
        return NotFound(f"Not found: {asked.what}.", code=code or "NoSuchKey", status=status, request_id=request_id,
                        hint=cos_codes.what_to_do_without(code))
    if status == 412 or code in {"PreconditionFailed", "FileAlreadyExists"}:
        text = "already exists" if code == "FileAlreadyExists" else "is not in the expected state"
        return PreconditionFailed(f"{asked.what} {text}.", code=code or "PreconditionFailed", status=status,
                                  request_id=request_id, hint="It was changed at the same time: run again.")
    known = cos_codes.explained(code)
    if known is not None:
        text, hint = known
        text = text.format(bucket=asked.bucket, key=asked.key, what=asked.what, action=asked.action)
        return CloudError(f"{text.rstrip('.')}.{_said(message)}", code=code, status=status, hint=hint,
                          request_id=request_id)
    if status in (401, 403) or code.startswith(("UnauthorizedOperation", "AuthFailure")) or code == "AccessDenied":
        return _denied(asked, status, code, message, request_id)
    if 300 <= status < 400:
        return CloudError(f"{asked.bucket} answered with a redirect ({status}).", code=code or "Redirect",
                          status=status, request_id=request_id,
                          hint="The bucket is probably in another region.")
    if status >= 500 or status == 429:
        text, hint = cos_codes.BROKEN
    else:
        from sitepub.tencent import api_codes

        text, hint = cos_codes.WRONG if cos_codes.is_wrong(code) else api_codes.words(code)
    return _refused(asked, status, code, text, message, hint, request_id)


def _of_api(asked: Asked, status: int, code: str, message: str, request_id: str | None) -> SitepubError:
    from sitepub.tencent import api_codes, cos_codes

    address = api_codes.refused_address(code)
    if address is not None:
        return AccessDenied(f"{address[0]} ({code}).{_said(message)}", code=code, status=status, hint=address[1],
                            request_id=request_id)
    if api_codes.lacks_right(code) or status in (401, 403):
        return _denied(asked, status, code, message, request_id)
    if (asked.action.startswith("sts:AssumeRole") and not code.startswith(("InternalError", "RequestLimitExceeded"))
            and code != "InvalidParameter.OverLimit"):
        return CredentialsError(f"STS gives no keys for the role: {code}.{_said(message)}", code=code or None,
                                hint="Check the role, and who may take it on, in the console (CAM, roles).",
                                request_id=request_id)
    if code.startswith("ResourceNotFound") or status == 404:
        return NotFound(f"{asked.action} did not find in this account what it is about: {code}.{_said(message)}",
                        code=code, status=status, request_id=request_id,
                        hint="Look in the console whether it is still there; `sitepub deploy --verify` makes again what"
                             " sitepub has made.")
    text, hint = api_codes.words(code)
    return _refused(asked, status, code, text, message, cos_codes.LATER if status >= 500 else hint, request_id)


def _denied(asked: Asked, status: int, code: str, message: str, request_id: str | None) -> AccessDenied:
    return AccessDenied(f"These credentials may not do {asked.action} on {asked.what}." + _said(message),
                        code=code or "AccessDenied", status=status,
                        hint=_GRANT.format(action=asked.action, resource=asked.what), request_id=request_id)


def _refused(asked: Asked, status: int, code: str, text: str, message: str, hint: str,
             request_id: str | None) -> CloudError:
    # Calls of the cloud API are about something in the account that their own words name, not about the account.
    where = f" for {asked.what}" if asked.bucket else ""
    name = code or f"HTTP {status}"
    return CloudError(f"{text.format(action=asked.action)}{where}: {name}.{_said(message)}", code=code or "CloudError",
                      status=status, request_id=request_id, hint=hint)
