"""``sitepub init --ci``: shows which workflows were written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sitepub.cli.options import Run
from sitepub.errors import UsageError
from sitepub.terminal.messages import visible


def ci_files(run: Run, systems: tuple[str, ...], *, only_print: bool, init: Callable[[], object]) -> None:
    """``init`` writes a serverless.yml, where there is none yet."""
    from sitepub.actions.ci.setup import ci_texts, set_up_ci

    wanted = _systems(systems)
    terminal = run.terminal
    if only_print:
        _root, files = ci_texts(wanted, run.folder)
        if terminal.wants_json:
            terminal.json({"version": 1, "action": "init", "status": "ok", "files": files})
        for name, text in files.items():
            terminal.result(f"# {name}\n{text}")
        return
    if not _has_project(run):
        if terminal.wants_json:  # one object for all
            from sitepub.actions.init import init as action

            action(None, None, folder=run.folder, here=Path.cwd(), environ=run.environ)
        else:
            init()
    done = set_up_ci(wanted, run.folder)
    if terminal.wants_json:
        terminal.json({"version": 1, "action": "init", "status": "ok" if done.written else "unchanged",
                       "folder": str(done.root), "files": list(done.written), "same": list(done.same)})
    for name in done.written:
        terminal.result(f"written: {visible(name)}")
    for name in done.same:
        terminal.result(f"as it should be: {visible(name)}")
    if done.written:
        terminal.note("\nNow: commit and push these files. `sitepub ci role` makes a role, so that CI stores no keys;"
                      " see docs/ci.md.")


def _systems(given: tuple[str, ...]) -> tuple[str, ...]:
    from sitepub.ci.workflows import SYSTEMS
    from sitepub.config.checks.nearest import did_you_mean

    names = [name.strip().lower() for one in given for name in one.split(",") if name.strip()]
    for name in names:
        if name not in SYSTEMS:
            raise UsageError(f"There is no CI system {name!r} that sitepub knows.", code="UnknownCi",
                             hint=did_you_mean(name, SYSTEMS) or f"Known are {', '.join(SYSTEMS)}.")
    if not names:
        raise UsageError("--print needs --ci.")
    return tuple(dict.fromkeys(names))


def _has_project(run: Run) -> bool:
    from sitepub.config.finding import find_config, look_for_projects
    from sitepub.errors import ConfigError

    if find_config(run.folder) is not None:
        return True
    try:
        return bool(look_for_projects(run.folder).files)
    except ConfigError:
        return False
