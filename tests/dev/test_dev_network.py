"""``sitepub dev`` while nothing answers: no connection is refused, and no answer comes."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.dev.dev_process import Site, running


def faults(cloud: LocalCloud, specification: str) -> None:
    """What goes wrong from now on; "" for nothing."""
    request = urllib.request.Request(f"{cloud.endpoint}/-/faults", specification.encode(), cloud.allowed, method="POST")
    with urllib.request.urlopen(request, timeout=30):
        pass


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud that others do not use: they would not bear its faults."""
    with running_cloud(tmp_path_factory.mktemp("failing") / "data") as cloud:
        yield cloud


@pytest.fixture
def own(make_site: Callable[..., Site], failing: LocalCloud) -> Iterator[Site]:
    site = make_site(failing)
    site.write({"index.html": "1", "error.html": "e", "a.html": "a"})
    yield site
    faults(failing, "")


def test_silence_is_reported_and_waited_out(own: Site, home: Path) -> None:
    with running(own, home) as dev:
        own.wait_until_equal()
        faults(own.cloud, "timeout=1")
        own.write({"a.html": "saved in the dark"})
        dev.wait_for_line("waiting, and trying again until it works: no good answer")
        own.write({"b.html": "and another"})
        faults(own.cloud, "")
        own.wait_until_equal()
        assert sum("waiting" in line for line in dev.lines) == 1 and dev.failures == []


@pytest.mark.parametrize("kind", [
    "429=1", "500=1", "503=1", "PUT:etag=1", "PUT:429=1", "HEAD:429=1", "portal=1", "redirect=1", "PUT:portal=1",
    "GET:redirect=1", "HEAD:redirect=1"])
def test_every_fault_that_passes_is_waited_out_without_another_save(own: Site, home: Path, kind: str) -> None:
    with running(own, home) as dev:
        own.wait_until_equal()
        faults(own.cloud, kind)
        own.write({"a.html": "saved meanwhile", "new.html": "n"})
        (own.published / "error.html").unlink()
        dev.wait_for_line("waiting, and trying again until it works")
        faults(own.cloud, "")
        own.wait_until_equal()
        assert dev.failures == []


@pytest.mark.parametrize("saved", [False, True], ids=["idle", "with something to publish"])
def test_ctrl_c_does_not_wait_for_an_answer(own: Site, home: Path, saved: bool) -> None:
    with running(own, home) as dev:
        own.write({"a.html": "a run that has something to record at its end"})
        own.wait_until_equal()
        faults(own.cloud, "timeout=1")
        if saved:
            own.write({"a.html": "saved in the dark"})
            dev.wait_for_line("waiting")
        dev.end()  # which has less patience than a request that is tried again and again
