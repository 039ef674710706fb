"""The walk: every case in its order, and the result as something to send to others."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sitepub import __version__
from sitepub.errors import Interrupted, SitepubError
from sitepub.interrupts import pause
from sitepub.probe import access, hosts, lists, objects, settings, uploads, website
from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Case, Facts, Result, Skip, Table, Verdict, agrees
from sitepub.probe.hosts import ProbeHost
from sitepub.probe.made import Made

Where = TypeVar("Where", ProbeBucket, ProbeHost)
BUCKET_TABLES = (settings.SETTINGS, access.ACCESS, objects.OBJECTS, lists.LISTS, uploads.UPLOADS, website.WEBSITE,
                 settings.VERSIONS)
HOST_TABLES = (hosts.DNS, hosts.CERTIFICATE, hosts.CDN, hosts.EDGEONE)
_AGAIN = 1.0
"""Seconds between two tries of a case that has patience."""


def walk_bucket(bucket: ProbeBucket, made: Made, tables: Iterable[Table[ProbeBucket]] = BUCKET_TABLES
                ) -> Iterator[Result]:
    """Make the bucket and try every case in it. The note is written before."""
    made.note("bucket")
    seen = bucket.ask("PUT")
    yield Result("settings.create", "settings", "a bucket is created", "436/7738",
                 Verdict.SAME if seen.status == 200 else Verdict.DIFFERS, {"status": 200},
                 {"status": seen.status, "code": seen.code}, request_id=bucket.last_request_id)
    if seen.status != 200:
        return
    for table in tables:
        for case in table.cases:
            yield _tried(case, table.group, bucket)


def walk_host(host: ProbeHost, tables: Iterable[Table[ProbeHost]] = HOST_TABLES) -> Iterator[Result]:
    """Try every case about a host, which must be unknown to CDN and EdgeOne."""
    host.find_zone()
    for table in tables:
        for case in table.cases:
            yield _tried(case, table.group, host)


def _tried(case: Case[Where], group: str, where: Where) -> Result:
    end = time.monotonic() + case.patience
    seen: Facts = {}
    verdict, note = Verdict.DIFFERS, ""
    while True:
        try:
            seen = case.look(where)
            verdict = Verdict.SAME if agrees(case.expected, seen) else Verdict.DIFFERS
        except Skip as skipped:
            verdict, note = Verdict.SKIPPED, str(skipped)
        except Interrupted:
            raise
        except SitepubError as error:
            verdict, note = Verdict.FAILED, error.message
        if verdict is not Verdict.DIFFERS or time.monotonic() >= end:
            return Result(case.name, group, case.claim, case.source, verdict, case.expected, seen, note,
                          where.last_request_id)
        pause(_AGAIN)


def report(results: Iterable[Result], *, region: str, embedded: bool, hide: Mapping[str, str]) -> dict[str, Any]:
    """The JSON document of a probe. ``hide``: texts that name the account, and what stands for them."""
    def hidden(value: Any) -> Any:
        if isinstance(value, str):
            for text, mark in hide.items():
                value = value.replace(text, mark) if text else value
        if isinstance(value, tuple | list):
            return [hidden(one) for one in value]
        return value

    return {
        "version": 1, "sitepub": __version__, "python": platform.python_version(), "region": region,
        "cloud": "embedded" if embedded else "real", "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cases": [{
            "name": one.case, "claim": one.claim, "source": one.source, "verdict": str(one.verdict),
            "expected": {name: hidden(value) for name, value in one.expected.items()},
            "seen": {name: hidden(value) for name, value in one.seen.items()},
            **({"note": hidden(one.note)} if one.note else {}), "request_id": one.request_id,
        } for one in results]}
