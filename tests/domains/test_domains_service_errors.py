from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sitepub.domains.service_api import ServiceApi
from sitepub.domains.service_errors import explained
from sitepub.errors import AccessDenied, CloudError, CredentialsError, ExitCode, NetworkError, NotFound, SitepubError
from sitepub.tencent.errors_from_cloud import Asked, error_from


class Answering:
    """The cloud API, when it answers every call with one error."""

    def __init__(self, code: str, message: str = "原文") -> None:
        self.code, self.message = code, message

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        del version, params
        raise error_from(Asked(f"{service}:{action}"), 0, self.code, self.message, "req-1")


def refused(code: str, service: str = "cdn", action: str = "AddCdnDomain") -> SitepubError:
    with pytest.raises(SitepubError) as told:
        ServiceApi(Answering(code)).call(service, action, {}, host="www.example.com")
    return told.value


@pytest.mark.parametrize(("code", "words", "next_step"), [
    ("ResourceUnavailable.CdnHostNoIcp", "ICP", "MIIT"),
    ("ResourceNotFound.CdnUserNotExists", "not activated", "console"),
    ("UnauthorizedOperation.CdnUserAuthFail", "not verified", "Verify"),
    ("UnauthorizedOperation.CdnHostIsUsedByOther", "another account", "Remove it there"),
    ("UnauthorizedOperation.CdnHostIsOwnedByOther", "another account", "Remove it there"),
    ("ResourceInUse.CdnOpInProgress", "being deployed", "run again"),
    ("InvalidParameter.CdnCertInfoNotFound", "certificate", "https: auto"),
    ("FailedOperation.CdnConfigError", "settings", "Run again"),
    ("LimitExceeded.CdnPurgeUrlExceedDayLimit", "used up", "tomorrow"),
    ("InvalidParameter.CDNStatusInvalidDomain", "offline", "--verify"),
    ("ResourceUnavailable.CdnHostIsNotOnline", "offline", "--verify"),
    ("FailedOperation.ExceedsFreeLimit", "free certificates", "certInfo"),
])
def test_an_error_says_in_plain_words_what_is_wrong_and_what_to_do(code: str, words: str, next_step: str) -> None:
    error = refused(code)
    assert words in error.message and next_step in (error.hint or "")
    assert error.code == code and code in error.message
    assert error.request_id == "req-1"
    assert not isinstance(error, AccessDenied)


@pytest.mark.parametrize("code", ["OperationDenied.ProductUpgraded", "OperationDenied.UserMigrating",
                                  "InvalidParameter.CdnHostExistsInEdgeOne"])
def test_an_account_without_classic_cdn_is_told_the_two_ways_out(code: str) -> None:
    error = refused(code)
    assert "edge: edgeone" in (error.hint or "") and "edge: cos" in (error.hint or "")


@pytest.mark.parametrize("code", ["UnauthorizedOperation.CdnCamUnauthorized", "AuthFailure.UnauthorizedOperation",
                                  "UnauthorizedOperation"])
def test_a_missing_permission_is_named(code: str) -> None:
    error = refused(code, action="UpdateDomainConfig")
    assert isinstance(error, AccessDenied) and error.exit_code is ExitCode.CREDENTIALS
    assert "cdn:UpdateDomainConfig" in error.message and "cdn:UpdateDomainConfig" in (error.hint or "")
    assert "permissions.md" in (error.hint or "")


def test_what_is_not_found_stays_a_not_found() -> None:
    assert isinstance(refused("ResourceNotFound.CdnHostNotExists"), NotFound)


def test_an_error_that_nobody_knows_still_names_the_host_and_keeps_the_code() -> None:
    error = refused("InternalError.Odd")
    assert "www.example.com" in error.message and error.code == "InternalError.Odd" and error.request_id == "req-1"


def test_errors_of_the_key_and_of_the_network_are_left_as_they_are() -> None:
    for error in (CredentialsError("no key"), NetworkError("no net")):
        assert explained(error, host="a.example.com") is error
    assert isinstance(explained(CloudError("x", code="Y"), host=""), CloudError)


def test_a_domain_that_was_deleted_elsewhere_is_not_blamed_on_the_key_alone() -> None:
    error = refused("UnauthorizedOperation.CdnHostUnauthorized", action="PurgeUrlsCache")
    assert isinstance(error, AccessDenied) and "no such domain any more" in error.message
    assert "sitepub deploy --verify" in str(error.hint) and "cdn:PurgeUrlsCache" in str(error.hint)
