"""A computer that deploys a folder with the real action, to a cloud in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sitepub.actions.deploying import begin, quick
from sitepub.actions.deploying.deploy import deploy
from sitepub.actions.deploying.values import Deployed, DeployOptions
from sitepub.config.project import Project, Source
from sitepub.domains.job import Listener
from sitepub.errors import Problem
from sitepub.publish.outcome import Unchanged
from sitepub.publish.progress import Progress, Silent
from sitepub.site import walk
from sitepub.site.index import changes
from sitepub.site.scan import scan
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos import bucket_settings, object_store, website_probe
from tests.publish.memory_cloud import APP_ID, MemoryCloud, project

ACCOUNT = Cloud(Credentials("AKIDexampleexample0", "k" * 32, source="test"), APP_ID, "ap-guangzhou")


class Quiet:
    """A teller that agrees to everything."""

    hook_columns = None

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def hook_line(self, line: str) -> None:
        del line

    def warn(self, problem: Problem) -> None:
        self.warnings.append(problem.message)

    def note(self, text: str) -> None:
        del text

    def approve(self, prepared: object) -> None:
        del prepared

    def ask(self, doubt: object) -> None:
        del doubt

    def checked(self, report: object, project: object) -> None:
        del report, project

    def transfer(self) -> AbstractContextManager[Progress]:
        return nullcontext(Silent())

    def setting(self, step: object) -> None:
        del step

    def choose(self, words: str, answers: object, refusal: Exception) -> str:
        raise AssertionError(f"no share runs here: {words}, {answers}, {refusal}")

    def approve_hosts(self, prepared: object) -> None:
        del prepared

    def approve_changed_hosts(self, steps: object) -> None:
        del steps

    def listener(self) -> AbstractContextManager[Listener]:
        raise AssertionError("there are no hosts")


@dataclass
class Computer:
    """Has a cache of its own, as every computer."""

    cloud: MemoryCloud
    home: Path
    project: Project
    shown: list[str] = field(default_factory=list)
    """Warnings of the last deploy."""

    @property
    def environ(self) -> dict[str, str]:
        return {"SITEPUB_HOME": str(self.home)}

    @property
    def folder(self) -> Path:
        return self.project.source.folder

    def deploy(self, **options: Any) -> Deployed:
        teller = Quiet()
        done = deploy(self.project, DeployOptions(allow_delete=True, allow_empty=True, **options), teller, self.environ)
        self.shown = teller.warnings
        return done

    def recognised(self, **options: Any) -> bool:
        """Deploy; whether that took neither a plan nor a look into any file."""
        return isinstance(self.deploy(**options).outcome, Unchanged)

    def change(self, **changes: Any) -> None:
        self.project = replace(self.project, **changes)

    def change_source(self, **changes: Any) -> None:
        self.change(source=replace(self.project.source, **changes))

    def wanted(self) -> dict[str, tuple[bytes, dict[str, str]]]:
        """What should be in the bucket: content as it stands in the folder now, and headers."""
        site = scan(self.project, self.folder, environ=self.environ)
        return {file.key: (file.data if file.data is not None else Path(str(file.path)).read_bytes(),
                           dict(file.headers)) for file in site}

    def live(self) -> dict[str, tuple[bytes, dict[str, str]]]:
        objects = self.cloud.store(self.project.bucket(APP_ID)).objects
        return {key: (there.data, dict(there.headers)) for key, there in objects.items()}


def site_project(folder: Path, **changes: Any) -> Project:
    (folder / "site").mkdir(parents=True, exist_ok=True)
    return project(folder, source=Source(folder=folder / "site"), **changes)


@contextmanager
def in_memory(cloud: MemoryCloud, *, seconds_later: float = 0.0) -> Iterator[None]:
    """Deploys go to this cloud. ``seconds_later``: what was written just now is that old when it is read."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (begin, quick):
            patch.setattr(module, "connect", lambda *_args, **_options: ACCOUNT)
        patch.setattr(object_store, "CosObjectStore", lambda _cloud, bucket, **_options: cloud.store(bucket))
        patch.setattr(bucket_settings, "BucketSettings", lambda _cloud, bucket: cloud.bucket(bucket))
        patch.setattr(bucket_settings, "free_name", lambda _cloud, _bucket: "free")
        patch.setattr(bucket_settings, "regions_of_buckets", lambda _cloud: {})
        patch.setattr(website_probe, "forces_download", lambda _cloud, _bucket: False)

        class Later:
            time = staticmethod(time.time)

            @staticmethod
            def time_ns() -> int:
                return time.time_ns() + int(seconds_later * 1e9)

        patch.setattr(walk, "time", Later)
        patch.setattr(changes, "time", Later)
        yield
