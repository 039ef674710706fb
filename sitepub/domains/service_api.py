"""Calls of the services behind a host, with their errors explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from sitepub.domains.busy import PASSING, pauses
from sitepub.domains.service_errors import explained
from sitepub.errors import SitepubError
from sitepub.interrupts import pause

VERSIONS = {"cdn": "2018-06-06", "teo": "2022-09-01", "ssl": "2019-12-05", "dnspod": "2021-03-23"}


class Caller(Protocol):
    """``tencent.cloud_api.CloudApi``."""

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]: ...


class ServiceApi:
    """The cloud API as this room uses it. Safe for many threads."""

    def __init__(self, api: Caller, *, sleep: Callable[[float], None] = pause) -> None:
        """``sleep``: waits between two tries; raises :class:`~sitepub.errors.Interrupted` on Ctrl-C."""
        self._api = api
        self._sleep = sleep

    def call(self, service: str, action: str, params: Mapping[str, Any], *, host: str = "") -> dict[str, Any]:
        """One call, made again while the service says that it is busy. Raises what :func:`explain.explained` makes of
        the answer's error."""
        waits: dict[str, Iterator[float]] = {}
        while True:
            try:
                return self._api.call(service, VERSIONS[service], action, params)
            except SitepubError as error:
                patience = PASSING[service].get(error.code)
                if patience is not None:
                    wait = next(waits.setdefault(error.code, iter(pauses(patience))), None)
                    if wait is not None:
                        self._sleep(wait)
                        continue
                better = explained(error, host=host, action=f"{service}:{action}")
                if better is error:
                    raise
                raise better from error

    def pages(self, service: str, action: str, params: Mapping[str, Any], items: str, *, size: int,
              total: Callable[[Mapping[str, Any]], int], host: str = "") -> Iterator[dict[str, Any]]:
        """Every item of a listing, page by page."""
        offset = 0
        while True:
            answer = self.call(service, action, {**params, "Offset": offset, "Limit": size}, host=host)
            found = answer.get(items) or []
            yield from found
            offset += len(found)
            if not found or offset >= total(answer):
                return
