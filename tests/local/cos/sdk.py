"""The official COS SDK against an embedded cloud."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import LocalCloud


def connected(cloud: LocalCloud, region: str = "") -> Any:
    """A client of the official SDK for an embedded cloud, as its documentation says."""
    from qcloud_cos import CosConfig, CosS3Client

    return CosS3Client(CosConfig(
        Region=region or cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key, Scheme="http",
        IP=cloud.host, Port=cloud.port, ServiceDomain=f"{cloud.host}:{cloud.port}"), retry=0)


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[int, str]:
    from qcloud_cos import CosServiceError

    with pytest.raises(CosServiceError) as caught:
        call(**arguments)
    assert caught.value.get_request_id()
    return int(caught.value.get_status_code()), str(caught.value.get_error_code())
