"""The git commit that a site was built from, for the release record.

A repository's own settings name programs that git runs: ``core.fsmonitor``, filters, ``gpg.program``, hooks,
and more with every version. So git never sees them: what it is asked is asked in an empty repository of our own
that borrows the objects and the index.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sitepub.config.programs import find_program, quiet_environment
from sitepub.config.repository.git_folder import OBJECT_LIMIT, GitFolder, find_git_folder
from sitepub.config.small_file import read_small
from sitepub.interrupts import held_back

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PATIENCE = 10
"""Seconds that git may take."""
_LONGEST_SUBJECT = 500
_SAFE = (
    "core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.pager=cat", "core.editor=false",
    "core.sshCommand=false", "core.askPass=false", "core.gitProxy=false", "credential.helper=", "diff.external=",
    "protocol.allow=never", "submodule.recurse=false", "log.showSignature=false", "gc.auto=0", "maintenance.auto=false",
)
"""What stands in the settings of the user and the system does not run either."""
_PLAIN = ("autocrlf", "checkstat", "eol", "filemode", "ignorecase", "precomposeunicode", "sparsecheckout",
          "sparsecheckoutcone", "symlinks", "trustctime")
"""Settings of the repository (core.…) that say how files are compared, all of them words."""
_SETTING = re.compile(r"([A-Za-z]{1,30})\s{0,30}=\s{0,30}([A-Za-z]{1,12})")


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    """40 (or 64) hex digits, with ``+`` behind it when files below the folder differ from the commit."""
    subject: str


def commit_of(folder: Path, environ: Mapping[str, str] | None = None) -> Commit | None:
    """The commit checked out in ``folder``; ``None`` outside a repository, before its first commit, and in a
    repository of another user that ``safe.directory`` does not name. Without git, files are taken as unchanged."""
    environ = os.environ if environ is None else environ
    found = trusted_folder(folder, environ)
    if found is None:
        return None
    git = _Git(found, environ)
    head = found.head() or git.head()
    if head is None:
        return None
    text = found.loose_commit(head)
    with tempfile.TemporaryDirectory(prefix="sitepub-git-", ignore_cleanup_errors=True) as place:
        if not git.borrow(Path(place), head):
            return Commit(head, _subject(text or b""))
        if text is None:
            text = git.ask("cat-file", "commit", head)
        changed = git.ask("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames",
                          "--", str(folder.resolve()))
    return Commit(head + ("+" if changed else ""), _subject(text or b""))


def branch_of(folder: Path, environ: Mapping[str, str] | None = None) -> str | None:
    """The branch that is checked out; ``None`` outside a repository, and where a commit itself is checked out."""
    environ = os.environ if environ is None else environ
    found = trusted_folder(folder, environ)
    return found.branch() if found is not None else None


def tag_of(folder: Path, environ: Mapping[str, str] | None = None) -> str | None:
    """The tag that names the commit checked out; of several the last in the order of versions (v1.10 after v1.9).
    ``None`` without one, without git, and where references are not kept in files."""
    environ = os.environ if environ is None else environ
    found = trusted_folder(folder, environ)
    head = found.head() if found is not None else None
    if found is None or head is None or not (tags := found.tags()):
        return None
    git = _Git(found, environ)
    with tempfile.TemporaryDirectory(prefix="sitepub-git-", ignore_cleanup_errors=True) as place:
        if not git.borrow(Path(place), head):
            return None
        # A reference that is written this way need not be sorted, nor say what an annotated tag leads to.
        Path(place, "packed-refs").write_text(
            "# pack-refs with:\n" + "".join(f"{id} refs/tags/{name}\n" for name, id in sorted(tags.items())),
            encoding="utf-8", newline="\n")
        named = git.ask("tag", "--points-at", head, "--sort=version:refname").decode("utf-8", "replace")
    lines = named.splitlines()
    return lines[-1] if lines else None


def has_commit(folder: Path, commit: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether the repository that ``folder`` lies in knows a commit. Runs nothing of the repository's either."""
    environ = os.environ if environ is None else environ
    found = trusted_folder(folder, environ)
    if found is None or not _ID.fullmatch(commit):
        return False
    if found.loose_commit(commit) is not None:
        return True
    git = _Git(found, environ)
    with tempfile.TemporaryDirectory(prefix="sitepub-git-", ignore_cleanup_errors=True) as place:
        return git.borrow(Path(place), commit) and git.ask("cat-file", "-t", commit).strip() == b"commit"


def trusted_folder(folder: Path, environ: Mapping[str, str]) -> GitFolder | None:
    """The repository that a folder lies in, if git would use it."""
    return find_git_folder(folder, lambda places: _is_trusted(places, environ))


def is_ancestor(folder: Path, commit: str, of: str, environ: Mapping[str, str] | None = None) -> bool | None:
    """Whether one commit comes before another in the history; ``None``: git does not know, because a commit is not in
    this repository, the history is cut off (a shallow clone), or there is no git."""
    environ = os.environ if environ is None else environ
    found = trusted_folder(folder, environ)
    if found is None or not _ID.fullmatch(commit) or not _ID.fullmatch(of):
        return None
    git = _Git(found, environ)
    with tempfile.TemporaryDirectory(prefix="sitepub-git-", ignore_cleanup_errors=True) as place:
        if not git.borrow(Path(place), commit) or not all(
                git.ask("cat-file", "-t", one).strip() == b"commit" for one in (commit, of)):
            return None
        status = git.status("merge-base", "--is-ancestor", commit, of)
    if status == 0:
        return True
    # Some versions of git answer 1 where history is cut off, too.
    cut = (found.common / "shallow").exists()
    return False if status == 1 and not cut else None


class _Git:
    """git, in a repository of our own that knows the objects and the index of another."""

    def __init__(self, repository: GitFolder, environ: Mapping[str, str]) -> None:
        self._repository = repository
        self._program = find_program("git", environ, not_below=repository.root)
        self._environ = {
            **quiet_environment(environ, not_below=repository.root),
            **{name: environ[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
               if name in environ},
            "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_PAGER": "cat",
            "GIT_ALLOW_PROTOCOL": "", "GIT_NO_REPLACE_OBJECTS": "1"}

    def head(self) -> str | None:
        """Where references are not kept in files (reftable): asks git, in a way that runs nothing."""
        if self._program is None or not (self._repository.common / "reftable").is_dir():
            return None
        answer = self._run([f"--git-dir={self._repository.own}", "rev-parse", "--verify", "-q", "HEAD^{commit}"],
                           Path(self._repository.root.anchor), {})
        word = answer.decode("ascii", "replace").strip()
        return word if _ID.fullmatch(word) else None

    def borrow(self, place: Path, head: str) -> bool:
        """Make the repository; False when there is no git."""
        if self._program is None:
            return False
        own = self._repository.own
        (place / "objects").mkdir()
        (place / "refs").mkdir()
        (place / "info").mkdir()
        (place / "HEAD").write_text(head + "\n", encoding="ascii")
        sha256 = len(head) == 64
        settings = ["[extensions]\nobjectFormat = sha256\n"] if sha256 else []
        settings += [f"[core]\nrepositoryformatversion = {int(sha256)}\nbare = false\n"]
        settings += [f"{name} = {value}\n" for name, value in self._plain_settings().items()]
        (place / "config").write_text("".join(settings), encoding="ascii")
        try:
            for shared in list(own.glob("sharedindex.*"))[:4]:
                shutil.copyfile(shared, place / shared.name)
            if (own / "info" / "sparse-checkout").is_file():
                shutil.copyfile(own / "info" / "sparse-checkout", place / "info" / "sparse-checkout")
        except OSError:
            return False
        self._environ |= {
            "GIT_DIR": str(place), "GIT_WORK_TREE": str(self._repository.root), "GIT_INDEX_FILE": str(own / "index"),
            "GIT_OBJECT_DIRECTORY": str(self._repository.common / "objects")}
        return True

    def ask(self, *arguments: str) -> bytes:
        return self._run(list(arguments), self._repository.root, self._environ)

    def status(self, *arguments: str) -> int | None:
        """Its exit status; ``None`` when it takes too long or cannot be run."""
        return bounded_run(self._words(list(arguments)), self._repository.root, self._environ)[0]

    def _plain_settings(self) -> dict[str, str]:
        """The repository's settings that are mere words, as git writes them."""
        try:
            lines = read_small(self._repository.common / "config").decode("utf-8", "replace").splitlines()
        except OSError:
            return {}
        found: dict[str, str] = {}
        section = ""
        for line in map(str.strip, lines):
            if line.startswith("["):
                section = line.lower()
            elif section == "[core]" and (setting := _SETTING.fullmatch(line)) and setting[1].lower() in _PLAIN:
                found[setting[1].lower()] = setting[2]
        return found

    def _run(self, arguments: list[str], folder: Path, environ: Mapping[str, str]) -> bytes:
        """What it prints, b"" when it fails, takes too long or says too much."""
        return bounded_output(self._words(arguments), folder, {**self._environ, **environ})

    def _words(self, arguments: list[str]) -> list[str]:
        assert self._program is not None
        return [self._program, "--no-pager", *(word for each in _SAFE for word in ("-c", each)), *arguments]


def bounded_output(words: list[str], folder: Path, environ: Mapping[str, str], *, limit: int = OBJECT_LIMIT,
                   patience: float = _PATIENCE) -> bytes:
    """What a program prints; b"" when it fails, takes longer than ``patience`` seconds, or prints more."""
    status, said = bounded_run(words, folder, environ, limit=limit, patience=patience)
    return said if status == 0 else b""


def bounded_run(words: list[str], folder: Path, environ: Mapping[str, str], *, limit: int = OBJECT_LIMIT,
                patience: float = _PATIENCE) -> tuple[int | None, bytes]:
    """The exit status of a program and what it prints; ``None`` when it cannot be run, takes longer than ``patience``
    seconds, or prints more."""
    process = None
    timer = threading.Timer(patience, lambda: process.kill() if process is not None else None)
    try:
        with held_back():
            try:
                process = subprocess.Popen(words, cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except (OSError, ValueError):
                return None, b""
        timer.start()
        assert process.stdout is not None
        with process.stdout as stream:
            said = stream.read(limit + 1)
        if len(said) > limit:
            process.kill()
        status = process.wait()
        return (status, said) if status >= 0 else (None, b"")
    finally:
        timer.cancel()
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()


def _subject(text: bytes) -> str:
    """The first paragraph of a commit's message as one line, in the encoding that the commit names."""
    head, _, message = text.partition(b"\n\n")
    named = re.search(rb"^encoding ([A-Za-z0-9._-]{1,40})$", head, re.MULTILINE)
    shown = _decoded(message, named[1].decode("ascii") if named is not None else "utf-8")
    paragraph = shown.lstrip("\n").partition("\n\n")[0]
    return " ".join(line.strip() for line in paragraph.splitlines()).strip()[:_LONGEST_SUBJECT]


def _decoded(text: bytes, encoding: str) -> str:
    try:
        codecs.lookup(encoding)
        return text.decode(encoding, "replace")
    except (LookupError, ValueError):
        return text.decode("utf-8", "replace")


def _is_trusted(places: tuple[Path, ...], environ: Mapping[str, str]) -> bool:
    """git's rule (safe.directory in git-config(1)): made by this user, or by who called sudo, or named by the user.
    Windows shows no owner here; there nothing of the repository is run either."""
    geteuid = getattr(os, "geteuid", None)
    if geteuid is None:
        return True
    me = geteuid()
    mine = {me}
    if me == 0 and environ.get("SUDO_UID", "").isdecimal():
        mine.add(int(environ["SUDO_UID"][:9]))
    return all(place.stat().st_uid in mine for place in places) or _is_named_safe(places[0], environ)


def _is_named_safe(root: Path, environ: Mapping[str, str]) -> bool:
    program = find_program("git", environ, not_below=root)
    if program is None:
        return False
    kept = {name: environ[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
            if name in environ}
    quiet = {**quiet_environment(environ, not_below=root), **kept}
    named: list[str] = []
    for scope in ("--system", "--global"):
        listed = bounded_output([program, "config", scope, "--includes", "-z", "--type=path", "--get-all",
                                 "safe.directory"], Path(root.anchor), quiet)
        for word in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            named = [*named, word] if word else []
    return "*" in named or any(os.path.normpath(word) == str(root) or (
        word.endswith("/*") and root.is_relative_to(word[:-2])) for word in named)
