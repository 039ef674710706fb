"""Files in packed rows behave like a list and a mapping of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitepub.site import hash_cache
from sitepub.site.hash_cache import HashCache
from sitepub.site.many import packed
from sitepub.site.many.files import PackingFiles
from sitepub.site.many.packed import Packing
from sitepub.site.many.stamp import Stamp
from sitepub.site.scan import scan
from sitepub.site.snapshot import SiteFile, headers_hash
from tests.amount import times
from tests.site.sample import project, write

HEADERS = ({"Content-Type": "text/plain"}, headers_hash({"Content-Type": "text/plain"}))


@pytest.fixture(autouse=True, scope="module")
def _small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "ROWS", 3)
        patch.setattr(hash_cache, "_ROWS", 3)
        yield


@given(st.sets(st.text("abc/", min_size=1, max_size=4), max_size=20), st.data())
def test_a_packed_list_is_the_list(keys: set[str], data: st.DataObject) -> None:
    rows = [(key, number) for number, key in enumerate(sorted(keys))]
    packing: Packing[tuple[str, int]] = Packing(lambda row: (row[0], row[1]), keyed=True)
    for row in rows:
        packing.add(row)
    found = packing.done()
    assert list(found) == rows == [found[at] for at in range(len(rows))]
    assert list(reversed(found)) == rows[::-1]
    assert found == rows and len(found) == len(rows)
    for key in {*keys, "", "b", "zz"}:
        at = next((number for number, row in enumerate(rows) if row[0] == key), -1)
        assert found.find(key) == at
        assert found.place(key) == sum(row[0] < key for row in rows)
    start = data.draw(st.integers(0, len(rows)))
    assert list(found.rows(start)) == rows[start:]
    assert list(found.only(lambda row: row[1] % 2 == 0)) == rows[::2]
    with pytest.raises(IndexError):
        found[len(rows)]


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=4), st.integers(0, 2**40), max_size=20))
def test_packed_files_are_the_files(sizes: dict[str, int]) -> None:
    root = os.path.join("/srv", "")  # noqa: PTH118 - with a separator at its end
    packing = PackingFiles(root)
    expected = {}
    for number, (key, size) in enumerate(sorted(sizes.items())):
        stamp = (size, 1, 2, 3) if number % 2 else None
        crc = 2**64 - 1 - number if number % 5 else None
        packing.add(key, size, bytes([number]) * 16, HEADERS, f"x{key}" if number % 3 else key,
                    (stamp, crc) if stamp or crc else None)
        expected[key] = SiteFile(key, size, f"{number:02x}" * 16, *HEADERS,
                                 Path(f"/srv/{'x' if number % 3 else ''}{key}"), stamp=stamp, crc=crc)
    files = packing.done()
    assert dict(files.items()) == expected == dict(files)
    assert all(expected[key] == file and file == expected[key] for key, file in files.items())
    assert all(file.path == expected[key].path and (file.stamp, file.crc) == (expected[key].stamp, expected[key].crc)
               for key, file in files.items())
    assert all(replace(file, size=1) == replace(expected[key], size=1) for key, file in files.items())
    assert [file.key for file in files.values()] == list(files) == sorted(sizes)
    assert len(files) == len(sizes) and "d" not in files and files.get("d") is None
    for start in ("", "a", "b/", "c"):
        assert list(files.below(start)) == [key for key in sorted(sizes) if key.startswith(start)]


@settings(max_examples=times(25), deadline=None)
@given(st.integers(0, 2**32))
def test_a_cache_in_blocks_knows_what_it_was_told(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Files come, go and change between scans; the cache always holds those of the last one."""
    rand = Random(seed)
    file, folder = tmp_path_factory.mktemp("cache") / "hashes", Path("/srv")
    there: dict[str, tuple[Stamp, bytes]] = {}
    for _ in range(5):
        for number in range(12):
            path = f"{number:02}"
            if rand.random() < 0.3:
                there.pop(path, None)
            elif rand.random() < 0.3 or path not in there:
                there[path] = Stamp(rand.randrange(9), 1, 2, number), rand.randbytes(16)
        cache = HashCache(file, folder)
        for path, (stamp, md5) in sorted(there.items()):
            known = cache.find(path, stamp)
            if known is not None:
                assert known.md5 == md5 or known.size == stamp.size
            if known is not None and known.md5 == md5:
                cache.keep(known)
            else:
                cache.learn(path, stamp, md5, "", "utf-8")
        cache.save()
        assert {path: known.md5 for path, known in HashCache(file, folder).known.items()} == {
            path: md5 for path, (_, md5) in there.items()}
        assert [one.name for one in file.parent.iterdir()] in ([file.name], [])


def test_keys_are_in_order_whatever_the_folders_are_called(tmp_path: Path) -> None:
    names = ["a", "a.html", "a-b/c", "a!/x", "a0/x", "B/x", "é/x", "é.html", "z/ä", "zz", "ab/c/d"]
    site = scan(project(tmp_path), write(tmp_path, {f"{name}": name for name in names}))
    assert list(site.files) == sorted(names)
