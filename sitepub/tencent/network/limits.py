"""The most that is read of an answer. A server, or whatever sits between it and us, must not fill the memory."""

from __future__ import annotations

_MB = 1024 * 1024

HEAD = 128 * 1024
"""Bytes of an answer's headers: COS sends about 1 kB, and 2 kB of x-cos-meta-* at most."""
INTERIM_ANSWERS = 100
"""Interim answers (1xx) before the real one."""
ANSWER = 16 * _MB
"""Bytes of what COS says about a bucket: 1,000 keys of 850 bytes, each percent-encoded, make a page of 3 MB."""
OBJECT = 256 * _MB
"""Bytes of an object that is read into memory: the packed state of a million files has 30 to 80 MB (143 MB of JSON)."""
API_ANSWER = 32 * _MB
"""Bytes of an answer of the cloud API: 1,000 log entries of 10 kB make 10 MB."""
TAGS = 400_000
"""XML tags in one document: a page of 1,000 objects has about 32,000."""
XML_DEPTH = 32
"""Elements within elements of a setting's document: the deepest one documented has 6."""
PAGES = 100_000
"""Pages of one listing: 100 million objects."""
EMPTY_PAGES = 1_000
"""Pages of a listing that hold nothing and say that it goes on, one after another."""
LOG_FILE = 2048 * _MB
"""Bytes of one packed log file, which is kept on the disk while it is read; they are hourly or smaller."""
LOG_LINE = 1 * _MB
"""Bytes of one line of a log: an address and its headers stay far below."""
OVERSIZED_COUNTS_AS = 4
"""Tries that an answer beyond a limit uses up: each may cost as many bytes as the limit."""


def size(count: int) -> str:
    """A limit in words: "16 MB"."""
    return f"{count // _MB} MB" if count >= _MB else f"{count // 1024} kB"
