"""Secrets stay where they are: after every command neither bucket, nor the screen, nor the hook, nor what sitepub keeps
on this computer holds one, in any of the usual encodings."""

from __future__ import annotations

import base64
import gzip
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos.object_store import CosObjectStore
from tests.conftest import LocalCloud
from tests.domains.account import Account
from tests.domains.openssl import Authority, needs_openssl
from tests.e2e.conftest import MakeSite, Sitepub
from tests.publish.test_publish_git import git

SECRETS = {
    "key of the environment": "EnvironmentKey0123456789abcdefgh",
    "token of the environment": "EnvironmentToken" + "t" * 40,
    "key of .env": "DotenvKey0123456789abcdefghijklm",
    "key under a name of its own": "OwnNameKey0123456789abcdefghijkl",
    "password of the git remote": "RemotePassword0123456789",
}
COMMANDS = ("plan --local --debug", "deploy --local --debug", "deploy --local --json --verify", "info --local",
            "info --local --json", "certs --local", "doctor --local", "whoami --local", "purge /index.html --local")


def spelled(secrets: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    for name, value in secrets.items():
        yield name, value.encode()
        yield f"{name}, in base64", base64.b64encode(value.encode())[:-4]


def objects(cloud: LocalCloud, bucket: str) -> Iterator[tuple[str, bytes]]:
    """Everything in a bucket, unpacked."""
    there = Cloud(Credentials(cloud.secret_id, cloud.secret_key), cloud.app_id, cloud.region, cloud.address)
    store = CosObjectStore(there, bucket)
    try:
        for listed in store.list():
            fetched = store.get(listed.key)
            data = gzip.decompress(fetched.data) if fetched.data.startswith(b"\x1f\x8b") else fetched.data
            yield f"{bucket}/{listed.key}", data + repr(dict(fetched.headers)).encode()
    finally:
        store.close()


def kept(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()


@needs_openssl
def test_no_secret_reaches_a_bucket_the_screen_the_hook_or_the_caches(
        sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud, home: Path, tmp_path: Path) -> None:
    zone = f"secrets-{os.getpid()}.com"
    Account(local_cloud).zone(zone)
    (tmp_path / "ca").mkdir()
    authority = Authority(tmp_path / "ca")
    pair = authority.leaf("www", f"www.{zone}")
    site = make_site("secrets-stay", state={"bucket": "secrets-stay-state"}, env={"API": "https://api.example.com"})
    (site.folder / "www.pem").write_text(authority.chain(pair))
    (site.folder / "www.key").write_text(pair.key_pem)
    hook = "mkdir -p dist && env > seen && env && cp src/* dist/ 2>/dev/null || true"
    site.configure(src={"src": "./", "hook": hook, "dist": "./dist", "error": "error.html"},
                   hosts=[{"host": f"www.{zone}", "https": {
                       "certInfo": {"certificate": "./www.pem", "privateKey": "./www.key"}}}])
    (site.folder / ".env").write_text(f"TENCENT_SECRET_ID=AKID{'d' * 32}\n"
                                      f"TENCENT_SECRET_KEY={SECRETS['key of .env']}\n")
    git(site.folder, "init", "-q")
    git(site.folder, "add", "src")
    git(site.folder, "commit", "-qm", "The site")
    git(site.folder, "remote", "add", "origin",
        f"https://me:{SECRETS['password of the git remote']}@git.example.com/me/site.git")
    extra = {"TENCENTCLOUD_SECRET_ID": "AKID" + "e" * 32,
             "TENCENTCLOUD_SECRET_KEY": SECRETS["key of the environment"],
             "TENCENTCLOUD_TOKEN": SECRETS["token of the environment"],
             "MY_SECRET_ID": "AKID" + "o" * 32, "MY_SECRET_KEY": SECRETS["key under a name of its own"]}
    secrets = {**SECRETS, "key of the embedded account": local_cloud.secret_key,
               "private key of the host": pair.key_pem.splitlines()[3]}
    printed: list[tuple[str, bytes]] = []
    for words in COMMANDS:
        run = sitepub(*words.split(), cwd=site.folder, **extra)
        assert run.code == 0, (words, run.err)
        printed.append((words, (run.out + run.err).encode()))
    buckets = [f"secrets-stay-dev-{local_cloud.app_id}", f"secrets-stay-state-{local_cloud.app_id}"]
    there = list(itertools.chain.from_iterable(objects(local_cloud, bucket) for bucket in buckets))
    assert len(there) > 5
    seen = site.folder / "seen"
    assert "STAGE=dev" in seen.read_text(), "the hook wrote down its environment"
    removed = sitepub("remove", "--local", "--yes", "--debug", cwd=site.folder, **extra)
    assert removed.code == 0, removed.err
    printed.append(("remove", (removed.out + removed.err).encode()))
    places = [*printed, *there, ("the hook's environment", seen.read_bytes()), *kept(home)]
    found = [f"{name}: {place}" for place, data in places for name, secret in spelled(secrets) if secret in data]
    assert found == []
