"""The scan: from a folder to a snapshot, every published file with its key, hash and headers."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from sitepub.config.project import Project
from sitepub.errors import Problem, SiteError
from sitepub.leaks.cloud_secrets import keys_among, secret_values
from sitepub.leaks.search import SecretSearch
from sitepub.site import secret_files
from sitepub.site.address_rules.rule_files import Applied, RuleFiles
from sitepub.site.build.env_js import env_file
from sitepub.site.build.indexnow_key import key_file
from sitepub.site.hash_cache import HashCache
from sitepub.site.hashed_names import HashedNames, find_hashed_names
from sitepub.site.hashing import Hashed, hash_files
from sitepub.site.headers import HeaderBook
from sitepub.site.ignore import IgnoreRules
from sitepub.site.keys import alias_of, printable
from sitepub.site.many.files import ChangedFiles, PackingFiles
from sitepub.site.snapshot import LeftOut, SiteFile, Snapshot
from sitepub.site.unused import unmatched_blocks, unused_patterns
from sitepub.site.walk import FoundFile, Walked, walk
from sitepub.terminal import secrets as held_secrets

STILL_CHANGING = "StillChanging"
"""Code of the errors that go away once nothing writes to the folder any more."""
_PAGE_HEAD = 1 << 20
"""Bytes of a page that are searched for the names of its scripts and pictures."""
_FEW_NAMES = 100
_WORDS = re.compile(rb"[^\s\"'`()<>\[\]{}=,;:\\/?#&|]+")
"""What may be the last part of an address."""
_VANISHED = os.strerror(errno.ENOENT)


class Watcher(Protocol):
    """Sees what a snapshot is made of."""

    def folder(self, path: str, entries: list[os.DirEntry[str]], at: int) -> None:
        """See ``walk``."""

    def names(self, names: HashedNames) -> None:
        """Which names were found to carry a hash."""


def scan(project: Project, folder: Path, *, cache_file: Path | None = None,
         environ: Mapping[str, str] | None = None, seen: Watcher | None = None) -> Snapshot:
    """Read the folder (see :func:`sitepub.site.folder.publish_folder`) and ``env`` into a snapshot.

    Every file is read once; with ``cache_file`` only those that changed since the last scan. ``environ``
    (the process's own when left out), the project's .env and the credentials that this run holds say which
    secrets must not be published. ``seen`` is
    shown what the snapshot is made of.

    Raises :class:`~sitepub.errors.SiteError`, each time naming all files concerned: names that cannot be
    keys or become the same key, files that cannot be read or change while they are read, files that look
    secret or hold the account's SecretKey, patterns that are not valid. Raises
    :class:`~sitepub.errors.ConfigError` for mistakes in ``headers`` and secrets in ``env``.
    """
    with no_collection():
        return _scan(project, folder.absolute(), cache_file, os.environ if environ is None else environ, seen)


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """A scan makes many objects that all stay: looking for garbage among them costs a third of its time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Scanner:
    """What makes files of a folder out of paths: the project's rules, made ready once.

    Raises :class:`~sitepub.errors.SiteError` and :class:`~sitepub.errors.ConfigError` as :func:`scan`."""

    def __init__(self, project: Project, folder: Path, environ: Mapping[str, str]) -> None:
        self.project = project
        self.folder = folder
        self.rule_files = RuleFiles.read(project, folder)
        self.headers = HeaderBook(project.headers, below=self.rule_files.compiled.stored, index=project.website.index,
                                  without_html=project.website.ignore_html_ext)
        self._secrets = secret_values(environ, project.dotenv)
        secret_files.check_settings(project, self._secrets | held_secrets.held())
        self.env = env_file(project, self.headers, self._secrets | held_secrets.held())
        self.allowed = secret_files.Allowed(project.source.allow_secrets)
        self.rules = IgnoreRules(project, folder)
        self.hashed_names = HashedNames()
        """Of the folder as it was at the last scan."""
        self._search = SecretSearch()

    @property
    def search(self) -> SecretSearch:
        """What files are searched for. Credentials may have come in since the last scan (renewed ones)."""
        wanted = keys_among(self._secrets | held_secrets.held())
        if wanted != self._search.secrets:
            self._search = SecretSearch(wanted)
        return self._search

    def hash_cache(self, file: Path | None) -> HashCache:
        return HashCache(file, self.folder, self.search.marks)

    def site_files(self, walked: Walked, cache: HashCache) -> tuple[Mapping[str, SiteFile], list[Problem]]:
        """What was found, as files to publish by their keys (env.js not among them), and warnings."""
        warnings = list(walked.warnings)
        left_out = self.rule_files.paths
        if not left_out.isdisjoint(walked.paths):
            walked.files = walked.files.only(lambda file: file.path not in left_out)
        env = self.env.key if self.env is not None else None
        if env is not None and any(file.key == env for file in walked.files):
            walked.files = walked.files.only(lambda file: file.key != env)
            warnings.append(Problem(f"{env} of the folder is not published: `env` makes this file",
                                    self.project.source.position))
        _check_walk(self.project, walked)
        search = self.search
        named = secret_files.by_name(walked.files, search.secrets)
        hashed = hash_files(walked.files, cache, search)
        _check_content(hashed)
        secret_files.refuse(self.project, named, hashed, self.allowed)
        return _site_files(self.folder, walked.files, hashed, self.headers, self.hashed_names), warnings

    def apply_rules(self, files: Mapping[str, SiteFile]) -> Applied:
        """What `_redirects` adds to the files of the site, env.js among them; and the key file of IndexNow."""
        key = key_file(self.project)
        applied = self.rule_files.apply(files if key is None else ChangedFiles(files, {key.key: key}))
        return applied if key is None else replace(applied, files={**applied.files, key.key: key})

    def find_hashed_names(self, paths: Iterable[str]) -> HashedNames:
        """``paths``: of all files that are published."""
        return find_hashed_names(paths, self.names_in)

    def names_in(self, path: str, names: Collection[str]) -> set[str]:
        try:
            with (self.folder / path).open("rb") as stream:
                text = stream.read(_PAGE_HEAD)
        except OSError:
            return set()  # hashing reads every file and reports those that cannot be read
        # A few names are looked for one by one; for thousands the words of the page are looked up instead.
        words = text if len(names) <= _FEW_NAMES else set(_WORDS.findall(text))
        return {name for name in names if name.encode(errors="surrogateescape") in words
                or quote(name, errors="surrogateescape").encode() in words}


def _scan(project: Project, folder: Path, cache_file: Path | None, environ: Mapping[str, str],
          seen: Watcher | None) -> Snapshot:
    scanner = Scanner(project, folder, environ)
    walked = walk(project, folder, scanner.rules, seen.folder if seen is not None else None)
    scanner.hashed_names = scanner.find_hashed_names(walked.paths)
    if seen is not None:
        seen.names(scanner.hashed_names)
    files, warnings = scanner.site_files(walked, scanner.hash_cache(cache_file))
    warnings += unused_patterns(project, folder, scanner.rules, scanner.headers, walked)
    warnings += unmatched_blocks(scanner.headers)
    if scanner.env is not None:
        files = ChangedFiles(files, {scanner.env.key: scanner.env})
    applied = scanner.apply_rules(files)
    if applied.files:
        files = ChangedFiles(files, applied.files)
    return Snapshot(files, folder, (*warnings, *applied.warnings), in_order(walked.left_out), walked.newest,
                    rules=applied.rules)


def in_order(left_out: Mapping[str, LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(left_out[path] for path in sorted(left_out))


def _site_files(folder: Path, found: Iterable[FoundFile], hashed: Hashed, headers: HeaderBook,
                names: HashedNames) -> Mapping[str, SiteFile]:
    root = os.path.join(folder, "")  # noqa: PTH118 - with a separator at its end
    packing = PackingFiles(root)
    aliases: dict[str, SiteFile | None] = {}
    for file, (md5, size, charset, large, filled) in zip(found, hashed.files, strict=True):
        path, key, full_path = file.path, file.key, file.full_path
        try:
            made = headers.of(path, file.name, hashed=path in names, charset=charset, full_path=full_path)
        except OSError as error:
            raise _site_error("cannot be read", {path: error.strerror or str(error)}) from None
        packing.add(key, size, md5, made, full_path.removeprefix(root), large, filled=filled)
        alias = alias_of(key, path)
        if alias is not None:
            stamp, crc = (None, None) if large is None else large
            aliases[alias] = SiteFile(alias, size, md5.hex(), *made, Path(full_path), stamp=stamp, crc=crc)
    files = packing.done()
    aliases = {key: file for key, file in aliases.items() if key not in files}
    return ChangedFiles(files, aliases) if aliases else files


def _check_walk(project: Project, walked: Walked) -> None:
    source = project.source
    if project.website.index in walked.excluded:
        raise SiteError(f"src.exclude or .sitepubignore leave out the index document {project.website.index}",
                        hint="the website would answer 404 at its address", position=source.position)
    if (left := walked.left_out.get(project.website.index)) is not None:
        raise SiteError(f"the index document {left.path} is {left.what}: not published", code="MissingIndex",
                        hint=f"`{left.option}` publishes it" if left.option else None, position=source.position)
    if walked.unreadable:
        vanished = all(reason == _VANISHED for reason in walked.unreadable.values())
        raise _site_error("cannot be read", walked.unreadable, code=STILL_CHANGING if vanished else None)
    problems = list(walked.names)
    other: FoundFile | None = None
    for file in walked.files if walked.composed else ():
        if other is None or file.key != other.key:
            other = file
        else:
            problems.append(Problem(
                f"{other.path!a} and {file.path!a} are the same name once accents are composed (NFC), "
                f"and would both be {printable(file.key)}"))
    if problems:
        rename = "rename them"
        if any("; in GBK it is " in problem.message for problem in problems):
            rename += " (`convmv -f gbk -t utf-8 -r --notest FOLDER` does it for GBK)"
        raise SiteError("some names cannot be published" if len(problems) > 1 else problems[0].message,
                        problems=problems, code="InvalidNames",
                        hint=f"{rename}, or leave them out with src.exclude")


def _check_content(hashed: Hashed) -> None:
    if hashed.unreadable:
        raise _site_error("cannot be read", hashed.unreadable)
    if hashed.changing:
        raise _site_error("changed while it was read", dict.fromkeys(hashed.changing, ""), code=STILL_CHANGING,
                          hint="wait until what writes it has finished")


def _site_error(what: str, reasons: Mapping[str, str], hint: str | None = None,
                code: str | None = None) -> SiteError:
    """One error for all files with the same trouble; ``reasons``: path → why, "" for nothing to add."""
    problems = [Problem(f"{printable(path)} {what}" + (f": {reason}" if reason else ""))
                for path, reason in sorted(reasons.items())]
    message = problems[0].message if len(problems) == 1 else f"{len(problems)} files: {problems[0].message} …"
    return SiteError(message, problems=problems, hint=hint, code=code)
