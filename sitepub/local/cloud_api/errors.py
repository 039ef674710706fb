"""Errors of the cloud API: HTTP 200 with an Error object (API 3.0, common error codes, 213/30435)."""

from __future__ import annotations

COMMON: dict[str, str] = {
    "AuthFailure.InvalidAuthorization": "The Authorization header does not follow the documented form.",
    "AuthFailure.SecretIdNotFound": "The SecretId is not found, please ensure that your SecretId is correct.",
    "AuthFailure.SignatureExpire": "Signature expired: X-TC-Timestamp and the server time differ by more "
                                   "than five minutes.",
    "AuthFailure.SignatureFailure": "The provided credentials could not be validated because of signature "
                                    "mismatch. Please check your signature is correct.",
    "AuthFailure.TokenFailure": "The token is wrong or has expired.",
    "FailedOperation": "The operation failed.",
    "InternalError": "An internal error has occurred. Retry your request.",
    "InvalidAction": "The request action is invalid or not found.",
    "InvalidParameter": "A parameter is not valid.",
    "InvalidParameterValue": "The value of a parameter is not valid.",
    "LimitExceeded": "The quota is exceeded.",
    "MissingParameter": "A required parameter is missing.",
    "NoSuchProduct": "The product does not exist.",
    "NoSuchVersion": "The interface version does not exist.",
    "RequestLimitExceeded": "The number of requests exceeds the frequency limit.",
    "RequestSizeLimitExceeded": "The request is too large.",
    "ResourceInUse": "The resource is in use.",
    "ResourceNotFound": "The resource does not exist.",
    "UnauthorizedOperation": "The operation is not authorized.",
    "UnknownParameter": "The parameter is not defined.",
    "UnsupportedOperation": "The operation is not supported.",
    "UnsupportedProtocol": "Only POST with a JSON body is supported.",
    "UnsupportedRegion": "The region is not supported.",
}


class ApiError(Exception):
    """An action that is answered with an error. `code` may be one of COMMON or the service's own."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or COMMON.get(code, code)
        super().__init__(f"{code}: {self.message}")
