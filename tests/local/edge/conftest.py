"""Fixtures of the tests of the edge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import LocalCloud, running_cloud
from tests.local.edge_wire import EdgeSite, make_site


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud for one file of tests, whose states take no time."""
    with running_cloud(tmp_path_factory.mktemp("edge") / "data", "--pace", "0") as cloud:
        yield cloud


@pytest.fixture
def site(cloud: LocalCloud) -> EdgeSite:
    """A new host name with a bucket behind it; the test puts it on the CDN."""
    return make_site(cloud)
