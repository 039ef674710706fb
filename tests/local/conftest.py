"""Fixtures of all tests of the embedded cloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.service_wire import Services, running_services


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A cloud for one file of tests, whose states take no time."""
    with running_services(tmp_path_factory.mktemp("services")) as found:
        yield found
