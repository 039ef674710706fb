"""What a quick command loads: a module more is a wait more, each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import LocalCloud

HEAVY = ("rich", "qcloud_cos", "tencentcloud", "requests", "aiohttp", "cryptography", "dns", "watchdog", "h2")
"""Libraries that no quick command needs."""
WATCHING = tuple(f"sitepub.watch.{name}" for name in (
    "bursts", "changes", "inotify", "library_watching", "linux_watching", "polling", "watcher", "watching"))
"""Of that room a deploy needs to know which file systems there are."""
TO_PUBLISH = (
    "sitepub.publish.prepare", "sitepub.publish.publish", "sitepub.publish.apply", "sitepub.publish.states",
    "sitepub.publish.deploying",
    "sitepub.domains", "sitepub.settings", "sitepub.check", "sitepub.dev", "sitepub.logs", "sitepub.probe",
    *WATCHING, "sitepub.site.scan", "sitepub.site.walk", "sitepub.site.globs", "sitepub.site.hashing",
    "sitepub.leaks.search", "sitepub.tencent.cos.multipart", "ahocorasick_rs")
"""What is needed only when something is to be published."""

FOR_HOSTS = (
    "sitepub.domains.hosts", "sitepub.domains.edges", "sitepub.domains.certificates", "sitepub.domains.dns",
    "sitepub.domains.zones", "sitepub.domains.purge", "sitepub.domains.service_api", "sitepub.actions.hosts")
"""What is needed only where a site has hosts."""
FOR_MORE = (
    "sitepub.tencent.cos.multipart", "sitepub.check.changes", "sitepub.dev", "sitepub.logs", "sitepub.probe",
    *WATCHING, "sitepub.notify", "sitepub.actions.ci", "sitepub.ci", "sitepub.actions.previews.removing",
    "sitepub.actions.releases.history", "asyncio", "multiprocessing", "sqlite3.dump", "unittest", "tomllib")
"""What a deploy of one changed file of a site without hosts does not need."""

TO_READ = ("pydantic", "pydantic_core", "yaml", "sitepub.config.load", "sitepub.config.models")
"""What is needed only to read serverless.yml."""


def loaded_by(folder: Path, *argv: str, said: list[str] | None = None) -> set[str]:
    """The modules that a command has loaded at its end. ``said``: gets what it printed."""
    code = ("import sys\nfrom pathlib import Path\nbefore = set(sys.modules)\n"
            f"sys.argv = ['sitepub', *{argv!r}]\n"
            "from sitepub.__main__ import main\n"
            "code = main()\n"
            "Path('loaded.txt').write_text('\\n'.join(set(sys.modules) - before), encoding='utf-8')\n"
            "sys.exit(code)")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if said is not None:
        said.append(done.stdout)
    return set((folder / "loaded.txt").read_text(encoding="utf-8").split("\n"))


def among(loaded: set[str], names: Sequence[str]) -> list[str]:
    return sorted(name for name in loaded for each in names if name == each or name.startswith(f"{each}."))


@pytest.mark.parametrize(("argv", "most"), [
    (("deploy", "--help"), 140), (("schema",), 330), (("completion", "bash"), 140), (("local", "status"), 200)])
def test_a_command_that_needs_no_site_loads_little(argv: tuple[str, ...], most: int, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch, local_cloud: LocalCloud) -> None:
    monkeypatch.setenv("SITEPUB_LOCAL_DATA", str(local_cloud.data))
    loaded = loaded_by(tmp_path, *argv)
    assert among(loaded, (*HEAVY, *TO_PUBLISH)) == []
    assert len(loaded) <= most, sorted(loaded)


@pytest.mark.usefixtures("home")
def test_a_deploy_that_changes_nothing_loads_nothing_to_publish_with(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_cloud: LocalCloud) -> None:
    monkeypatch.setenv("SITEPUB_LOCAL_DATA", str(local_cloud.data))
    site = tmp_path / "site"
    site.mkdir()
    for name in ("index.html", "404.html"):
        (site / name).write_text("<p>here</p>", encoding="utf-8")
    (tmp_path / "serverless.yml").write_text(
        "component: website\nname: loaded\ninputs:\n  src: {src: ./site}\n  bucketName: loaded\n", encoding="utf-8")
    deploy = ("deploy", "--local", "--yes", "--quiet")
    first = loaded_by(tmp_path, *deploy)
    assert among(first, ("rich", "tencentcloud", "sitepub.dev", "sitepub.logs")) == []
    for _ in range(9):
        loaded = loaded_by(tmp_path, *deploy)
        if "sitepub.site.walk" not in loaded and "pydantic" not in loaded:
            break  # what was written less than two seconds before is read once more
    assert among(loaded, (*HEAVY, *TO_PUBLISH, *TO_READ)) == []
    assert len(loaded) <= 340, sorted(loaded)
    # dev is ready with what watches, beside that.
    ready = loaded_when_ready(tmp_path)
    assert among(ready, (*HEAVY, *set(TO_PUBLISH) - {"sitepub.dev", *WATCHING}, *TO_READ, "sitepub.dev.loop",
                         "sitepub.watch.polling")) == []
    assert len(ready) <= 340, sorted(ready)

    (site / "index.html").write_text("<p>there</p>", encoding="utf-8")
    loaded = loaded_by(tmp_path, *deploy)
    assert "sitepub.publish.apply" in loaded
    assert among(loaded, (*HEAVY, *FOR_HOSTS, *FOR_MORE)) == []
    assert len(loaded) <= 625, sorted(loaded)


READY = ("import os, signal, sys\n"
         "from pathlib import Path\n"
         "before = set(sys.modules)\n"
         "from sitepub.cli.dev_view import DevView\n"
         "shows = DevView.published\n"
         "def published(self, what):\n"
         "    loaded = set(sys.modules) - before\n"
         "    shows(self, what)\n"
         "    Path('loaded.txt').write_text('\\n'.join(loaded), encoding='utf-8')\n"
         "    signal.raise_signal(signal.SIGINT)\n"
         "DevView.published = published\n"
         "sys.argv = ['sitepub', 'dev', '--local', '--no-logs', '--yes', '--json']\n"
         "from sitepub.__main__ import main\n"
         "sys.exit(main())\n")
"""Runs dev until it is ready; what it has loaded by then."""


def loaded_when_ready(folder: Path) -> set[str]:
    done = subprocess.run([sys.executable, "-c", READY], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 130 and '"event": "published"' in done.stdout, done.stderr
    return set((folder / "loaded.txt").read_text(encoding="utf-8").split("\n"))


def test_dev_begins_with_little_more_than_publishing_needs(tmp_path: Path) -> None:
    code = "import sys, sitepub.actions.dev, sitepub.dev.loop; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "sitepub.dev.loop" in loaded and "sitepub.publish.apply" in loaded
    assert among(loaded, (
        *HEAVY, *FOR_HOSTS, "pydantic", "sitepub.config.models", "sitepub.check.changes",
        "sitepub.tencent.cos.multipart", "sitepub.probe", "sitepub.notify", "sitepub.ci", "asyncio")) == []
    assert len(loaded) <= 530, sorted(loaded)
