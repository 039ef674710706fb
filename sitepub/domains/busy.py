"""Refusals that pass by themselves: something else is under way, or calls came too fast. They say that nothing was
done, so the same call is made again after a while. The codes are those of the official lists of each product."""

from __future__ import annotations

from collections.abc import Mapping

from sitepub.domains.poll import Patience

DEPLOYING = Patience(300.0, 2.0, 15.0)
"""Another change is being deployed on the edge; that takes minutes."""
FUNCTION = Patience(180.0, 1.0, 5.0)
"""An edge function is being deployed: sooner done, and a pointer waits for it."""
RATE = Patience(90.0, 1.0, 10.0)
"""Too many calls in a second or a minute."""
UNCLEAR = Patience(20.0, 2.0, 6.0)
"""A code that also stands for what does not pass, such as a missing permission: asked again a few times, then
believed."""

PASSING: Mapping[str, Mapping[str, Patience]] = {
    "teo": {
        "InvalidParameter.ActionInProgress": DEPLOYING,
        "OperationDenied.ResourceLockedTemporary": DEPLOYING,
        "OperationDenied.ResourceHasBeenLocked": DEPLOYING,
        "InvalidParameter.ZoneIsGrayPublishing": DEPLOYING,
        "OperationDenied.DomainStatusUnstable": DEPLOYING,
        "OperationDenied.ConfigLocked": DEPLOYING,
        "InternalError.ConfigLocked": DEPLOYING,
        "FailedOperation.FunctionDeploying": FUNCTION,
        "LimitExceeded.RateLimitExceeded": RATE,
        "FailedOperation.InvalidZoneStatus": UNCLEAR,
        "UnauthorizedOperation.Unknown": UNCLEAR,
    },
    "ssl": {"LimitExceeded.RateLimitExceeded": RATE},
    "dnspod": {
        "FailedOperation.FrequencyLimit": RATE,
        "InvalidParameter.OperationIsTooFrequent": RATE,
    },
    "cdn": {
        "UnauthorizedOperation.OperationTooOften": RATE,
        "LimitExceeded.CdnHostOpTooOften": RATE,
        "LimitExceeded.SslCertRequestLimitExceeded": RATE,
        "FailedOperation.SslCertCannotGetOrder": UNCLEAR,
    },
}


def pauses(patience: Patience) -> list[float]:
    """How long to wait before each further try."""
    found: list[float] = []
    pause, left = patience.first, patience.total
    while left > 0:
        found.append(min(pause, left))
        left -= pause
        pause = min(pause * 1.6, patience.longest)
    return found
