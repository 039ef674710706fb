"""Fixtures of the tests of object storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.local.cos.sdk import connected
from tests.local.cos_wire import Wire, new_bucket


@pytest.fixture(scope="module")
def wire(local_cloud: LocalCloud) -> Iterator[Wire]:
    """A bucket for one file of tests, and requests that are signed by hand."""
    with new_bucket(local_cloud) as found:
        yield found


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> Any:
    return connected(local_cloud)
