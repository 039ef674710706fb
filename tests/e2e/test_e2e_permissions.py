"""What the embedded cloud is asked for in a site's life, against the policies that docs/permissions.md gives."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

from tests.conftest import running_cloud
from tests.e2e.conftest import MakeSite, make_sitepub


def test_the_documented_permissions_are_enough_for_what_the_cloud_sees(
    tmp_path: Path, home: Path, make_site: MakeSite
) -> None:
    page = (Path(__file__).parents[2] / "docs/permissions.md").read_text(encoding="utf-8")
    with running_cloud(tmp_path / "cloud") as cloud:
        sitepub = make_sitepub(cloud, home)
        settings: dict[str, Any] = {
            "accelerate": True, "tags": [{"key": "team", "value": "web"}],
            "lifecycle": [{"id": "a", "filter": {"prefix": "logs/"}, "expiration": {"days": 3}}],
            "cors": [{"allowedOrigins": "*", "allowedMethods": "GET"}]}
        site = make_site("seen", {"index.html": "1", "error.html": "1", "a.bin": b"a" * 33 * 1024**2, "b.txt": "copy"})
        sitepub("doctor", "--local", cwd=site.folder)
        sitepub.deploy(site.folder)
        for name in settings:
            site.configure(**{name: settings[name]})
            sitepub.deploy(site.folder)
        site.configure(tags=[], lifecycle=[], cors=[])
        site.write({"c.txt": "copy", "b.txt": "other", "index.html": "2"})
        sitepub.deploy(site.folder)
        sitepub("info", "--local", cwd=site.folder)
        sitepub.deploy(site.folder, "--inputs", "region=ap-shanghai", "bucketName=seen-there")
        assert sitepub("remove", "--local", "--yes", cwd=site.folder).code == 0
        connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=60)
        connection.request("GET", "/-/requests", headers=cloud.allowed)
        operations = set(json.loads(connection.getresponse().read())["operations"])
        connection.close()
    assert {"GetService", "PutBucketAccelerate", "UploadPart", "DeleteMultipleObjects", "DeleteBucket"} <= operations
    # Not asked of COS: the cloud API, what a browser asks of the website, and the time (doctor, without a key).
    asked = operations - {"CloudApi", "Website", "Other"}
    assert sorted(name for name in asked if f"name/cos:{name}" not in page) == []
