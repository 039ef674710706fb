"""``sitepub init``: start a site, or set up the one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command
from sitepub.errors import UsageError
from sitepub.terminal.messages import visible

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
@click.option("--print", "print_", is_flag=True, help="With --ci: show the files and write none.")
def init(run: Run, template: str | None, directory: str | None, list_: bool, systems: tuple[str, ...],
         settings: str | None, print_: bool) -> None:
    """Start a site from a template, or set up the one in this folder.

    With a TEMPLATE (`hexo` or `hexo-starter`): copies it to DIR (a folder of the template's name when left out)
    and overwrites nothing. Without: recognises the project in this folder (Hexo, Hugo, Vite, Angular, Sphinx and
    others, or its build script) and writes a serverless.yml for it.

    What a file of another publisher says goes into serverless.yml, _redirects and _headers: netlify.toml, vercel.json,
    edgeone.json, wrangler.toml, cloudbaserc.json, .s3deploy.yml, the deployment of Hugo, the deployer of Hexo. The file
    is found in the folder, or named with --from. What does not carry over is listed.

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
    _init(run, template, directory, started, settings)


def _init(run: Run, template: str | None, directory: str | None, started: str | None, settings: str | None) -> None:
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
    if terminal.wants_json:
        terminal.json(_object(outcome))
    _show(terminal, outcome)


def _show_templates(terminal: Terminal) -> None:
    from sitepub.actions.starters import TEMPLATES
    from sitepub.terminal.tables import pairs

    if terminal.wants_json:
        terminal.json({"version": 1, "templates": [
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


def _object(outcome: InitOutcome) -> dict[str, object]:
    return {
        "version": 1, "action": "init", "status": "ok", "folder": str(outcome.folder),
        "template": outcome.template.name if outcome.template else None,
        "framework": outcome.framework.id if outcome.framework else None,
        "files": list(outcome.files), "next": list(outcome.next), "warnings": list(outcome.advice),
        **({"from": _moved_object(outcome)} if outcome.moved is not None else {}),
    }


def _moved_object(outcome: InitOutcome) -> dict[str, object]:
    assert outcome.moved is not None
    return {"tool": outcome.moved.tool, "file": outcome.moved.file, "taken": list(outcome.moved.taken), "left": [
        {"what": one.what, "why": one.why, "file": one.position.file if one.position else None,
         "line": one.position.line if one.position else None,
         "column": one.position.column if one.position else None} for one in outcome.left]}


def _show(terminal: Terminal, outcome: InitOutcome) -> None:
    if outcome.template is not None:
        place = visible(str(outcome.folder))
        terminal.result(f"{outcome.template.name}: {len(outcome.files)} files in {place}")
        for name in outcome.files:
            terminal.result(f"  {name}")
    elif outcome.framework is not None:
        terminal.result(f"{outcome.framework.title}, recognised by {visible(outcome.framework.why)}")
        if (moved := outcome.moved) is not None:
            terminal.result(visible(f"Taken from {moved.file} ({moved.tool}): {', '.join(moved.taken) or 'nothing'}"))
        *names, last = outcome.files
        terminal.result(f"Written: {', '.join(names)} and {last}")
        if outcome.left:
            terminal.result("Not carried over:")
        for one in outcome.left:
            terminal.result(visible(f"  {one}"))
    for sentence in outcome.advice:
        terminal.warn(sentence)
    terminal.note("\nNow:")
    for line in outcome.next:
        terminal.note(f"  {visible(line)}")
