"""A repository in which everything that git can be made to run is named, and leaves a mark when it runs."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

COMMANDS = (
    "core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.gitProxy",
    "core.alternateRefsCommand", "sequence.editor", "gpg.program", "gpg.openpgp.program", "gpg.x509.program",
    "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "credential.helper", "diff.external", "interactive.diffFilter",
    "pager.status", "pager.log", "pager.show", "pager.diff", "pager.config", "pager.rev-parse", "pager.cat-file",
    "alias.status", "alias.log", "alias.rev-parse", "alias.cat-file", "filter.trap.clean", "filter.trap.smudge",
    "filter.trap.process", "diff.trap.textconv", "diff.trap.command", "merge.trap.driver", "difftool.trap.cmd",
    "mergetool.trap.cmd", "browser.trap.cmd", "man.trap.cmd", "guitool.trap.cmd", "trailer.trap.command",
    "trailer.trap.cmd", "sendemail.smtpServer", "sendemail.toCmd", "sendemail.headerCmd", "uploadpack.packObjectsHook",
    "remote.origin.uploadpack", "remote.origin.receivepack", "submodule.trap.update", "tar.trap.command",
    "instaweb.httpd", "instaweb.browser", "imap.tunnel", "web.browser", "gc.recentObjectsHook", "hook.trap.command",
)
"""Settings that name a program: git-config(1) and the pages it refers to."""
SWITCHES = {
    "log.showSignature": "true", "diff.trap.binary": "false", "filter.trap.required": "true",
    "core.untrackedCache": "true",
    "index.threads": "true", "remote.origin.promisor": "true",
    "remote.origin.url": "ext::{trap} remote.ext", "remote.origin.partialclonefilter": "blob:none",
    "protocol.allow": "always", "protocol.ext.allow": "always", "diff.tool": "trap", "status.submoduleSummary": "true",
    "diff.submodule": "log", "submodule.recurse": "true", "maintenance.auto": "true", "gc.auto": "1",
    "core.attributesFile": ".trapattributes", "hook.trap.event": "post-index-change",
    "commit.gpgSign": "true", "color.pager": "true", "core.hooksPath": ".git/traphooks",
}
HOOKS = ("post-index-change", "fsmonitor-watchman", "query-watchman", "reference-transaction", "pre-auto-gc",
         "post-checkout", "pre-commit", "post-commit", "post-merge", "pre-push", "sendemail-validate")
PROGRAMS = ("git", "git.exe", "ps", "cat", "sh", "node", "npm", "less", "true", "false", "ssh", "gpg")


@dataclass(frozen=True)
class Trap:
    """A program that leaves a line in a file, with its reason to run."""

    place: Path

    def __post_init__(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        self.write(self.place / "trap", "")

    def write(self, file: Path, reason: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\n{{ echo "{reason}$1"; /usr/bin/env | /bin/grep -c SecretKeyOfATest; }} '
                        f'>>"{self.place}/sprung"\nexit 1\n', encoding="utf-8")
        file.chmod(0o755)

    def command(self, reason: str) -> str:
        return f"{self.place / 'trap'} {reason}"

    def sprung(self) -> list[str]:
        file = self.place / "sprung"
        return file.read_text().split() if file.exists() else []

    def reset(self) -> None:
        (self.place / "sprung").unlink(missing_ok=True)

    def runs_under(self, root: Path) -> list[str]:
        """What git runs when it is asked in the plain way."""
        for file in root.iterdir():
            if file.is_file():
                os.utime(file, (1, 1))  # git has to read it, and so to filter it, whatever the index says of its time
        quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for words in (("log", "-1", "--format=%H"), ("status", "--porcelain")):
            subprocess.run(["git", *words], cwd=root, env=quiet, capture_output=True, check=False, timeout=30)
        return self.sprung()


def make_hostile(root: Path, trap: Trap) -> None:
    """Turn a real repository into a hostile one. Its HEAD stays where it is; a tracked file is changed."""
    values = {name: trap.command(name) for name in COMMANDS}
    values |= {name: value.format(trap=trap.place / "trap") for name, value in SWITCHES.items()}
    settings = [_setting(name, value) for name, value in values.items()]
    # Half of it stands in a file that is included.
    config = root / ".git" / "config"
    config.write_text("\n".join([config.read_text(), *settings[::2], "[include]\n\tpath = included\n"]))
    (root / ".git" / "included").write_text("\n".join(settings[1::2]) + "\n")
    for hook in HOOKS:
        trap.write(root / ".git" / "hooks" / hook, f"hook-{hook}")
        trap.write(root / ".git" / "traphooks" / hook, f"hook-{hook}")
    attributes = "* filter=trap diff=trap merge=trap\n"
    for file in (".gitattributes", ".trapattributes", ".git/info/attributes"):
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(attributes)
    for name in PROGRAMS:
        trap.write(root / name, f"program-{name}")
        trap.write(root / "bin" / name, f"program-{name}")
    tracked = next(path for path in root.iterdir() if path.suffix == ".html")
    tracked.write_text("changed since the commit")


def _setting(name: str, value: str) -> str:
    section, _, key = name.rpartition(".")
    first, _, rest = section.partition(".")
    header = f'[{first} "{rest}"]' if rest else f"[{first}]"
    return f'{header}\n\t{key} = "{value}"'
