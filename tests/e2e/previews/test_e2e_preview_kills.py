"""A preview broken at each call of its deploy and of its removal, on the real wire: the site stays as it was, the next
run does the rest, and then nothing of the preview is left."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sitepub.cli.main import run
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.bucket_settings import regions_of_buckets
from sitepub.tencent.cos.object_store import CosObjectStore
from sitepub.terminal.terminal import Terminal
from tests.amount import times
from tests.conftest import LocalCloud
from tests.e2e.conftest import Sitepub
from tests.e2e.test_e2e_broken_hosts import Break, Calls, Killed, watched

_numbers = itertools.count(1)


@dataclass
class Bench:
    """A site that is live, and its preview."""

    program: Sitepub
    account: Cloud
    states: CosObjectStore
    folder: Path
    name: str

    @classmethod
    def of(cls, program: Sitepub, states: CosObjectStore, account: Cloud, tmp_path: Path) -> Bench:
        name = f"pvkill{next(_numbers)}"
        folder = tmp_path / name
        (folder / "src").mkdir(parents=True)
        for file, text in (("index.html", "live"), ("404.html", "no"), ("a.css", "b{}"), ("robots.txt", "Allow: /")):
            (folder / "src" / file).write_text(text)
        (folder / "serverless.yml").write_text(json.dumps({
            "component": "website", "name": name, "inputs": {"src": "./src"}}))
        bench = cls(program, account, states, folder, name)
        assert bench.sitepub("deploy") == 0, bench.told
        (folder / "src" / "index.html").write_text("shown")
        return bench

    def sitepub(self, *words: str, calls: Calls | None = None) -> int:
        with (self.folder / "said").open("w+") as out, (self.folder / "told").open("w+") as err:
            terminal = Terminal(stdout=out, stderr=err, environ=dict(self.program.environ))
            with watched(calls or Calls()):
                return run([*words, "--local", "--cwd", str(self.folder)], terminal)

    def broken(self, *words: str, at: int, how: Break) -> int:
        try:
            return self.sitepub(*words, calls=Calls(at, how, counting=True))
        except Killed:
            return -9

    def count(self, *words: str) -> int:
        calls = Calls(counting=True)
        assert self.sitepub(*words, calls=calls) == 0, self.told
        return len(calls.made)

    @property
    def told(self) -> str:
        return (self.folder / "told").read_text()

    @property
    def live(self) -> dict[str, Any]:
        """The live site and its state, without what a preview may have."""
        store = CosObjectStore(self.account, f"{self.name}-dev-{self.account.app_id}")
        try:
            site = {one.key: (one.etag, one.modified) for one in store.list()}
        finally:
            store.close()
        prefix = f"{self.name}/dev/{self.name}/"
        return {"site": site, "state": {one.key: one.etag for one in self.states.list(prefix)
                                        if not one.key.startswith(f"{prefix}previews/")}}

    @property
    def left(self) -> list[str]:
        buckets = [one for one in regions_of_buckets(self.account) if one.startswith(f"{self.name}-dev-new")]
        return buckets + [one.key for one in self.states.list(f"{self.name}/dev/{self.name}/previews/")]


@pytest.fixture
def account(local_cloud: LocalCloud) -> Cloud:
    return Cloud(Credentials(local_cloud.secret_id, local_cloud.secret_key), local_cloud.app_id, local_cloud.region,
                 local_cloud.address)


@pytest.mark.parametrize(("what", "how"), [("deploy", "kill"), ("deploy", "lost"), ("remove", "kill"),
                                           ("remove", "error")])
def test_broken_at_any_call_a_preview_can_be_finished_and_removed(
    sitepub: Sitepub, account: Cloud, tmp_path: Path, what: str, how: Break
) -> None:
    states = CosObjectStore(account, f"sitepub-state-{account.region}-{account.app_id}")
    deploy, remove = ("deploy", "--preview", "new"), ("previews", "remove", "new", "--yes")
    bench = Bench.of(sitepub, states, account, tmp_path)
    before = bench.live
    calls = bench.count(*deploy)
    calls = calls if what == "deploy" else bench.count(*remove)
    bench.sitepub(*remove)
    wrong: list[str] = []
    for at in range(0, calls, times(4, quick=9, long=1)):
        if what == "remove":
            assert bench.sitepub(*deploy) == 0, bench.told
        code = bench.broken(*(deploy if what == "deploy" else remove), at=at, how=how)
        place = f"call {at} of {calls}, ended with {code}"
        if bench.live != before:
            wrong.append(f"{place}: the live site is another")
        if at % 2 and what == "deploy" and bench.sitepub(*deploy) != 0:
            wrong.append(f"{place}: not deployed: {bench.told}")
        if bench.sitepub(*remove) != 0 and "there is no preview new" not in bench.told:
            wrong.append(f"{place}: not removed: {bench.told}")
        left = [one for one in bench.left if not one.endswith("/lock")]
        if left:
            wrong.append(f"{place}: {left} stayed")
        if bench.live != before:
            wrong.append(f"{place}: the live site is another afterwards")
        if bench.left:
            assert bench.sitepub("previews", "prune") == 0, bench.told
            wrong += [f"{place}: {one} stayed after prune" for one in bench.left]
    states.close()
    assert not wrong, "\n".join(wrong)
