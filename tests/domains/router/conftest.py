"""One cloud, one zone with two hosts, for all tests of the router."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import running_cloud
from tests.domains.account import Account
from tests.domains.router.router_site import RouterSite, make_router_site


@pytest.fixture(scope="package")
def router_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouterSite]:
    with running_cloud(tmp_path_factory.mktemp("router") / "data", "--pace", "0") as cloud:
        yield make_router_site(Account(cloud))
