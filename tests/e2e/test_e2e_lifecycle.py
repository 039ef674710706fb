"""A lifecycle rule that breaks the site is warned of, wherever it stands."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LocalCloud
from tests.e2e.bucket_site import site
from tests.e2e.conftest import Sitepub
from tests.local.cos.sdk import connected

WORDS = "deletes 1 file of the site 30 days after their upload"


@pytest.fixture(scope="module")
def client(local_cloud: LocalCloud) -> Any:
    return connected(local_cloud)


@pytest.fixture
def bucket(client: Any, local_cloud: LocalCloud) -> str:
    name = f"aged-{secrets.token_hex(4)}-{local_cloud.app_id}"
    client.create_bucket(Bucket=name)
    return name


def put(client: Any, bucket: str, prefix: str) -> None:
    client.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rule": [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": "30"}}]})


def test_a_rule_of_the_bucket(sitepub: Sitepub, client: Any, bucket: str, tmp_path: Path) -> None:
    folder = site(tmp_path, bucket)
    put(client, bucket, "")
    first = sitepub("plan", "--local", cwd=folder)
    assert WORDS in first.err and "not in serverless.yml" in first.err, first.err
    assert WORDS in sitepub("deploy", "--local", cwd=folder).err
    assert WORDS not in sitepub("deploy", "--local", cwd=folder).err, "one request, as nothing has changed"
    assert sitepub("plan", "--local", cwd=folder).err.count(WORDS) == 1
    assert sitepub("plan", "--local", "--verify", cwd=folder).err.count(WORDS) == 1
    put(client, bucket, "logs/")
    assert WORDS not in sitepub("plan", "--local", cwd=folder).err


def test_a_rule_of_the_project(sitepub: Sitepub, bucket: str, tmp_path: Path) -> None:
    folder = site(tmp_path, bucket, "lifecycle: [{id: old, status: Enabled, expiration: {days: 30}}]")
    for command in ("plan", "deploy", "plan"):
        run = sitepub(command, "--local", cwd=folder)
        assert run.code == 0 and run.err.count(WORDS) == 1 and "not in serverless.yml" not in run.err, run.err
    site(tmp_path, bucket, "lifecycle: [{id: old, status: Disabled, expiration: {days: 30}}]")
    assert WORDS not in sitepub("plan", "--local", cwd=folder).err
