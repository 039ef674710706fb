"""A deploy of a large file that is stopped (SIGSTOP: the whole process) at one of the answers it gets, and another one
that takes the lock over meanwhile: the first notices when it goes on, and changes nothing more."""

from __future__ import annotations

import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from sitepub.tencent.cos.store import SINGLE_MAX
from tests.amount import AMOUNT
from tests.publish.pausing import Nursery, deploy, deploying, place_of, site_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP and fork are POSIX")
LEASE = 2.0
STAGES = range(1, 60) if AMOUNT == "long" else (9, 13, 16)
"""Numbers of answers: in the usual run while the parts go up, and when they are put together."""
FIRST = {"index.html": "first", "film.mp4": "a short film", "old.css": "old"}
OTHER = {"index.html": "of the other", "film.mp4": "a short film", "other.css": "o"}


def test_who_slept_in_the_middle_of_a_large_file_changes_nothing_in_the_next_deploy(nursery: Nursery, tmp_path: Path
                                                                                    ) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(Random("film").randbytes(SINGLE_MAX + 5))
    large = {"index.html": "of the sleeper", "film.mp4": f"/{film}", "sleeper.css": "s"}

    def meet(at: int) -> str:
        mark = "x" + uuid.uuid4().hex[:10]
        named = {"bucket_name": f"film-{mark}", "state_bucket": f"state-{mark}"}
        with place_of(nursery.cloud, named) as place:
            assert deploy(place, site_of(FIRST))["status"] == "published"
            with deploying(nursery, large, named, stop_at=at, lease=LEASE) as sleeper:
                if not sleeper.wait_for_stop():
                    return "over"
                time.sleep(LEASE)
                other = deploy(place, site_of(OTHER))
                while other.get("code") == "Locked":
                    time.sleep(0.2)
                    other = deploy(place, site_of(OTHER))
                assert other["status"] in ("published", "unchanged"), (at, other)
                before = {there.key: there.etag for there in place.store.list()}
                sleeper.wake()
                slept = sleeper.result()
            after = {there.key: there.etag for there in place.store.list()}
            if slept["status"] == "error":
                assert slept["code"] == "LockLost" and before == after, (at, slept)
                assert {key: place.store.get(key).data.decode() for key in after} == OTHER, at
            else:
                # It was through already, or had not begun: then it comes after the other.
                assert slept["status"] in ("published", "unchanged"), (at, slept)
            assert deploy(place, site_of(OTHER))["status"] in ("published", "unchanged")
            assert deploy(place, site_of(OTHER), verify=True)["status"] == "unchanged", at
            assert {there.key: place.store.get(there.key).data.decode() for there in place.store.list()} == OTHER
            assert not [there.key for there in place.states.store.list() if "/lock" in there.key]
        return str(slept["status"])

    with ThreadPoolExecutor(4) as threads:
        ends = list(threads.map(meet, STAGES))
    assert "error" in ends, ends
