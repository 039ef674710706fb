"""Of the unfinished uploads in a bucket only those of a key itself are thrown away."""

from __future__ import annotations

import pytest

from sitepub.tencent.cos.leftover_uploads import uploads_in
from sitepub.tencent.cos.verdict import BadAnswer


def listing(*uploads: tuple[str, str], encoding: str = "") -> bytes:
    inner = "".join(f"<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>" for key, id in uploads)
    return f"<ListMultipartUploadsResult>{encoding}{inner}</ListMultipartUploadsResult>".encode()


def ids_of(body: bytes, key: str) -> list[str]:
    return [upload_id for name, upload_id in uploads_in(body) if name == key]


def test_a_key_that_only_begins_like_it_is_another_key() -> None:
    assert ids_of(listing(("a.bin", "1"), ("a.bin.old", "2"), ("a.bin", "3")), "a.bin") == ["1", "3"]


@pytest.mark.parametrize("name", ["Encoding-Type", "EncodingType"])
def test_an_encoded_key_is_decoded_only_when_the_listing_says_so(name: str) -> None:
    encoded = listing(("a%20b", "1"), encoding=f"<{name}>url</{name}>")
    assert ids_of(encoded, "a b") == ["1"]
    assert ids_of(listing(("a%20b", "1")), "a b") == []
    assert ids_of(listing(("a%20b", "1")), "a%20b") == ["1"]


@pytest.mark.parametrize("body", [b"", b"<ListMultipartUploadsResult>", b"<Error/>"])
def test_half_an_answer_is_none(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        uploads_in(body)
