"""Zones in the DNSPod of the embedded account: what hosts of a site need to be set up as on the real cloud."""

from __future__ import annotations

from sitepub.embedded.cloud import EmbeddedCloud
from sitepub.errors import SitepubError, UsageError
from sitepub.tencent.cloud_api import CloudApi

_VERSION = "2021-03-23"
_PAGE = 3000
"""Zones that DNSPod lists at once."""


class AccountZones:
    """Of one embedded cloud."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._api = CloudApi(cloud.credentials, cloud.region, cloud.address)

    def add(self, name: str) -> bool:
        """Whether it is new. Raises UsageError when it can be no zone."""
        return self._changed("CreateDomain", name, "FailedOperation.DomainExists")

    def remove(self, name: str) -> bool:
        """With all its records. Whether it was there."""
        return self._changed("DeleteDomain", name, "InvalidParameterValue.DomainNotExists")

    def names(self) -> list[str]:
        try:
            answer = self._api.call("dnspod", _VERSION, "DescribeDomainList", {"Limit": _PAGE})
        except SitepubError as error:
            if error.code == "ResourceNotFound.NoDataOfDomain":
                return []
            raise
        return sorted(str(zone["Name"]) for zone in answer.get("DomainList") or ())

    def _changed(self, action: str, name: str, already: str) -> bool:
        try:
            self._api.call("dnspod", _VERSION, action, {"Domain": name})
        except SitepubError as error:
            if error.code == already:
                return False
            if error.code == "InvalidParameter.DomainInvalid":
                raise UsageError(f"{name} cannot be a zone.", hint="Give the domain that you would buy, such as"
                                                                   " example.com.") from error
            raise
        return True
