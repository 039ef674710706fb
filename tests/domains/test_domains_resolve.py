from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset
import pytest

from sitepub.domains.dns.resolve import Resolver
from sitepub.tencent.cloud import Embedded
from tests.conftest import LocalCloud
from tests.domains.account import Account

Answer = Callable[[dns.message.Message], bytes | None]


@contextmanager
def name_server(answer: Answer) -> Iterator[int]:
    """A name server on a free UDP port that answers as the test says; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    data, sender = listening.recvfrom(4096)
                except OSError:
                    return
                reply = answer(dns.message.from_wire(data)) if data else None
                if reply is not None:
                    listening.sendto(reply, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            listening.sendto(b"", listening.getsockname())
            thread.join(10)


def asking(port: int, timeout: float = 5.0) -> Resolver:
    return Resolver(Embedded("127.0.0.1", 7070, dns=port), timeout=timeout)


def says(*lines: str, rcode: int = dns.rcode.NOERROR) -> Answer:
    """Answers every question with these records, when they are of the asked name or what it leads to."""
    def answer(question: dns.message.Message) -> bytes:
        reply = dns.message.make_response(question)
        reply.set_rcode(dns.rcode.Rcode(rcode))
        for line in lines:
            reply.answer.append(dns.rrset.from_text(*line.split(None, 4)))  # type: ignore[arg-type]
        return reply.to_wire()

    return answer


@pytest.fixture
def account(local_cloud: LocalCloud) -> Account:
    return Account(local_cloud)


def test_the_chain_of_names_comes_before_the_addresses(account: Account) -> None:
    account.zone("chain.example")
    account.add("chain.example", "www", "CNAME", "a.chain.example.")
    account.add("chain.example", "a", "CNAME", "b.chain.example.")
    account.add("chain.example", "b", "A", "192.0.2.1")
    account.add("chain.example", "b", "AAAA", "2001:db8::1")
    assert account.resolver.chain("www.chain.example") == (
        "a.chain.example", "b.chain.example", "192.0.2.1", "2001:db8::1")


def test_a_name_that_leads_nowhere_still_shows_where_it_leads(account: Account) -> None:
    account.zone("nowhere.example")
    account.add("nowhere.example", "www", "CNAME", "gone.nowhere.example.")
    assert account.resolver.chain("www.nowhere.example") == ("gone.nowhere.example",)
    account.add("nowhere.example", "out", "CNAME", "www.not-here.invalid.")
    assert account.resolver.chain("out.nowhere.example") == ("www.not-here.invalid",)


def test_a_name_that_does_not_exist_is_nowhere(account: Account) -> None:
    account.zone("void.example")
    assert account.resolver.chain("www.void.example") == ()
    assert account.resolver.txt("www.void.example") == ()
    assert account.resolver.cname("www.void.example") == ""


def test_txt_values_come_whole_and_without_quotes(account: Account) -> None:
    account.zone("text.example")
    account.add("text.example", "_cdnauth", "TXT", "one")
    account.add("text.example", "_cdnauth", "TXT", "x" * 300)
    assert set(account.resolver.txt("_cdnauth.text.example")) == {"one", "x" * 300}


def test_a_change_is_seen_at_once(account: Account) -> None:
    account.zone("fresh.example")
    assert account.resolver.txt("_a.fresh.example") == ()
    account.add("fresh.example", "_a", "TXT", "new")
    assert account.resolver.txt("_a.fresh.example") == ("new",)


def test_no_server_no_answer_and_no_error() -> None:
    assert asking(0).chain("www.example.com") == ()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    resolver = asking(port, timeout=0.3)
    assert resolver.chain("www.example.com") == () and resolver.txt("www.example.com") == ()


def test_a_silent_server_is_given_up() -> None:
    with name_server(lambda _question: None) as port:
        assert asking(port, timeout=0.2).cname("www.example.com") == ""


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NXDOMAIN])
def test_a_server_that_refuses_is_no_error(rcode: int) -> None:
    with name_server(says(rcode=rcode)) as port:
        resolver = asking(port, timeout=0.5)
        assert resolver.chain("www.example.com") == () and resolver.txt("www.example.com") == ()


def test_rubbish_is_no_error() -> None:
    with name_server(lambda _question: b"\x00\x01") as port:
        assert asking(port, timeout=0.3).chain("www.example.com") == ()


def test_names_that_lead_in_a_circle_come_to_an_end() -> None:
    with name_server(says("www.example.com. 60 IN CNAME other.example.com.",
                          "other.example.com. 60 IN CNAME www.example.com.")) as port:
        assert len(asking(port, timeout=0.5).chain("www.example.com")) <= 2


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example", "-", "bücher.example"])
def test_odd_names_are_no_error(account: Account, name: str) -> None:
    assert account.resolver.chain(name) == ()
