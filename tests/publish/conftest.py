"""Deploys in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import LocalCloud
from tests.publish.pausing import Nursery


@pytest.fixture(scope="module")
def nursery(local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(local_cloud, tmp_path_factory.mktemp("results"))
    yield nursery
    nursery.close()
