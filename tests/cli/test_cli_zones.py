"""Zones of the embedded account, and what `info` says of a host there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sitepub.cli.host_view import report_lines
from sitepub.domains.hosts.host_report import HostReport
from sitepub.domains.records import TxtRecord
from sitepub.terminal.moments import age_of, dated, local_moment
from tests.e2e.conftest import MakeSite, Sitepub, make_site, sitepub

__all__ = ["make_site", "sitepub"]


def test_a_zone_is_added_listed_and_taken_away(sitepub: Sitepub, tmp_path: Path) -> None:
    def zone(*words: str) -> tuple[int, str]:
        run = sitepub("local", "zone", *words, cwd=tmp_path)
        return run.code, run.out + run.err

    assert zone("Zones-A.Example.") == (0, "zones-a.example is in the DNSPod of the embedded account now.\n")
    assert zone("zones-a.example") == (0, "zones-a.example is in the DNSPod of the embedded account already.\n")
    assert zone("博客.example")[0] == 0
    assert {"zones-a.example", "xn--9krq6q.example"} <= set(zone()[1].splitlines())
    assert zone("--remove", "博客.example") == (0, "Removed xn--9krq6q.example and its records.\n")
    assert zone("--remove", "博客.example") == (0, "xn--9krq6q.example was not there.\n")
    told = sitepub("local", "zone", "--remove", "zones-a.example", "--json", cwd=tmp_path).json
    assert told["action"] == "local zone" and told["status"] == "ok" and "zones-a.example" not in told["zones"]
    for bad in ("nope", "-a.example", "a b.example", "a..example", "--remove"):
        code, said = zone(bad)
        assert code == 2 and "Traceback" not in said


def test_a_host_of_such_a_zone_is_set_up_whole_and_info_says_where_it_is(sitepub: Sitepub, make_site: MakeSite) -> None:
    assert sitepub("local", "zone", "zoned.example", cwd=Path.cwd()).code == 0
    site = make_site("zoned", {"index.html": "1", "404.html": "2"}, hosts=[{"host": "www.zoned.example",
                                                                         "https": "auto"}])
    sitepub.deploy(site.folder)
    shown = sitepub("info", "--local", cwd=site.folder).out
    assert re.search(r"on this computer: https://www\.zoned\.example\.localhost:\d+\n", shown)
    assert str(sitepub.cloud.data / "ca.pem") in shown
    assert re.search(r"last deploy +\d{4}-\d\d-\d\d \d\d:\d\d \((just now|\d+ min ago)\) by ", shown)
    told = sitepub("info", "--local", "--json", cwd=site.folder).json
    assert told["authority"].endswith("ca.pem") and told["hosts"][0]["url"].endswith(f":{sitepub.cloud.edge_https}")


def test_a_host_that_waits_shows_its_record() -> None:
    waits = HostReport("www.example.com", "cdn", "not there", proof=TxtRecord(name="_cdnauth.example.com", value="ab1"))
    assert "  waits for this record: _cdnauth.example.com  TXT  ab1" in list(report_lines(waits))
    assert waits.as_object()["waits_for"] == {"type": "TXT", "name": "_cdnauth.example.com", "value": "ab1",
                                              "until": None, "since": None}


def test_a_host_whose_certificate_waits_for_a_record_shows_it_everywhere(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("waits", {"index.html": "1", "404.html": "2"}, hosts=[{"host": "www.waits-elsewhere.example",
                                                                         "https": "auto"}])
    done = sitepub("deploy", "--local", "--no-wait", "--yes", cwd=site.folder)
    record = re.search(r"_dnsauth\.www\.waits-elsewhere\.example  TXT  \S+", done.err)
    assert record is not None, done.err
    for command in ("info", "plan", "certs"):
        shown = sitepub(command, "--local", cwd=site.folder).out
        assert record[0] in shown, command
        assert command == "certs" or "just now" in shown or "min ago" in shown
    value = record[0].split()[-1]
    for command in ("info", "certs"):
        assert sitepub(command, "--local", "--json", cwd=site.folder).json["hosts"][0]["waits_for"]["value"] == value
    sitepub("remove", "--local", "--yes", cwd=site.folder)


@pytest.mark.parametrize("at", ["2026-11-29T22:07:13+00:00", "2020-01-01T00:00:00Z"])
def test_moments_are_told_by_the_clock_of_this_computer(at: str) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", local_moment(at))
    assert dated(at) == f"{local_moment(at)} ({age_of(at)})"
    assert dated("no date") == "no date"
