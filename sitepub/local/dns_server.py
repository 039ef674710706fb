"""The DNS server of the embedded cloud: UDP and TCP on loopback, for its own names and its DNSPod's zones.

It answers with authority and follows CNAMEs as far as it knows them (RFC 1034, 1035, 2308); names that are
in no zone of its own are REFUSED. The wire format is dnspython's.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
import traceback
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sitepub.local.services.dns_values import NAME_SERVERS, rdata
from sitepub.local.services.services import Services
from sitepub.local.services.zones import Answer, Outcome

_PLAIN_UDP = 512
"""Bytes of an answer over UDP without EDNS (RFC 1035 4.2.1)."""
_LARGEST_UDP = 1232
_NEGATIVE_TTL = 60
_IDLE = 30.0
"""Seconds that a TCP connection may be silent."""


class DnsServer:
    """Answers for the names of one cloud on one port of 127.0.0.1."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int) -> int:
        """Listen (0: any port that is free for both); returns the port. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        for attempt in range(20):
            tcp = await asyncio.start_server(self._converse, "127.0.0.1", port)
            chosen = int(tcp.sockets[0].getsockname()[1])
            try:
                udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=("127.0.0.1", chosen)
                )
            except OSError:
                tcp.close()
                if port or attempt == 19:
                    raise
                continue
            self._tcp, self._udp = tcp, udp
            return chosen
        raise AssertionError("unreachable")

    async def stop(self) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for writer in list(self._writers):
            writer.close()

    def answer(self, query: bytes, *, udp: bool) -> bytes | None:
        """The answer on the wire; None for what is no query at all."""
        try:
            asked = dns.message.from_wire(query)
        except dns.exception.DNSException:
            if len(query) < 12 or query[2] & 0x80:
                return None
            # the id, and that the query could not be read (RFC 1035 4.1.1)
            return query[:2] + struct.pack(">HHHHH", 0x8000 | dns.rcode.FORMERR, 0, 0, 0, 0)
        if asked.flags & dns.flags.QR:
            return None
        reply = dns.message.make_response(asked)
        reply.flags &= ~dns.flags.RA
        if asked.opcode() != dns.opcode.QUERY:
            reply.set_rcode(dns.rcode.NOTIMP)
        elif len(asked.question) != 1:
            reply.set_rcode(dns.rcode.FORMERR)
        else:
            try:
                self._fill(reply, asked.question[0])
            except Exception:
                traceback.print_exc(file=sys.stderr)
                reply = dns.message.make_response(asked)
                reply.set_rcode(dns.rcode.SERVFAIL)
        if not udp:
            return reply.to_wire(max_size=65_535)
        size = min(asked.payload, _LARGEST_UDP) if asked.edns >= 0 else _PLAIN_UDP
        try:
            return reply.to_wire(max_size=max(size, _PLAIN_UDP))
        except dns.exception.TooBig:
            short = dns.message.make_response(asked)
            short.flags |= dns.flags.TC | dns.flags.AA
            return short.to_wire()

    def _fill(self, reply: dns.message.Message, question: dns.rrset.RRset) -> None:
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if question.rdclass != dns.rdataclass.IN:
            reply.set_rcode(dns.rcode.REFUSED)
            return
        answer = self._services.resolve(name, kind)
        if answer.outcome is Outcome.REFUSED:
            reply.set_rcode(dns.rcode.REFUSED)
            return
        reply.flags |= dns.flags.AA
        if kind == "SOA" and answer.zone == name:
            reply.answer.append(_soa(answer.zone))
            return
        for found in answer.records:
            # the name as it was asked, so that clients which mix the case recognise it
            owner = question.name if found.name == name else dns.name.from_text(found.name)
            rrset = reply.find_rrset(
                reply.answer, owner, dns.rdataclass.IN, dns.rdatatype.from_text(found.type), create=True
            )
            rrset.add(rdata(found), found.ttl)
        self._negative(reply, answer)

    @staticmethod
    def _negative(reply: dns.message.Message, answer: Answer) -> None:
        if answer.outcome is Outcome.NO_NAME:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if answer.outcome in (Outcome.NO_NAME, Outcome.NO_DATA) and answer.zone:
            reply.authority.append(_soa(answer.zone))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await asyncio.wait_for(reader.readexactly(2), _IDLE)
                query = await asyncio.wait_for(reader.readexactly(int.from_bytes(head, "big")), _IDLE)
                answer = self.answer(query, udp=False)
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            with contextlib.suppress(ConnectionError):
                writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport does not inherit from asyncio's
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = self._server.answer(data, udp=True)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _soa(zone: str) -> dns.rrset.RRset:
    text = f"{NAME_SERVERS[0]}. freednsadmin.dnspod.com. 1 3600 180 1209600 {_NEGATIVE_TTL}"
    return dns.rrset.from_text(f"{zone}.", _NEGATIVE_TTL, "IN", "SOA", text)
