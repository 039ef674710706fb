"""Checks of everything a deploy needs: this computer, the project, the credentials, the cloud, the bucket.

Each check gives findings; none raises for what it finds. What cannot be checked because something before it
failed is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from sitepub.actions import doctor_computer
from sitepub.actions.login import REGION
from sitepub.config.project import Project
from sitepub.embedded import cloud as local_cloud
from sitepub.embedded.data_folder import data_folder
from sitepub.errors import ConfigError, SitepubError
from sitepub.tencent.cloud import Cloud, Credentials, Embedded

_SERVICE = "service.cos.myqcloud.com"
"""The host of the account's list of buckets (COS API 436/8291); there whatever the account has."""
SKEW_NOTED = 30.0
"""Seconds of clock difference from which it is worth a word. COS refuses signatures from 15 minutes on."""


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    verdict: Verdict
    message: str
    hint: str | None = None


def examine(folder: Path, *, local: bool, profile: str | None, stage: str | None, inputs: Sequence[str],
            environ: Mapping[str, str]) -> Iterator[Finding]:
    """All findings, each as soon as it is known. ``local``: the embedded cloud instead of the real one."""
    for name, message, hint in doctor_computer.examine(folder, environ):
        yield Finding(name, Verdict.FAIL if hint else Verdict.OK, message, hint)
    for name, message, hint in doctor_computer.build_tools(folder, environ):
        yield Finding(name, Verdict.WARN if hint else Verdict.OK, message, hint)
    found, project, dotenv = _project(folder, stage, inputs, environ)
    yield from found
    if not local:
        yield from _network(environ)
    yield from _cloud(project, dotenv, local=local, profile=profile, environ=environ)
    yield _embedded_cloud(environ)
    yield _edge_functions(project)


def _project(folder: Path, stage: str | None, inputs: Sequence[str], environ: Mapping[str, str]
             ) -> tuple[list[Finding], Project | None, Mapping[str, str]]:
    """The project in the folder, if there is one, and what its .env files set."""
    from sitepub.config.finding import find_config
    from sitepub.config.load import load_project
    from sitepub.config.variables.dotenv import read_dotenv

    try:
        file = find_config(folder)
        if file is None:
            return ([Finding("project", Verdict.OK, "none in this folder")], None,
                    read_dotenv(folder, stage).values)
        project = load_project(file, stage=stage, inputs=inputs, environ=environ, new_region=True)
    except SitepubError as error:
        more = len(error.problems) - 1 if isinstance(error, ConfigError) else 0
        where = f"{error.position}: " if error.position else ""
        rest = f" (and {more} more)" if more else ""
        finding = Finding("project", Verdict.FAIL, f"{where}{error.message}{rest}",
                          error.hint or "sitepub plan shows every mistake.")
        return [finding], None, read_dotenv(folder, stage).values
    return ([Finding("project", Verdict.OK, f"{project.app}/{project.stage}/{project.name} in {file.name}")],
            project, project.dotenv)


def _network(environ: Mapping[str, str]) -> Iterator[Finding]:
    from sitepub.tencent.network.proxy import proxy_for
    from sitepub.tencent.network.tls import ca_bundle

    try:
        proxy = proxy_for(_SERVICE)
        user = ", with a user and a password" if proxy and proxy.authorization else ""
        yield Finding("proxy", Verdict.OK, f"{proxy.host}:{proxy.port}{user}" if proxy else "none")
    except SitepubError as error:
        yield Finding("proxy", Verdict.FAIL, error.message, error.hint)
    try:
        bundle = ca_bundle(environ)
        yield Finding("certificates", Verdict.OK, str(bundle) if bundle else "those of the system")
    except SitepubError as error:
        yield Finding("certificates", Verdict.FAIL, error.message, error.hint)


def _embedded_cloud(environ: Mapping[str, str]) -> Finding:
    data = data_folder(environ)
    running = local_cloud.find(data)
    words = f"running on {running.address.endpoint}" if running else "not running"
    return Finding("embedded cloud", Verdict.OK, f"{words}, data in {data}")


def _edge_functions(project: Project | None) -> Finding:
    """Whether the embedded cloud can run the router: its own process needs an engine."""
    from importlib import metadata

    try:
        return Finding("edge functions", Verdict.OK,
                       f"the embedded cloud runs them with quickjs-ng {metadata.version('quickjs-ng')}")
    except metadata.PackageNotFoundError:
        needed = project is not None and project.releases.slots > 1
        return Finding("edge functions", Verdict.WARN if needed else Verdict.OK,
                       "the embedded cloud has no JavaScript engine for them",
                       "Needed for releases.slots with --local: pip install 'sitepub[edge]'" if needed else None)


def _cloud(project: Project | None, dotenv: Mapping[str, str], *, local: bool, profile: str | None,
           environ: Mapping[str, str]) -> Iterator[Finding]:
    from sitepub.actions.whoami import keys

    credentials: Credentials | None = None
    embedded: Embedded | None = None
    try:
        credentials, embedded = keys(local=local, profile=profile, environ=environ, dotenv=dotenv)
        yield Finding("credentials", Verdict.OK, f"{credentials.masked_id}, found in {credentials.source}")
    except SitepubError as error:
        yield Finding("credentials", Verdict.FAIL, error.message, error.hint)
        if local:
            return
    reached = list(_reach(embedded, environ))
    yield from reached
    if credentials is not None and all(finding.verdict is not Verdict.FAIL for finding in reached):
        yield from _account(credentials, embedded, project, environ)


def _reach(embedded: Embedded | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the cloud answers, and how far its clock is from ours."""
    from sitepub.tencent.network.connection import Connection, ConnectionLost, Route
    from sitepub.tencent.network.proxy import proxy_for
    from sitepub.tencent.network.tls import tls_context

    host = _SERVICE
    try:
        if embedded is not None:
            route = Route(host, embedded.host, embedded.port, timeout=15, secret=embedded.secret)
        else:
            route = Route(host, host, 443, tls_context(environ), proxy_for(host), timeout=15)
        began = time.time()
        connection = Connection(route)
        try:
            answer, _reusable = connection.exchange(
                f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), b"",
                without_body=True)
        finally:
            connection.close()
        ended = time.time()
    except ConnectionLost as error:
        yield Finding("cloud", Verdict.FAIL, f"The connection to {host} failed: {error}",
                      "Check the network, and HTTPS_PROXY if you need one.")
        return
    except SitepubError as error:
        yield Finding("cloud", Verdict.FAIL, error.message, error.hint)
        return
    # Any answer will do: without a signature it is a refusal.
    where = embedded.endpoint if embedded else host
    yield Finding("cloud", Verdict.OK, f"{where} answers in {(ended - began) * 1000:.0f} ms")
    skew = clock_skew(answer.headers.get("date"), began, ended)
    if skew is None:
        yield Finding("clock", Verdict.WARN, "the cloud did not send the time", "A proxy may be in between.")
    elif abs(skew) > SKEW_NOTED:
        yield Finding("clock", Verdict.WARN, f"{abs(skew):.0f} s {'slow' if skew > 0 else 'fast'}",
                      "Set this computer's clock; until then sitepub corrects the times it signs.")
    else:
        yield Finding("clock", Verdict.OK, f"within {max(abs(skew), 1):.0f} s of the cloud's")


def clock_skew(date: str | None, began: float, ended: float) -> float | None:
    """Seconds that the server's clock is ahead of ours, from a ``Date`` header (RFC 9110 6.6.1).

    The header has whole seconds, cut off, some time between ``began`` and ``ended`` of ours: differences
    within that are none. ``None`` without a usable header.
    """
    try:
        given = parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    if given > ended:
        return given - ended
    return min(0.0, given + 1 - began)


def _account(credentials: Credentials, embedded: Embedded | None, project: Project | None,
             environ: Mapping[str, str]) -> Iterator[Finding]:
    from sitepub.tencent.account.account import app_id, caller
    from sitepub.tencent.cloud_api import CloudApi
    from sitepub.tencent.network.retry import Backoff

    api = CloudApi(credentials, REGION, embedded, backoff=Backoff(attempts=2))
    try:
        who = caller(api)
        yield Finding("account", Verdict.OK, f"{who.account_id} as {who.arn}")
    except SitepubError as error:
        yield Finding("account", Verdict.FAIL, error.message, error.hint)
        return
    if project is None:
        return
    try:
        given = environ.get("TENCENT_APP_ID") or project.dotenv.get("TENCENT_APP_ID")
        number = given if given and embedded is None else app_id(api, credentials, environ=environ)
        cloud = Cloud(credentials, number, project.region, embedded)
        found = _bucket(cloud, project)
        yield found
        if found.verdict is Verdict.OK and "can be reached" in found.message:
            yield from _bucket_settings(cloud, project)
    except SitepubError as error:
        yield Finding("bucket", Verdict.FAIL, error.message, error.hint)


def _bucket_settings(cloud: Cloud, project: Project) -> Iterator[Finding]:
    from sitepub.actions.checking.buckets import examine_buckets

    for name, report in examine_buckets(project, cloud):
        for danger in report.dangers:
            yield Finding(name, Verdict.FAIL if danger.breaks else Verdict.WARN, f"{report.bucket}: {danger.message}",
                          danger.hint)
        if report.unreadable:
            yield Finding(name, Verdict.WARN, f"{report.bucket}: this key may not read {', '.join(report.unreadable)}",
                          "Look there in the console, or run with another key.")
        elif not report.dangers:
            yield Finding(name, Verdict.OK, f"nothing in {report.bucket} stands in the way")


def _bucket(cloud: Cloud, project: Project) -> Finding:
    from sitepub.tencent.cos.bucket_settings import BucketSettings, BucketStatus

    name = project.bucket(cloud.app_id)
    status = BucketSettings(cloud, name).head()
    if status is BucketStatus.MISSING:
        return Finding("bucket", Verdict.OK, f"{name} does not exist yet; deploy creates it")
    if status is BucketStatus.FOREIGN:
        return Finding("bucket", Verdict.FAIL, f"{name} belongs to another account",
                       "Choose another name: bucketName in serverless.yml.")
    return Finding("bucket", Verdict.OK, f"{name} in {project.region} can be reached")
