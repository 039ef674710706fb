"""``doctor --probe``: does the cloud answer as the embedded one does? Asked in a bucket made for it and removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sitepub.actions.whoami import keys
from sitepub.config.places import data_dir
from sitepub.errors import Refused, SitepubError, UsageError

if TYPE_CHECKING:
    from sitepub.probe.bucket import ProbeBucket
    from sitepub.probe.case import Result
    from sitepub.probe.made import Made
    from sitepub.tencent.cloud_api import CloudApi

POLL_NAME = "SITEPUB_PROBE_POLL"
"""For tests: seconds between two checks of a domain, instead of 5."""


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    local: bool = False
    profile: str | None = None
    region: str = ""
    host: str = ""
    """A host that neither CDN nor EdgeOne knows; "": only the bucket is tried."""
    keep: bool = False
    """Leave everything in place, for a check in the console."""


@dataclass(slots=True)
class Probe:
    """A probe that is ready to begin."""

    options: ProbeOptions
    made: Made
    bucket: ProbeBucket
    api: CloudApi
    environ: Mapping[str, str]
    results: list[Result] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """What could not be removed."""

    @property
    def notes(self) -> Path:
        return self.made.file.parent

    def run(self, tell: Callable[[str], None]) -> Iterator[Result]:
        """Try every case, then remove everything. After Ctrl-C another process removes it in the background, since
        this one ends within a second."""
        from sitepub.probe.walk import walk_bucket, walk_host

        try:
            for result in walk_bucket(self.bucket, self.made):
                self.results.append(result)
                yield result
            if self.options.host:
                for result in walk_host(self._host()):
                    self.results.append(result)
                    yield result
        except BaseException as error:
            if not self.options.keep:
                if isinstance(error, SitepubError) and error.code != "Interrupted":
                    self.left = self._clean(tell)
                else:
                    self._clean_in_background()
            raise
        if not self.options.keep:
            self.left = self._clean(tell)

    def _host(self) -> Any:
        from sitepub.probe.hosts import ProbeHost

        cloud = self.bucket.cloud
        return ProbeHost(self.api, self.options.host, cloud.website_host(self.bucket.name), self.made, poll_seconds=(
            _poll_seconds(self.environ)))

    def _clean(self, tell: Callable[[str], None]) -> list[str]:
        from sitepub.probe.clean import clean

        return clean(self.made, self.bucket, self.api, poll_seconds=_poll_seconds(self.environ), tell=tell)

    def _clean_in_background(self) -> None:
        words = [sys.executable, "-m", "sitepub", "doctor", "--probe", "--clean", "--quiet",
                 *(["--local"] if self.options.local else []),
                 *(["--profile", self.options.profile] if self.options.profile else [])]
        flags: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         env=dict(self.environ), close_fds=True, **flags)

    def write_report(self) -> Path:
        """The result as a JSON file for a bug report; where it is."""
        file = self.notes / f"probe-{self.bucket.cloud.region}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(self.report(), out, ensure_ascii=False, indent=2)
            out.write("\n")
        return file

    def report(self) -> dict[str, Any]:
        from sitepub.probe.walk import report

        hide = {self.bucket.name: "<bucket>", self.options.host: "<host>", self.made.app_id: "<appid>"}
        return report(self.results, region=self.bucket.cloud.region,
                      embedded=self.bucket.cloud.embedded is not None, hide=hide)


def prepare(options: ProbeOptions, environ: Mapping[str, str], dotenv: Mapping[str, str],
            approve: Callable[[str], None]) -> Probe:
    """A new probe, after ``approve`` was shown what it does and costs. Raises
    :class:`~sitepub.errors.Refused` for a host that is in use."""
    from sitepub.actions.login import REGION
    from sitepub.probe.bucket import ProbeBucket
    from sitepub.probe.made import begin
    from sitepub.tencent.account.account import app_id, checked_app_id
    from sitepub.tencent.cloud import Cloud
    from sitepub.tencent.cloud_api import CloudApi

    credentials, embedded = keys(local=options.local, profile=options.profile, environ=environ, dotenv=dotenv)
    region = options.region or REGION
    api = CloudApi(credentials, region, embedded)
    told = environ.get("TENCENT_APP_ID") or dotenv.get("TENCENT_APP_ID")
    number = checked_app_id(told) if told and embedded is None else app_id(api, credentials, environ=environ)
    if options.host:
        _must_be_free(api, options.host)
    if embedded is None:
        approve(f"The probe makes a bucket in {region} in the account {number}"
                + (f", DNS records, a certificate and domains for {options.host}" if options.host else "")
                + ", sends about 250 requests (3 MB; COS bills less than 0.01 yuan)"
                + ("." if options.keep else ", and removes all of it."))
    made = begin(_notes(environ), number, region, embedded=embedded is not None)
    return Probe(options, made, ProbeBucket(Cloud(credentials, number, region, embedded), made.bucket), api, environ)


def clean_up(options: ProbeOptions, environ: Mapping[str, str], dotenv: Mapping[str, str],
             tell: Callable[[str], None]) -> tuple[int, list[str]]:
    """Remove what earlier probes left; how many probes that were, and what could not be removed."""
    from sitepub.probe.bucket import ProbeBucket
    from sitepub.probe.clean import clean
    from sitepub.probe.made import left_over
    from sitepub.tencent.account.account import app_id
    from sitepub.tencent.cloud import Cloud
    from sitepub.tencent.cloud_api import CloudApi

    credentials, embedded = keys(local=options.local, profile=options.profile, environ=environ, dotenv=dotenv)
    problems: list[str] = []
    count = 0
    api = CloudApi(credentials, options.region or "ap-guangzhou", embedded)
    for made in left_over(_notes(environ), app_id(api, credentials, environ=environ), embedded=embedded is not None):
        count += 1
        bucket = ProbeBucket(Cloud(credentials, made.app_id, made.region, embedded), made.bucket)
        try:
            problems += clean(made, bucket, CloudApi(credentials, made.region, embedded),
                              poll_seconds=_poll_seconds(environ), tell=tell)
        finally:
            bucket.close()
    return count, problems


def leftovers(environ: Mapping[str, str]) -> Sequence[Path]:
    """Notes of probes whose things may still be there."""
    from sitepub.probe.made import NAME

    return sorted(_notes(environ).glob(f"{NAME}-*.json"))


def _notes(environ: Mapping[str, str]) -> Path:
    return data_dir(environ) / "probes"


def _poll_seconds(environ: Mapping[str, str]) -> float:
    value = environ.get(POLL_NAME) or "5"
    try:
        return max(float(value), 0.01)
    except ValueError:
        raise UsageError(f"{POLL_NAME} is not a number of seconds: {value}.") from None


def _must_be_free(api: CloudApi, host: str) -> None:
    """Raises Refused when the CDN or EdgeOne serves the host: a probe must not touch what visitors use."""
    answer = api.call("cdn", "2018-06-06", "DescribeDomains", {
        "Filters": [{"Name": "domain", "Value": [host]}], "Limit": 1})
    used = "CDN" if answer.get("Domains") else ""
    zones = api.call("teo", "2022-09-01", "DescribeZones", {"Limit": 100}).get("Zones") or ()
    for zone in zones:
        name = str(zone.get("ZoneName"))
        if host == name or host.endswith(f".{name}"):
            found = api.call("teo", "2022-09-01", "DescribeAccelerationDomains", {
                "ZoneId": zone["ZoneId"], "Limit": 1, "Filters": [{"Name": "domain-name", "Values": [host]}]})
            used = "EdgeOne" if found.get("AccelerationDomains") else used
    if used:
        raise Refused(f"{host} is in use in {used}; the probe would disturb its visitors.", code="HostInUse",
                      hint="name a host below your domain that nothing uses: --host sitepub-probe.example.com")
