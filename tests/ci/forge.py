"""A forge for tests: a bare git repository, and the API for comments of GitHub, GitLab, CNB and Gitee in one server."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.conftest import Run

_LISTS = re.compile(r"/(?:repos/(?P<a>[^/]+/[^/]+)/(?:issues|pulls)/(?P<an>\d+)/comments"
                    r"|projects/(?P<b>[^/]+)/merge_requests/(?P<bn>\d+)/notes"
                    r"|(?P<c>[^/]+/[^/]+)/-/pulls/(?P<cn>\d+)/comments)")


@dataclass
class Comments:
    """What the server holds: (repository, number) → comments; and every request that came."""

    address: str = ""
    token: str = "forge-token-0123456789"
    lists: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def bodies(self, repository: str, number: str) -> list[str]:
        return [str(one["body"]) for one in self.lists.get((repository, number), [])]


@contextmanager
def comment_server() -> Iterator[Comments]:
    comments = Comments()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _serve(self) -> None:
            url = urlsplit(self.path)
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            query = parse_qs(url.query)
            comments.asked.append((self.command, url.path))
            tokens = {self.headers.get("Authorization", "").removeprefix("Bearer "), self.headers.get("PRIVATE-TOKEN"),
                      sent.get("access_token"), *query.get("access_token", [])}
            if comments.token not in tokens:
                self._answer(403, {"message": "no"})
                return
            place = _LISTS.fullmatch(url.path)
            if place is not None:
                named = place["a"] or place["b"] or place["c"]
                listed = comments.lists.setdefault((named, place["an"] or place["bn"] or place["cn"]), [])
                if self.command == "POST":
                    listed.append({"id": 1000 + len(comments.asked), "body": sent["body"]})
                    self._answer(201, listed[-1])
                    return
                size = int((query.get("per_page") or query.get("page_size") or ["20"])[0])
                first = (int(query.get("page", ["1"])[0]) - 1) * size
                self._answer(200, listed[first:first + size])
                return
            id = int(url.path.rpartition("/")[2])
            for listed in comments.lists.values():
                for one in listed:
                    if one["id"] == id:
                        one["body"] = sent["body"]
                        self._answer(200, one)
                        return
            self._answer(404, {})

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - the names that http.server calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    comments.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield comments
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass(frozen=True)
class Forge:
    """A bare repository, and machines that check out what is pushed to it."""

    place: Path

    @property
    def bare(self) -> Path:
        return self.place / "forge.git"

    @property
    def work(self) -> Path:
        """The clone of a developer."""
        return self.place / "work"

    def make(self) -> Forge:
        self.place.mkdir(exist_ok=True)
        _git(self.place, "init", "-q", "--bare", "-b", "main", str(self.bare))
        _git(self.place, "clone", "-q", str(self.bare), str(self.work))
        return self

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit to a branch and push it; the commit."""
        known = _git(self.work, "branch", "--list", branch)
        _git(self.work, "checkout", "-q", *([branch] if known else ["-b", branch]))
        for name, text in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        _git(self.work, "add", "-A")
        _git(self.work, "commit", "-q", "--allow-empty", "-m", f"to {branch}")
        _git(self.work, "push", "-q", "origin", branch)
        return _git(self.work, "rev-parse", "HEAD")

    def machine(self, commit: str, name: str) -> Path:
        """A checkout of the commit, as CI systems make one: the commit, and no branch."""
        folder = self.place / name
        _git(self.place, "clone", "-q", "--no-checkout", str(self.bare), str(folder))
        _git(folder, "checkout", "-q", "--detach", commit)
        return folder


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", *words], cwd=folder,
                          check=True, capture_output=True, text=True).stdout.strip()


def bare_shell(script: list[str], folder: Path, environ: Mapping[str, str], *, programs: Path,
               local: bool = True) -> Run:
    """Run the commands in a shell that has nothing but PATH and these variables. ``sitepub`` is this one, and `ci run`
    means the embedded cloud."""
    programs.mkdir(exist_ok=True)
    wrapper = programs / "sitepub"
    option = " --local" if local else ""
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sitepub "$@"{option}\n')
    wrapper.chmod(0o755)
    path = os.pathsep.join([str(programs), "/usr/local/bin", "/usr/bin", "/bin"])
    ran = subprocess.run(["sh", "-e", "-c", "\n".join(script)], cwd=folder, env={"PATH": path, **environ},
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    return Run(ran.returncode, ran.stdout.decode(), ran.stderr.decode())
