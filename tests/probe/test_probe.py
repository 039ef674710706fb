"""The probe against the embedded cloud: they may not drift apart, and nothing of it stays behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sitepub.probe.bucket import ProbeBucket
from sitepub.probe.case import Case, Verdict, agrees
from sitepub.probe.clean import clean
from sitepub.probe.made import Made, begin, left_over
from sitepub.probe.objects import OBJECTS
from sitepub.probe.walk import BUCKET_TABLES, HOST_TABLES, walk_bucket
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cloud_api import CloudApi
from sitepub.tencent.cos.bucket_settings import regions_of_buckets
from tests.conftest import LocalCloud, running_cloud
from tests.e2e.conftest import Sitepub, make_sitepub
from tests.edgeone_zone import made_zone
from tests.load import HeldUp

ZONE = "probe-zone.com"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running_cloud(tmp_path_factory.mktemp("probe") / "data", "--force-download", "--pace", "0.05") as running:
        yield running


@pytest.fixture
def api(cloud: LocalCloud) -> CloudApi:
    return CloudApi(Credentials(cloud.secret_id, cloud.secret_key), cloud.region, cloud.address)


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    found = make_sitepub(cloud, home)
    return replace(found, environ={**found.environ, "SITEPUB_PROBE_POLL": "0.05"})


def buckets(cloud: LocalCloud) -> list[str]:
    """The account's buckets that a probe made."""
    account = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
    return [name for name in regions_of_buckets(account) if "sitepub-probe" in name]


def notes(home: Path) -> list[Path]:
    return sorted((home / "sitepub" / "data" / "probes").glob("sitepub-probe-*.json"))


def zones(api: CloudApi, name: str) -> None:
    """The account has the zone in DNSPod and in EdgeOne, where it is proved."""
    versions = {"teo": "2022-09-01", "dnspod": "2021-03-23"}
    api.call("dnspod", "2021-03-23", "CreateDomain", {"Domain": name})
    made_zone(lambda service, action, given: api.call(service, versions[service], action, given), name)


def test_the_embedded_cloud_answers_as_expected(cloud: LocalCloud, api: CloudApi, program: Sitepub, home: Path,
                                                tmp_path: Path) -> None:
    zones(api, ZONE)
    run = program("doctor", "--probe", "--local", "--json", "--host", f"www.{ZONE}", cwd=tmp_path)
    cases = {one["name"]: one for one in run.json["cases"]}
    wrong = {name: (one["verdict"], one["expected"], one["seen"], one.get("note"))
             for name, one in cases.items() if one["verdict"] != "same"}
    assert wrong == {}
    assert run.code == 0
    assert set(cases) >= {case.name for table in (*BUCKET_TABLES, *HOST_TABLES) for case in table.cases}
    assert buckets(cloud) == [] and notes(home) == []
    assert api.call("ssl", "2019-12-05", "DescribeCertificates", {"Limit": 10})["TotalCount"] == 0
    assert json.loads(Path(run.json["file"]).read_text(encoding="utf-8"))["cases"] == run.json["cases"]
    for secret in (cloud.secret_id, cloud.secret_key, cloud.app_id, ZONE, "sitepub-probe-"):
        assert secret not in Path(run.json["file"]).read_text(encoding="utf-8").replace(run.json["file"], "")


def test_a_cloud_that_differs_is_found(tmp_path: Path, home: Path) -> None:
    with running_cloud(tmp_path / "data", "--faults", "PUT:etag=1") as other:
        run = make_sitepub(other, home)("doctor", "--probe", "--local", cwd=tmp_path)
        left = buckets(other)
    assert run.code == 1
    assert "differs  objects.put-checksums" in run.out
    assert 'etag: expected "ee8de918d05640145b18f70f4c3aa602", seen' in run.out
    assert left == []


def test_what_was_not_asked_is_not_the_same() -> None:
    case: Case[Any] = OBJECTS.cases[0]
    assert not agrees(case.expected, {})
    assert not agrees({"a": (1, 2)}, {"a": 3}) and agrees({"a": (1, 2)}, {"a": 2, "more": 1})


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_anywhere_everything_goes(cloud: LocalCloud, program: Sitepub, home: Path, tmp_path: Path,
                                              number: signal.Signals) -> None:
    process = program.start("doctor", "--probe", "--local", cwd=tmp_path)
    assert process.stdout is not None
    for _ in range(random.randint(1, 40)):
        process.stdout.readline()
    with HeldUp() as held:
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert held.took < 2.2 + held.margin
    assert "in the background" in err
    end = time.monotonic() + 60
    while (buckets(cloud) or notes(home)) and time.monotonic() < end:
        time.sleep(0.2)
    assert buckets(cloud) == [] and notes(home) == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_the_next_doctor_says_what_is_left(cloud: LocalCloud, program: Sitepub, home: Path,
                                                  tmp_path: Path) -> None:
    process = program.start("doctor", "--probe", "--local", cwd=tmp_path)
    assert process.stdout is not None
    for _ in range(12):
        process.stdout.readline()
    process.kill()
    process.communicate(timeout=20)
    assert len(buckets(cloud)) == 1 and len(notes(home)) == 1
    told = program("doctor", "--local", cwd=tmp_path)
    assert "sitepub doctor --probe --clean" in told.out
    cleaned = program("doctor", "--probe", "--clean", "--local", cwd=tmp_path)
    assert cleaned.code == 0 and "1 earlier probe" in cleaned.out
    assert buckets(cloud) == [] and notes(home) == []
    assert "No earlier probe" in program("doctor", "--probe", "--clean", "--local", cwd=tmp_path).out


def test_kept_on_request(cloud: LocalCloud, program: Sitepub, home: Path, tmp_path: Path) -> None:
    run = program("doctor", "--probe", "--keep", "--local", "--json", cwd=tmp_path)
    assert buckets(cloud) == [run.json["bucket"]]
    assert program("doctor", "--probe", "--clean", "--local", cwd=tmp_path).code == 0
    assert buckets(cloud) == [] and notes(home) == []


def test_a_host_in_use_is_left_alone(api: CloudApi, program: Sitepub, cloud: LocalCloud, tmp_path: Path) -> None:
    zones(api, "used-zone.com")
    origin = "used-1250000000.cos-website.ap-guangzhou.myqcloud.com"
    params: Mapping[str, Any] = {"Domain": "www.used-zone.com", "ServiceType": "web", "Origin": {
        "Origins": [origin], "OriginType": "cos", "ServerName": origin}}
    record = api.call("cdn", "2018-06-06", "CreateVerifyRecord", {"Domain": "www.used-zone.com"})
    api.call("dnspod", "2021-03-23", "CreateRecord", {
        "Domain": "used-zone.com", "SubDomain": record["SubDomain"], "RecordType": "TXT", "RecordLine": "默认",
        "Value": record["Record"]})
    api.call("cdn", "2018-06-06", "VerifyDomainRecord", {"Domain": "www.used-zone.com", "VerifyType": "dns"})
    api.call("cdn", "2018-06-06", "AddCdnDomain", params)
    run = program("doctor", "--probe", "--local", "--host", "www.used-zone.com", cwd=tmp_path)
    assert run.code == 5 and "in use in CDN" in run.err
    assert buckets(cloud) == []


def test_the_real_cloud_is_asked_after_a_yes_only(home: Path, tmp_path: Path) -> None:
    environ = {**os.environ, "SITEPUB_HOME": str(home / "sitepub"), "TENCENTCLOUD_SECRET_ID": "AKIDasked000000000000",
               "TENCENTCLOUD_SECRET_KEY": "asked0000000000000000", "TENCENT_APP_ID": "1250000000",
               "HTTPS_PROXY": "http://127.0.0.1:9"}  # nobody is asked: this proxy is not there
    run = subprocess.run([sys.executable, "-m", "sitepub", "doctor", "--probe"], cwd=tmp_path, env=environ, text=True,
                         capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert run.returncode == 5, run.stderr
    assert "250 requests" in run.stderr and "--yes" in run.stderr
    assert notes(home) == []


@pytest.mark.parametrize(("options", "words"), [
    (["--keep"], "belong to --probe"), (["--host", "a.example.com"], "belong to --probe"), (["--clean"], "--probe")])
def test_options_of_the_probe_alone(program: Sitepub, tmp_path: Path, options: list[str], words: str) -> None:
    run = program("doctor", *options, "--local", cwd=tmp_path)
    assert run.code == 2 and words in run.err


def test_nothing_but_the_note_s_own_things_go(cloud: LocalCloud, api: CloudApi, tmp_path: Path) -> None:
    """A record of the same name with another value, and a certificate of another name, stay."""
    zone = "others-zone.com"
    api.call("dnspod", "2021-03-23", "CreateDomain", {"Domain": zone})
    api.call("dnspod", "2021-03-23", "CreateRecord", {
        "Domain": zone, "SubDomain": "_sitepub-probe", "RecordType": "TXT", "RecordLine": "默认", "Value": "others"})
    account = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
    made = begin(tmp_path, cloud.app_id, cloud.region, embedded=True)
    made.note("record", zone=zone, name="_sitepub-probe", value="sitepub-probe")
    made.note("certificate", alias=made.name)
    bucket = ProbeBucket(account, made.bucket)
    assert clean(made, bucket, api, poll_seconds=0.05) == []
    records = api.call("dnspod", "2021-03-23", "DescribeRecordList", {
        "Domain": zone, "SubDomain": "_sitepub-probe", "RecordType": "TXT"})["RecordList"]
    assert [one["Value"] for one in records] == ["others"]
    assert list(left_over(tmp_path, cloud.app_id, embedded=True)) == []


def test_a_note_is_written_before_the_bucket_is_made(tmp_path: Path, cloud: LocalCloud) -> None:
    account = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
    made: Made = begin(tmp_path, cloud.app_id, cloud.region, embedded=True)
    bucket = ProbeBucket(account, made.bucket)
    seen: list[bool] = []
    ask = bucket.ask

    def watching(method: str, *args: Any, **named: Any) -> Any:
        seen.append("bucket" in made.file.read_text(encoding="utf-8"))
        return ask(method, *args, **named)

    bucket.ask = watching  # type: ignore[method-assign]
    results = list(walk_bucket(bucket, made, ()))
    assert [one.verdict for one in results] == [Verdict.SAME] and seen == [True]
    api = CloudApi(Credentials(cloud.secret_id, cloud.secret_key), cloud.region, cloud.address)
    assert clean(made, bucket, api) == [] and buckets(cloud) == []
