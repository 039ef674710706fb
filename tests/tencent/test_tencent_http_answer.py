"""Reading HTTP answers: every framing, and every way in which one can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from sitepub.tencent.network.http_answer import Answer, AnswerReader, BrokenAnswer


@contextlib.contextmanager
def reader_of(data: bytes, *, end: bool = True) -> Iterator[AnswerReader]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        if end:
            theirs.shutdown(socket.SHUT_WR)
        yield AnswerReader(ours)


def read(data: bytes, *, without_body: bool = False) -> tuple[Answer, bool]:
    with reader_of(data) as reader:
        return reader.read(without_body=without_body)


def test_a_body_of_known_length_keeps_the_connection() -> None:
    answer, reusable = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\nhello")
    assert (answer.status, answer.body, answer.headers["etag"], reusable) == (200, b"hello", '"a"', True)


def test_two_answers_in_one_piece_are_told_apart() -> None:
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    with reader_of(one + b"a" + one + b"b") as reader:
        assert [reader.read()[0].body, reader.read()[0].body] == [b"a", b"b"]


def test_chunks_are_joined_and_trailers_dropped() -> None:
    answer, reusable = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"4;x=y\r\nwiki\r\n6\r\npedia \r\n0\r\nTrailer: 1\r\n\r\n")
    assert (answer.body, reusable) == (b"wikipedia ", True)


def test_a_body_without_a_length_goes_to_the_end_of_the_connection() -> None:
    answer, reusable = read(b"HTTP/1.1 200 OK\r\n\r\nall of this")
    assert (answer.body, reusable) == (b"all of this", False)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                                  b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"])
def test_a_server_that_closes_is_believed(head: bytes) -> None:
    assert read(head)[1] is False


def test_an_answer_to_head_has_no_body_whatever_its_length() -> None:
    answer, reusable = read(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", without_body=True)
    assert (answer.headers["content-length"], answer.body, reusable) == ("100", b"", True)


def test_no_content_has_no_body() -> None:
    assert read(b"HTTP/1.1 204 No Content\r\n\r\n")[0].body == b""


def test_interim_answers_are_skipped() -> None:
    answer, _ = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                     b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert (answer.status, dict(answer.headers)) == (201, {"content-length": "0"})


def test_header_values_are_utf8_or_else_latin1() -> None:
    answer, _ = read("HTTP/1.1 200 OK\r\nx-cos-meta-a: 中文\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer.headers["x-cos-meta-a"] == "中文"
    answer, _ = read(b"HTTP/1.1 200 OK\r\nx-cos-meta-a: caf\xe9\r\nContent-Length: 0\r\n\r\n")
    assert answer.headers["x-cos-meta-a"] == "café"


@pytest.mark.parametrize("data", [
    b"HTTP/1.1 200 OK\r\nContent-Le",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwi",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwikiXX0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    b"x" * 140_000,
])
def test_what_is_cut_or_malformed_is_never_an_answer(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = threading.Thread(target=send_and_end, args=(theirs, data))
        writer.start()
        with pytest.raises(BrokenAnswer) as caught:
            AnswerReader(ours).read()
        ours.close()
        writer.join(10)
    assert not caught.value.nothing_came


def send_and_end(sock: socket.socket, data: bytes) -> None:
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


def test_an_end_before_the_first_byte_is_told_apart() -> None:
    with pytest.raises(BrokenAnswer) as caught:
        read(b"")
    assert caught.value.nothing_came
