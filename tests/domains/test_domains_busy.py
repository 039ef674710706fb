"""A service that is busy, or is asked too often, is asked again; what it refuses for good is said at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sitepub.domains.busy import PASSING, pauses
from sitepub.domains.service_api import ServiceApi
from sitepub.errors import AccessDenied, Interrupted, SitepubError
from sitepub.tencent.errors_from_cloud import Asked, error_from

BUSY = [(service, code) for service, codes in PASSING.items() for code in codes]


class Refusing:
    """A service that refuses some calls with these codes, one after the other, and then answers."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.calls = 0

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        del version
        self.calls += 1
        if self.codes:
            raise error_from(Asked(f"{service}:{action}"), 0, self.codes.pop(0), "稍后", "req-1")
        return {"RequestId": "req-2", **params}


def told(api: Refusing, service: str, slept: list[float]) -> SitepubError:
    with pytest.raises(SitepubError) as caught:
        ServiceApi(api, sleep=slept.append).call(service, "Modify", {}, host="www.example.com")
    return caught.value


@pytest.mark.parametrize(("service", "code"), BUSY)
@pytest.mark.parametrize("times", [1, 3])
def test_a_busy_service_is_asked_again(service: str, code: str, times: int) -> None:
    api, slept = Refusing(*[code] * times), list[float]()
    assert ServiceApi(api, sleep=slept.append).call(service, "Modify", {"A": 1})["A"] == 1
    assert api.calls == times + 1 and len(slept) == times and all(0 < one <= 15 for one in slept)


@pytest.mark.parametrize(("service", "code"), BUSY)
def test_a_service_that_stays_busy_is_given_up_after_its_time_and_named(service: str, code: str) -> None:
    slept = list[float]()
    error = told(Refusing(*[code] * 10_000), service, slept)
    assert error.code == code and sum(slept) == pytest.approx(PASSING[service][code].total)
    assert code in error.message and error.hint
    if code != "UnauthorizedOperation.Unknown":
        assert not isinstance(error, AccessDenied)
        assert "minutes" in error.hint


@pytest.mark.parametrize(("service", "code"), [
    ("cdn", "UnauthorizedOperation.Unknown"), ("cdn", "InvalidParameter.ActionInProgress"),
    ("teo", "UnauthorizedOperation.CamUnauthorized"), ("teo", "InvalidParameter.DomainNotFound"),
    ("ssl", "FailedOperation.ExceedsFreeLimit"), ("dnspod", "OperationDenied.NoPermissionToOperateDomain"),
    ("cdn", "ResourceInUse.CdnOpInProgress"),
])
def test_what_does_not_pass_is_said_at_once(service: str, code: str) -> None:
    slept = list[float]()
    assert told(Refusing(code), service, slept).code == code
    assert slept == []


def test_each_reason_has_its_own_time() -> None:
    rate, locked = "LimitExceeded.RateLimitExceeded", "OperationDenied.ConfigLocked"
    api, slept = Refusing(rate, locked, rate, locked, "InvalidParameter.DomainNotFound"), list[float]()
    assert told(api, "teo", slept).code == "InvalidParameter.DomainNotFound"
    assert slept == [pauses(PASSING["teo"][rate])[0], pauses(PASSING["teo"][locked])[0],
                     pauses(PASSING["teo"][rate])[1], pauses(PASSING["teo"][locked])[1]]


def test_ctrl_c_ends_the_wait() -> None:
    def pressed(_seconds: float) -> None:
        raise Interrupted("Interrupted while waiting.")

    api = Refusing("OperationDenied.ConfigLocked")
    with pytest.raises(Interrupted):
        ServiceApi(api, sleep=pressed).call("teo", "Modify", {})
    assert api.calls == 1
