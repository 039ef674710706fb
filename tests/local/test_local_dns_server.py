"""The embedded DNS server, asked by dnspython over UDP and TCP (and by dig where there is one)."""

from __future__ import annotations

import shutil
import socket
import subprocess

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from sitepub.local.services.zones import registered_domain
from tests.local.service_wire import Services, origin


def ask(services: Services, name: str, kind: str = "A", *, tcp: bool = False) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, "127.0.0.1", port=services.cloud.dns, timeout=10)


def values(answer: dns.message.Message) -> list[str]:
    return [f"{dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}" for rrset in answer.answer
            for rdata in rrset]


@pytest.mark.parametrize("tcp", [False, True])
def test_a_cname_leads_to_this_computer(services: Services, tcp: bool) -> None:
    zone = services.zone()
    services.call("cdn", "AddCdnDomain", Domain=f"www.{zone}", ServiceType="web", Origin=origin())
    cname = services.call("cdn", "DescribeDomains", Filters=[{"Name": "domain", "Value": [f"www.{zone}"]}])[
        "Domains"][0]["Cname"]
    services.record(zone, "www", "CNAME", cname)
    answer = ask(services, f"www.{zone}", tcp=tcp)
    assert answer.flags & dns.flags.AA
    assert values(answer) == [f"CNAME {cname}.", "A 127.0.0.1"]
    guessed = ask(services, f"www.{zone}.cdn.dnsv1.com", tcp=tcp)
    assert guessed.rcode() == dns.rcode.NXDOMAIN


def test_names_of_buckets_lead_here_too(services: Services) -> None:
    assert values(ask(services, "b-125.cos-website.ap-guangzhou.myqcloud.com")) == ["A 127.0.0.1"]
    assert values(ask(services, "b-125.cos-website.ap-guangzhou.myqcloud.com", "AAAA")) == []


def test_every_type_is_answered(services: Services) -> None:
    zone = services.zone()
    long = "x" * 300
    services.record(zone, "@", "A", "1.2.3.4")
    services.record(zone, "six", "AAAA", "2001:db8::1")
    services.record(zone, "_text", "TXT", f'with "quotes" {long}')
    assert values(ask(services, zone)) == ["A 1.2.3.4"]
    assert values(ask(services, f"SIX.{zone}.", "AAAA")) == ["AAAA 2001:db8::1"]
    (text,) = ask(services, f"_text.{zone}", "TXT").answer[0]
    assert b"".join(text.strings).decode() == f'with "quotes" {long}'
    assert len(ask(services, zone, "NS").answer[0]) == 2
    assert values(ask(services, zone, "SOA"))[0].startswith("SOA f1g1ns1.dnspod.net.")


def test_what_is_not_there_is_told_apart(services: Services) -> None:
    zone = services.zone()
    services.record(zone, "a.b", "A", "1.2.3.4")
    for name, rcode in ((f"nothing.{zone}", dns.rcode.NXDOMAIN), (f"b.{zone}", dns.rcode.NOERROR),
                        (f"a.b.{zone}", dns.rcode.NOERROR)):
        answer = ask(services, name, "TXT")
        assert (answer.rcode(), answer.answer) == (rcode, [])
        assert answer.authority[0].rdtype == dns.rdatatype.SOA
    assert ask(services, "www.elsewhere.test").rcode() == dns.rcode.REFUSED


def test_wildcards_stop_where_a_name_exists(services: Services) -> None:
    zone = services.zone()
    services.record(zone, "*", "A", "1.1.1.1")
    services.record(zone, "here", "TXT", "x")
    assert values(ask(services, f"any.{zone}")) == ["A 1.1.1.1"]
    assert values(ask(services, f"a.b.{zone}")) == ["A 1.1.1.1"]
    assert values(ask(services, f"here.{zone}")) == []
    assert ask(services, f"below.here.{zone}").rcode() == dns.rcode.NXDOMAIN
    assert values(ask(services, zone)) == []


def test_disabled_records_and_loops(services: Services) -> None:
    zone = services.zone()
    services.record(zone, "off", "A", "1.2.3.4", Status="DISABLE")
    services.record(zone, "one", "CNAME", f"two.{zone}")
    services.record(zone, "two", "CNAME", f"one.{zone}")
    services.record(zone, "out", "CNAME", "www.elsewhere.test")
    assert ask(services, f"off.{zone}").rcode() == dns.rcode.NXDOMAIN
    assert ask(services, f"one.{zone}").rcode() == dns.rcode.NOERROR
    assert values(ask(services, f"out.{zone}")) == ["CNAME www.elsewhere.test."]


def test_an_answer_that_is_too_large_for_udp_comes_over_tcp(services: Services) -> None:
    zone = services.zone()
    for number in range(8):
        services.record(zone, "big", "TXT", f"{number}" * 250)
    query = dns.message.make_query(f"big.{zone}", "TXT", use_edns=False)
    over_udp = dns.query.udp(query, "127.0.0.1", port=services.cloud.dns, timeout=10)
    assert over_udp.flags & dns.flags.TC
    assert len(values(ask(services, f"big.{zone}", "TXT", tcp=True))) == 8


@pytest.mark.parametrize("packet", [b"", b"\x00" * 11, b"\x12\x34" + b"\xff" * 40, b"\x12\x34\x80" + b"\x00" * 20])
def test_nonsense_does_no_harm(services: Services, packet: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(packet, ("127.0.0.1", services.cloud.dns))
    with socket.create_connection(("127.0.0.1", services.cloud.dns), timeout=10) as stream:
        stream.sendall(len(packet).to_bytes(2, "big") + packet)
    assert values(ask(services, "b-125.cos.ap-guangzhou.myqcloud.com")) == ["A 127.0.0.1"]


@pytest.mark.skipif(shutil.which("dig") is None, reason="no dig here")
def test_dig_reads_it(services: Services) -> None:
    zone = services.zone()
    services.record(zone, "www", "A", "1.2.3.4")
    done = subprocess.run(["dig", "@127.0.0.1", "-p", str(services.cloud.dns), "+short", f"www.{zone}"],
                          capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1.2.3.4"


@pytest.mark.parametrize(("name", "expected"), [
    ("a.b.example.com", "example.com"), ("example.com", "example.com"), ("www.example.com.cn", "example.com.cn"),
    ("a.example.co.uk", "example.co.uk"), ("x.example.io", "example.io"), ("Example.COM.", "example.com"),
])
def test_the_registered_domain(name: str, expected: str) -> None:
    assert registered_domain(name) == expected
