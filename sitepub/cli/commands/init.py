"""``sitepub init``: start a site, or set up the one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command
from sitepub.errors import UsageError
from sitepub.terminal.messages import visible
from sitepub.terminal.sizes import counted

if TYPE_CHECKING:
    from sitepub.actions.init import InitOutcome
    from sitepub.site.detect.framework import Framework
    from sitepub.terminal.terminal import Terminal


@command()
@click.argument("template", required=False)
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--list", "list_", is_flag=True, help="Show the templates.")
@click.option("--ci", "systems", metavar="SYSTEM...", multiple=True,
              help="Write the workflow for github, gitlab, cnb, gitee or jenkins, or for several: --ci github gitlab.")
@click.option("--from", "settings", metavar="FILE", help=(
    "Take over the settings of netlify.toml, vercel.json or another publisher's file."))
@click.option("--hexo-deployer", is_flag=True, help="In a Hexo blog: let `hexo deploy` publish with sitepub.")
@click.option("--deploy-script", is_flag=True, help='Add "deploy": "sitepub deploy" to package.json.')
@click.option("--print", "print_", is_flag=True, help="With --ci: show the files and write none.")
def init(run: Run, template: str | None, directory: str | None, list_: bool, systems: tuple[str, ...],
         settings: str | None, hexo_deployer: bool, deploy_script: bool, print_: bool) -> None:
    """Start a site from a template, or set up the one in this folder.

    With a TEMPLATE (`hexo` or `hexo-starter`): copies it to DIR (a folder of the template's name when left out)
    and overwrites nothing; a README.md that is there stays, and .gitignore gets the lines that it lacks. Without:
    recognises the project in this folder (Hexo, Hugo, Vite, Angular, Sphinx and others, or its build script) and writes
    a serverless.yml for it.

    What a file of another publisher says goes into serverless.yml, _redirects and _headers: netlify.toml, vercel.json,
    edgeone.json, wrangler.toml, cloudbaserc.json, .s3deploy.yml, the deployment of Hugo, the deployer of Hexo. The file
    is found in the folder, or named with --from. What does not carry over is listed.

    People keep their habits: --hexo-deployer adds a deployer to a Hexo blog, so that `hexo deploy` and
    `hexo generate --deploy` publish what was generated, and --deploy-script a script to package.json, so that
    `npm run deploy` does. Another `deploy` script stays as it is.

    With --ci: writes the workflow that deploys each push and plans each request, for the project in this folder. Again:
    updates it. A workflow that sitepub did not write, or that was changed since, is never overwritten.
    """
    from sitepub.actions.next_commands import this_program

    terminal, started = run.terminal, this_program(run.environ)
    if list_:
        _show_templates(terminal)
        return
    if systems or print_:
        if template is not None:
            raise UsageError("--ci sets up the project in this folder: run it there, without a template.")
        from sitepub.cli.ci_files import ci_files

        ci_files(run, systems, only_print=print_, init=lambda: _init(run, None, None, started, settings))
        return
    if settings is not None and template is not None:
        raise UsageError("--from sets up the project in this folder: run it there, without a template.")
    if hexo_deployer or deploy_script:
        if template is not None:
            raise UsageError("--hexo-deployer and --deploy-script are for the project in this folder.")
        _with_habits(run, started, settings, hexo_deployer=hexo_deployer, deploy_script=deploy_script)
        return
    from sitepub.cli.init_habits import offer_habits

    offer_habits(run, _init(run, template, directory, started, settings))


def _with_habits(run: Run, started: str | None, settings: str | None, *, hexo_deployer: bool,
                 deploy_script: bool) -> None:
    """Where there is no serverless.yml yet, it is written first."""
    from sitepub.actions.moving.habits import habit_edits, write_edits
    from sitepub.cli.init_habits import commands_of, show_habits
    from sitepub.config.read_from import FILE_NAMES

    terminal = run.terminal
    edits = habit_edits(run.folder, hexo_deployer=hexo_deployer, deploy_script=deploy_script)
    found: dict[str, object] = {"version": 1, "action": "init", "status": "ok" if edits else "unchanged",
                                "folder": str(run.folder), "files": []}
    if settings is not None or not any((run.folder / name).exists() for name in FILE_NAMES):
        outcome = _init(run, None, None, started, settings, last=False)
        found = {**_object(outcome), "files": [*outcome.files]}
    commands = commands_of(run.folder, hexo_deployer=hexo_deployer, deploy_script=deploy_script)
    if not terminal.wants_json:
        show_habits(run, edits)
    write_edits(run.folder, edits)
    if terminal.wants_json:
        terminal.json({**found, "changed": list(edits), "next": [_words(line) for line in commands]})
    if not edits:
        terminal.result("Nothing to do: it is there already.")
    terminal.note("\nNow:")
    for line in commands:
        terminal.note(f"  {line}")


def _init(run: Run, template: str | None, directory: str | None, started: str | None, settings: str | None, *,
          last: bool = True) -> InitOutcome:
    """``last``: the object of ``--json``, and what to run now, are shown."""
    from sitepub.actions.init import init as action

    terminal = run.terminal
    place = Path(directory) if directory else None
    try:
        outcome = action(template, place, folder=run.folder, here=Path.cwd(), environ=run.environ, started=started,
                         ask_dist=lambda framework: _ask_for_dist(run, framework),
                         settings=Path(settings) if settings is not None else None)
    except UsageError as error:
        if error.code != "NoProject" or not terminal.can_ask or terminal.wants_json:
            raise
        outcome = action(_ask_for_template(run, error), None, folder=run.folder, here=Path.cwd(), environ=run.environ,
                         started=started)
    if terminal.wants_json and last:
        terminal.json(_object(outcome))
    _show(terminal, outcome, last=last)
    return outcome


def _show_templates(terminal: Terminal) -> None:
    from sitepub.actions.starters import TEMPLATES
    from sitepub.terminal.tables import pairs

    if terminal.wants_json:
        terminal.json({"version": 1, "action": "init", "status": "ok", "templates": [
            {"name": template.name, "about": template.about} for template in TEMPLATES]})
    terminal.result(pairs(terminal, [(template.name, template.about) for template in TEMPLATES]))


def _ask_for_template(run: Run, error: UsageError) -> str:
    from sitepub.actions.starters import TEMPLATES

    terminal = run.terminal
    terminal.err(f"{visible(error.message)} Start from a template?")
    for number, template in enumerate(TEMPLATES, 1):
        terminal.err(f"  {number}  {template.name:<16}  {template.about}")
    terminal.err("Its number or name (Return: none):")
    answer = terminal.stdin.readline().strip()
    if not answer:
        raise error
    if answer.isdigit() and 1 <= int(answer) <= len(TEMPLATES):
        return TEMPLATES[int(answer) - 1].name
    return answer


def _ask_for_dist(run: Run, framework: Framework) -> str | None:
    terminal = run.terminal
    if not terminal.can_ask or terminal.wants_json:
        return None
    terminal.err(f"Which folder does `{visible(framework.hook or '')}` write the site to? (Return: {framework.dist})")
    line = terminal.stdin.readline()
    if not line:
        return None
    return line.strip() or framework.dist


def _words(line: str) -> list[str]:
    """Of a command line that is shown to people."""
    import os
    import shlex

    return shlex.split(line, posix=os.name != "nt")


def _object(outcome: InitOutcome) -> dict[str, object]:
    return {
        "version": 1, "action": "init", "status": "ok", "folder": str(outcome.folder),
        "template": outcome.template.name if outcome.template else None,
        "framework": outcome.framework.id if outcome.framework else None,
        "files": list(outcome.files), "next": [_words(line) for line in outcome.next], "warnings": list(outcome.advice),
        **({"from": _moved_object(outcome)} if outcome.moved is not None else {}),
    }


def _moved_object(outcome: InitOutcome) -> dict[str, object]:
    assert outcome.moved is not None
    return {"tool": outcome.moved.tool, "file": outcome.moved.file, "taken": list(outcome.moved.taken), "left": [
        {"what": one.what, "why": one.why, "file": one.position.file if one.position else None,
         "line": one.position.line if one.position else None,
         "column": one.position.column if one.position else None} for one in outcome.left]}


def _show(terminal: Terminal, outcome: InitOutcome, *, last: bool) -> None:
    if outcome.template is not None:
        place = visible(str(outcome.folder))
        terminal.result(f"{outcome.template.name}: {counted(len(outcome.files), 'file')} in {place}")
        for name in outcome.files:
            terminal.result(f"  {name}")
    elif outcome.framework is not None:
        terminal.result(f"{outcome.framework.title}, recognised by {visible(outcome.framework.why)}")
        if (moved := outcome.moved) is not None and (moved.taken or outcome.left):
            terminal.result(visible(f"Taken from {moved.file} ({moved.tool}): {', '.join(moved.taken) or 'nothing'}"))
        *names, end = outcome.files
        terminal.result(f"Written: {', '.join(names)} and {end}")
        if outcome.left:
            terminal.result("Not carried over:")
        for one in outcome.left:
            terminal.result(visible(f"  {one}"))
    for sentence in outcome.advice:
        terminal.warn(sentence)
    terminal.note("\nNow:" if last else "")
    for line in outcome.next if last else ():
        terminal.note(f"  {visible(line)}")
