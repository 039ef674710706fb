"""A real Vite app with ``vite build --watch``."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from sitepub.actions.init import init
from tests.conftest import LocalCloud
from tests.dev.dev_process import Site, browser, running, until
from tests.starters.built import InstallPackages


@pytest.fixture
def app(tmp_path: Path, local_cloud: LocalCloud, npm_packages: InstallPackages) -> Site:
    made = init("react-starter", None, folder=tmp_path, here=tmp_path).folder
    npm_packages("react-starter", made)
    name = f"vite-{uuid.uuid4().hex[:8]}"
    (made / "serverless.yml").write_text(json.dumps({"component": "website", "name": name, "inputs": {
        "src": {"src": "./", "hook": "npx vite build", "dist": "./dist", "error": "index.html"}, "bucketName": name,
        "dev": {"command": "npx vite build --watch"}}}))
    return Site(made, local_cloud, name, made / "dist")


@pytest.mark.parametrize("mistake", ["const broken = (\n", "import './not-there.js';\n"], ids=["syntax", "import"])
def test_a_build_that_fails_is_shown_and_the_next_good_one_goes_live(app: Site, home: Path, mistake: str) -> None:
    source = app.root / "src/App.jsx"
    good = source.read_text(encoding="utf-8")
    with running(app, home) as dev, browser(app) as seen:
        app.wait_until_equal()
        before = app.in_bucket()
        source.write_text(good + mistake, encoding="utf-8")
        until(lambda: dev.failures, "the failure")
        assert "failed" in dev.failures[0]["message"]
        assert any("src/App.jsx" in line for line in dev.failures[0]["tail"])
        until(lambda: any(event["event"] == "failed" and "App.jsx" in event["message"] for event in seen))
        assert app.in_bucket() == before
        source.write_text(good + "document.title = 'repaired';\n", encoding="utf-8")
        until(lambda: app.in_bucket() != before and app.settled(), "the repair")
        until(lambda: seen[-1]["event"] == "published", "the end of the overlay")
        assert len(dev.failures) == 1 and all(event["files"] == len(before) for event in dev.published)
