"""One project, or all the projects of a parent folder, each with its own result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sitepub.cli import boundary
from sitepub.cli.options import Run
from sitepub.config.finding import FoundProjects, find_above, look_for_projects
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.errors import ConfigError, ExitCode, Interrupted, SitepubError
from sitepub.terminal.messages import visible

_MAKING = ("deploy", "plan")
_HERE = ("deploy", "plan", "dev")
"""What works on the site of this very folder."""
ProjectWork = Callable[[Project], tuple[dict[str, object], int]]
"""Does the work on one project and shows it to people; answers the object for programs and the exit code."""


def each_project(run: Run, action: str, work: ProjectWork, *, yes: bool = True) -> int:
    """Work on the project of the folder, or on its child projects in the order of their names.

    ``yes``: child projects need no question. Raises Refused when the user says no, or cannot be asked.

    One project: its errors end the program as they are. Several: the exit code is 0 when all succeeded, that
    of the failures when all failed alike, else 4 (partly done).
    """
    found, above = _found(run, action)
    files = found.files
    for problem in found.warnings:
        run.terminal.warn(problem)
    if len(files) == 1 and (above or files[0].parent.resolve() == run.folder.resolve()):
        result, code = work(_load(run, files[0], action))
        run.terminal.json({"version": 1, "action": action, **result}) if run.terminal.wants_json else None
        return code
    if not yes:
        _ask(run, action, files)
    results: list[dict[str, object]] = []
    codes: list[int] = []
    for file in files:
        run.terminal.note(f"{run.terminal.style(file.parent.name, 'bold', on_stderr=True)}")
        try:
            result, code = work(_load(run, file, action))
        except Interrupted:
            raise
        except SitepubError as error:
            code = int(error.exit_code)
            result = {"status": "error", "name": file.parent.name,
                    "error": boundary.error_object(error)["error"]}
            if not run.terminal.wants_json:
                boundary.show(run.terminal, error)
        results.append({"folder": file.parent.name, **result})
        codes.append(code)
    failed = [code for code in codes if code]
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": action, "status": "error" if failed else "ok",
                           "projects": results})
    else:
        run.terminal.note(f"{len(codes) - len(failed)} of {len(codes)} projects: {action} succeeded")
    if not failed:
        return int(ExitCode.OK)
    return failed[0] if len(failed) == len(codes) and len(set(failed)) == 1 else int(ExitCode.PARTIAL)


def _found(run: Run, action: str) -> tuple[FoundProjects, bool]:
    """The projects of the folder; else, for what shows a site, the one that the folder lies in. A site is removed
    from there only by the name of its stage."""
    try:
        return look_for_projects(run.folder), False
    except ConfigError:
        file = find_above(run.folder) if action not in _HERE and (action != "remove" or run.stage) else None
        if file is None:
            raise
        run.terminal.note(f"The site of {visible(str(file))}")
        return FoundProjects([file]), True


def _ask(run: Run, action: str, files: Sequence[Path]) -> None:
    """The folder holds no project itself, and perhaps others than the user has in mind."""
    run.terminal.note(f"There is no serverless.yml in {visible(str(run.folder))}, but in the folders below it:")
    for file in files:
        try:
            project = _load(run, file, action)
            about = f"{project.name}, stage {project.stage}, {project.region}"
        except SitepubError:
            about = "cannot be read"
        run.terminal.note(f"  {visible(file.parent.name)}: {visible(about)}")
    names = ", ".join(file.parent.name for file in files)
    what = f"this site ({names})" if len(files) == 1 else f"these {len(files)} sites ({names})"
    run.terminal.confirm_or_refuse(f"{action.capitalize()} {visible(what)}?")


def _load(run: Run, file: Path, action: str) -> Project:
    # Where a site is made the region has to be right; what looks at one, or takes it down, goes where it may be.
    new_region = run.yes or action not in _MAKING
    return load_project(file, stage=run.stage, inputs=run.inputs, environ=run.environ, new_region=new_region)
