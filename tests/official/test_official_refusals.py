"""Every error code of the official lists reaches the user with what is wrong, why, and what to do; the right exit
code; and is tried again only where that can help."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tencentcloud.common.exception import TencentCloudSDKException

from sitepub.domains.busy import PASSING
from sitepub.domains.service_errors import explained
from sitepub.errors import CredentialsError, ExitCode, SitepubError
from sitepub.tencent.account import identity
from sitepub.tencent.cloud import Credentials
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.errors_from_cloud import Asked, error_from
from sitepub.tencent.network.retry import Backoff
from tests.official.cos_exceptions import SENT
from tests.official.exceptions import COMMON_ERRORS
from tests.official.models import PRODUCTS, model
from tests.official.test_official_cos_errors import LIST

COS = sorted({(code, status) for code, statuses in LIST.items() for status in statuses}
             | {(code, status) for code, (status, _) in SENT.items()})
OPERATIONS = ("cos:PutObject", "cos:GetBucketWebsite", "cos:PutBucket")
RIGHTS = {
    # The list's own words for them: no right, not authorized, signature or key not valid, address not allowed.
    "cam": {"AuthFailure.UnauthorizedOperation", "UnauthorizedOperation", "UnauthorizedOperation.DeleteApiKey"},
    "cdn": {"UnauthorizedOperation", "UnauthorizedOperation.CdnCamUnauthorized", "UnauthorizedOperation.Unknown",
            "UnauthorizedOperation.CdnHostUnauthorized", "UnauthorizedOperation.CdnProjectUnauthorized",
            "UnauthorizedOperation.CdnTagUnauthorized", "AuthFailure.InvalidAuthorization"},
    "ssl": {"AuthFailure.UnauthorizedOperation", "FailedOperation.CAMAuthorizedFail", "UnauthorizedOperation",
            "FailedOperation.NoProjectPermission"},
    "dnspod": {"AuthFailure.UnauthorizedOperation", "InvalidParameter.PermissionDenied", "UnauthorizedOperation",
               "OperationDenied.IPInBlacklistNotAllowed"},
    "teo": {"UnauthorizedOperation", "UnauthorizedOperation.CamUnauthorized", "UnauthorizedOperation.NoPermission"},
    "cls": {"AuthFailure.UnauthorizedOperation", "UnauthorizedOperation"},
    "sts": {"AuthFailure.AccessKeyIllegal", "UnauthorizedOperation"},
    "tag": {"AuthFailure.UnauthorizedOperation"},
}
NO_RIGHTS = {"UnauthorizedOperation.OperationTooOften", "UnauthorizedOperation.CdnUserAuthFail",
             "UnauthorizedOperation.CdnUserAuthWait", "UnauthorizedOperation.CdnUserNoWhitelist",
             "UnauthorizedOperation.ClsServiceNotActivated"}
"""Begin so, and are about the account."""


def codes(product: str) -> list[str]:
    return sorted(model(product).errors | COMMON_ERRORS)


def filled_in(error: SitepubError) -> bool:
    return not any(f"{{{name}}}" in f"{error.message} {error.hint}" for name in (
        "action", "bucket", "host", "key", "what"))


def is_whole(error: SitepubError, code: str, said: str) -> bool:
    """All that a user needs is there."""
    known = code in error.message or error.code == code
    reason = said in error.message or isinstance(error, CredentialsError) or error.exit_code is ExitCode.CREDENTIALS
    return bool(error.hint) and known and reason and filled_in(error)


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_code_of_a_product_is_said_with_its_reason_and_what_to_do(product: str) -> None:
    poor = []
    for code in codes(product):
        plain = error_from(Asked(f"{product}:DescribeThings"), 0, code, "the cloud's own words", "request-7")
        host = explained(plain, host="www.example.com", action=f"{product}:DescribeThings")
        assert plain.request_id == host.request_id == "request-7" and plain.code == host.code == code
        poor += [f"{one.message} {one.hint}" for one in (plain, host)
                 if not is_whole(one, code, "the cloud's own words") or one.exit_code not in (1, 3)]
    assert not poor, "\n".join(poor)


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_about_keys_and_rights_ends_as_credentials_do(product: str) -> None:
    def exits(code: str) -> int:
        return error_from(Asked(f"{product}:DescribeThings"), 0, code, "").exit_code

    assert {code for code in RIGHTS[product] if exits(code) != ExitCode.CREDENTIALS} == set()
    assert {code for code in NO_RIGHTS & set(codes(product)) if exits(code) == ExitCode.CREDENTIALS} == set()
    assert {code for code in codes(product) if exits(code) == ExitCode.CREDENTIALS
            and not code.startswith(("AuthFailure", "UnauthorizedOperation", "IpIn", "IpNot"))} <= RIGHTS[product]


@pytest.mark.parametrize("product", PRODUCTS)
def test_nothing_of_the_cloud_api_is_blamed_on_object_storage(product: str) -> None:
    """NoSuchVersion is a code of both."""
    for code in codes(product):
        error = error_from(Asked(f"{product}:DescribeThings"), 0, code, "")
        assert "bucket" not in error.message and "Not found" not in error.message, error.message


@pytest.mark.parametrize("action", ["DescribeThings", "ModifyThings"])
@pytest.mark.parametrize("product", PRODUCTS)
def test_only_what_can_pass_is_tried_again(product: str, action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def refuse(*_: Any) -> dict[str, Any]:
        calls.append(code)
        raise TencentCloudSDKException(code, "no", "request-7")

    monkeypatch.setattr(CloudApi, "_call_once", refuse)
    monkeypatch.setattr(CloudApi, "_learn_time", lambda *_: False)
    api = CloudApi(Credentials("id", "key"), "ap-guangzhou", backoff=Backoff(attempts=2), sleep=lambda _: None)
    again = set()
    for code in codes(product):
        calls.clear()
        with pytest.raises(SitepubError) as caught:
            api.call(product, "2020-01-01", action, {})
        assert len(calls) == (2 if caught.value.passing else 1)
        if caught.value.passing:
            again.add(code)
    # Refused before anything is done, as the common list and that of STS say.
    begins = ["RequestLimitExceeded", "InvalidParameter.OverLimit"]
    if action == "DescribeThings":
        begins += ["InternalError", "ServiceUnavailable"]
    assert again == {code for code in codes(product) if code.startswith(tuple(begins))}


def test_what_is_waited_for_longer_is_of_the_lists() -> None:
    for product, passing in PASSING.items():
        assert set(passing) <= model(product).errors


@pytest.mark.parametrize("action", OPERATIONS)
def test_every_code_of_object_storage_is_said_with_its_reason_and_what_to_do(action: str) -> None:
    asked = Asked(action, "site-1250000000", "a.html" if action == "cos:PutObject" else "")
    poor = []
    for code, status in COS:
        error = error_from(asked, status, code, "the cloud's own words", "request-7")
        assert error.request_id == "request-7"
        passed_on = status in (404, 412) or code == "FileAlreadyExists" or "the cloud's own words" in error.message
        whole = error.hint and error.code in (code, "RequestHasExpired") and filled_in(error)
        right = error.exit_code == (3 if (status == 403 and code not in (
            "AccessForbidden", "InvalidObjectState", "PathStyleDomainForbidden")) or code == "ExpiredToken" else 1)
        if not (whole and right and (passed_on or error.exit_code == 3)):
            poor.append(f"{status} {code}: {error.message} {error.hint} {error.exit_code}")
    assert not poor, "\n".join(poor)


@pytest.mark.parametrize(("code", "status", "words"), [
    ("BadDigest", 400, "network"), ("EntitySizeNotMatch", 400, "network"), ("ObjectLocked", 409, "retention"),
    ("KmsKeyDisabled", 400, "KMS"), ("UploadConflict", 409, "Run again"), ("NoSuchUpload", 404, "Run again"),
    ("InvalidObjectName", 400, "Rename"), ("AttachmentFull", 400, "CAM"), ("NotImplemented", 501, "request id"),
    ("MAZOperationNotSupportOnOAZBucket", 400, "region"), ("SlowDown", 503, "later"), ("", 429, "later"),
    ("", 500, "later"), ("FileAlreadyExists", 409, "run again"), ("NoSuchTagSet", 404, "serverless.yml"),
    ("SomethingNew", 400, "request id"), ("ActionAccelerateNotSupported", 400, "accelerate"),
    ("DownloadForbidden", 400, "hosts"), ("MetadataTooLarge", 400, "2 KB"),
])
def test_the_hint_fits_the_cause(code: str, status: int, words: str) -> None:
    hint = error_from(Asked("cos:PutObject", "site-1250000000", "a.html"), status, code, "said").hint
    assert hint is not None and words in hint


@pytest.mark.parametrize("code", ["InvalidParameter.WebIdentityTokenError", "ResourceNotFound.RoleNotFound",
                                  "FailedOperation.TempKeyNotAllowed", "InvalidParameter.AccessKeyNotSupport"])
def test_a_role_that_gives_no_keys_is_a_matter_of_credentials(code: str) -> None:
    error = error_from(Asked("sts:AssumeRoleWithWebIdentity"), 0, code, "said", "request-7")
    assert type(error) is CredentialsError and code in error.message and error.hint


@dataclasses.dataclass
class Sts:
    code: str

    def __call__(self, *_: Any) -> dict[str, Any]:
        raise TencentCloudSDKException(self.code, "no", "request-7")


@pytest.mark.parametrize(("code", "expected"), [
    ("InvalidParameter.WebIdentityTokenError", "IdentityRefused"), ("AuthFailure.AccessKeyIllegal", "IdentityRefused"),
    ("RequestLimitExceeded", "RequestLimitExceeded"), ("InvalidParameter.OverLimit", "InvalidParameter.OverLimit"),
    ("InternalError.DbError", "InternalError.DbError"),
])
def test_a_service_without_an_answer_does_not_refuse_an_identity(
        code: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI leaves a preview out where the role does not trust the run; not where STS has a bad minute."""
    monkeypatch.setattr(CloudApi, "_call_once", Sts(code))
    monkeypatch.setattr("sitepub.tencent.cloud_api.Backoff", lambda **_: Backoff(attempts=1))
    with pytest.raises(SitepubError) as caught:
        identity.exchanged("token", "qcs::cam::uin/1:roleName/r", "provider", None, "cn")
    assert caught.value.code == expected
