"""``sitepub ci``: what a run of a CI system does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from sitepub.cli.commands.ci_role import role
from sitepub.cli.options import Run, command, group
from sitepub.errors import Interrupted, Position, Problem, SitepubError, UsageError
from sitepub.terminal.sizes import counted

if TYPE_CHECKING:
    from sitepub.actions.ci.run import CiDone
    from sitepub.ci.markdown import Ran, SiteRun
    from sitepub.cli.ci_terminal import CiTerminal
    from sitepub.config.project import Project


_LONGEST_OUTPUT = 400_000
"""Characters of the output ``json``."""


@command(project=True)
@click.option("--command", "words", metavar="TEXT", default="",
              help="Run this command of sitepub, such as \"plan --verify\", instead of what the event asks for.")
@click.option("--closed", is_flag=True, help="The request is merged or closed: take its preview down.")
@click.option("--no-comment", is_flag=True, help="Do not comment on the request.")
def run(run: Run, words: str, closed: bool, no_comment: bool) -> int:
    """Do what the event that started this run of CI asks for.

    A push: deploy to the stage of the branch. A pull or merge request: build, plan, check, a preview where one is
    configured, and one comment that is kept up to date. A closed request: its preview goes. Writes the outputs and the
    summary of the job where the system has them.
    """
    from sitepub.actions.ci.run import CiOptions, run_ci, run_here
    from sitepub.ci.log_words import words_for
    from sitepub.cli.ci_terminal import CiTerminal

    here = run_here(run.environ)
    log_words = words_for(here.system, run.environ, Path.cwd())
    terminal = CiTerminal(run.terminal.stderr, run.environ, log_words)
    terminal.quiet, terminal.debug = run.terminal.quiet, run.terminal.debug
    shared = [*(["--local"] if run.local else []), *(["--profile", run.profile] if run.profile else []),
              *(word for one in run.inputs for word in ("--inputs", one))]
    options = CiOptions(_words(words), tuple(shared), run.stage, run.inputs, run.local, run.profile, closed)
    commands = _Commands(terminal, run)
    with terminal.masking():
        try:
            done = run_ci(run.folder, options, run.environ, commands.run, commands.build, commands.failed)
        except SitepubError as error:
            terminal.annotate_error(error)
            raise
        _show(run, done)
        _write_files(run.environ, done)
        if done.run.request is not None and not no_comment:
            _comment(run, terminal, done)
    if run.terminal.wants_json:
        run.terminal.json(_object(done))
    return done.code


ci = group("ci", "Run in CI.", [run, role])


def _words(text: str) -> tuple[str, ...]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--command: {error}") from None
    words = words[1:] if words[:1] == ["sitepub"] else words
    if words[:1] == ["ci"]:
        raise UsageError("--command names a command of sitepub, and not `ci`, which is running already.")
    return tuple(words)


class _Commands:
    """Runs command lines in this process, as the terminal of a CI system shows them."""

    def __init__(self, terminal: CiTerminal, run: Run) -> None:
        self._terminal = terminal
        self._run = run

    def run(self, words: Sequence[str]) -> Ran:
        from sitepub.ci.markdown import Ran
        from sitepub.cli.main import run as run_line

        terminal = self._terminal
        terminal.kept.seek(0)
        terminal.kept.truncate()
        terminal.note(f"$ sitepub {shlex.join(words)}")
        terminal.wants_json = True
        code = run_line([*words, "--json"], terminal)
        terminal.close()
        if code == Interrupted.exit_code:
            raise Interrupted("Interrupted.")
        result = _last_object(terminal.kept.getvalue())
        self._annotate(result)
        return Ran(words[0], code, result)

    def build(self, project: Project) -> Ran:
        """Build alone: for a run without keys."""
        from sitepub.actions.build import build
        from sitepub.ci.markdown import Ran
        from sitepub.cli.story import Story

        terminal, story = self._terminal, Story(self._terminal)
        try:
            snapshot = build(project, run_the_hook=True, environ=self._run.environ, output=story.hook_line)
        except Interrupted:
            raise
        except SitepubError as error:
            return replace(self.failed(error), command="build")
        finally:
            terminal.close()
        for warning in snapshot.warnings:
            terminal.warn(warning)
        return Ran("build", 0, {"status": "built", "files": len(snapshot), "bytes": snapshot.total_bytes})

    def failed(self, error: SitepubError) -> Ran:
        from sitepub.ci.markdown import Ran
        from sitepub.cli import boundary

        self._terminal.annotate_error(error)
        return Ran("run", boundary.tell(self._terminal, error), boundary.error_object(error))

    def _annotate(self, result: Mapping[str, Any]) -> None:
        for one in [result, *(result.get("projects") or ())]:
            error = one.get("error") if isinstance(one, dict) else None
            if not isinstance(error, dict):
                continue
            for problem in error.get("problems") or [error]:
                position = Position(problem["file"], problem.get("line"), problem.get("column")) if problem.get(
                    "file") else None
                self._terminal.annotate("error", Problem(str(problem.get("message")), position, problem.get("hint")))


def _last_object(printed: str) -> dict[str, Any]:
    for line in reversed(printed.splitlines()):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _show(run: Run, done: CiDone) -> None:
    """The result for people who read the log."""
    from sitepub.terminal.messages import visible

    for site in done.sites:
        stage = f", stage {site.stage}" if site.stage is not None else ""
        run.terminal.result(visible(f"{site.name}{stage}"))
        for one in site.ran:
            status = "failed" if one.code else str(one.result.get("status", "done"))
            address = one.result.get("url") if one.command in ("deploy", "preview") else None
            run.terminal.result(visible(f"  {one.command}: {status}{f', {address}' if address else ''}{_numbers(one)}"))
        for note in site.notes:
            run.terminal.result(visible(f"  {note}"))


def _numbers(one: Ran) -> str:
    changes = one.result.get("changes")
    if isinstance(changes, dict):
        return "; " + ", ".join(f"{number:,} {what}" for what, number in changes.items() if number)
    return f"; {counted(one.result['files'], 'file')}" if isinstance(one.result.get("files"), int) else ""


def _outputs(site: SiteRun | None) -> dict[str, str]:
    """The outputs of the action: of the last command that published, or planned."""
    ran = [one for one in site.ran if one.command not in ("check", "removal")] if site is not None else []
    result: Mapping[str, Any] = ran[-1].result if ran else {}
    changes = result.get("changes")
    changed = result.get("changed") is True or (isinstance(changes, dict) and any(
        changes.get(key) for key in ("uploaded", "copied", "headers", "deleted")))
    return {"url": str(result.get("url") or ""), "release": str(result.get("release") or ""),
            "changed": "true" if changed else "false"}


def _object(done: CiDone) -> dict[str, object]:
    run = done.run
    return {
        "version": 1, "action": "ci", "status": "error" if done.code else "ok", "system": run.system,
        "branch": run.branch, "tag": run.tag, "commit": run.commit, "actor": run.actor, "where": run.where,
        "request": run.request.number if run.request is not None else None,
        **_outputs(done.sites[-1] if done.sites else None),
        "sites": [{"folder": site.folder, "app": site.app, "name": site.name, "stage": site.stage,
                   "notes": list(site.notes), "commands": [
                       {"command": one.command, "code": one.code, "result": one.result} for one in site.ran]}
                  for site in done.sites]}


def _write_files(environ: Mapping[str, str], done: CiDone) -> None:
    """The outputs and the summary of the job (GitHub, Gitea, Forgejo)."""
    from sitepub.ci.markdown import summary
    from sitepub.terminal.secrets import scrub, scrub_value

    if output := environ.get("GITHUB_OUTPUT"):
        values = {**_outputs(done.sites[-1] if done.sites else None),
                  "json": _bounded(scrub_value(_object(done)))}
        mark = f"end-{uuid4().hex}"
        _append(output, "".join(f"{name}<<{mark}\n{value}\n{mark}\n" for name, value in values.items()))
    if page := environ.get("GITHUB_STEP_SUMMARY"):
        _append(page, scrub(summary(done.sites, done.run)))


def _bounded(value: dict[str, Any]) -> str:
    """GitHub takes outputs of 1 MB in UTF-16: of more, the long lists are left out."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _LONGEST_OUTPUT:
        return text
    for site in value["sites"]:
        for one in site["commands"]:
            one["result"] = {name: len(part) if isinstance(part, list) else part
                             for name, part in one["result"].items()}
    return json.dumps({**value, "shortened": True}, ensure_ascii=False)[:_LONGEST_OUTPUT]


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def _with_repository(run: Run) -> Mapping[str, str]:
    """Gitee says the name of the repository alone; its owner stands in the address that it was cloned from."""
    name = run.environ.get("GITEE_REPO", "")
    if not name or "/" in name:
        return run.environ
    from sitepub.config.repository.git_folder import find_git_folder
    from sitepub.publish.project.git_remote import remote_of

    found = find_git_folder(run.folder, lambda _places: True)
    remote = remote_of(found) if found is not None else ""
    return {**run.environ, "GITEE_REPO": remote.removeprefix("gitee.com/")} if remote.startswith("gitee.com/") else (
        run.environ)


def _comment(run: Run, terminal: CiTerminal, done: CiDone) -> None:
    """A comment that cannot be written is a note: what was to be done is done."""
    from sitepub.ci.forge import TOKENS, ForgeError, forge_of, write_comment
    from sitepub.ci.markdown import comment, marker
    from sitepub.terminal.secrets import register, scrub

    register(*(run.environ.get(name) for name in TOKENS.values()))
    forge = forge_of(done.run, _with_repository(run))
    if isinstance(forge, str):
        terminal.note(f"No comment was written: {forge}.")
        return
    for site in done.sites:
        try:
            how = write_comment(forge, marker(site), scrub(comment(site, done.run)))
        except ForgeError as error:
            terminal.note(f"No comment was written: {error}.")
            return
        terminal.note(f"The comment at the request was {how}.")
