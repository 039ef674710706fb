"""``sitepub init --hexo-deployer`` and ``--deploy-script``, and their offer after ``init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sitepub.cli.options import Run
from sitepub.errors import SitepubError
from sitepub.terminal.messages import visible

if TYPE_CHECKING:
    from sitepub.actions.init import InitOutcome

_HEXO = "hexo generate --deploy, hexo deploy"


def commands_of(folder: Path, *, hexo_deployer: bool, deploy_script: bool) -> list[str]:
    """What people can type now."""
    from sitepub.site.detect.project_files import ProjectFiles

    found = ["hexo generate --deploy"] if hexo_deployer else []
    # `pnpm deploy` is a command of pnpm's own.
    return [*found, ProjectFiles(folder).run_script("deploy")] if deploy_script else found


def show_habits(run: Run, edits: dict[str, bytes]) -> None:
    for name in edits:
        run.terminal.result(f"{'Changed' if (run.folder / name).exists() else 'Written'}: {visible(name)}")


def offer_habits(run: Run, outcome: InitOutcome) -> None:
    """Ask on a terminal; else name the options."""
    from sitepub.actions.moving.habits import habit_edits, write_edits

    if outcome.framework is None or run.terminal.wants_json:
        return
    for option, hexo, question in (
            ("--hexo-deployer", True, "Let `hexo deploy` publish with sitepub (a script in scripts/, and `deploy` in"
                                      " _config.yml)?"),
            ("--deploy-script", False, 'Add "deploy": "sitepub deploy" to the scripts of package.json?')):
        if hexo and outcome.framework.id != "hexo":
            continue
        try:
            edits = habit_edits(outcome.folder, hexo_deployer=hexo, deploy_script=not hexo)
        except SitepubError:
            continue  # Nothing to offer where it cannot be done; with the option the reason is shown.
        if not edits:
            continue
        if not run.terminal.can_ask:
            run.terminal.note(f"\nsitepub init {option}: {_offered(hexo)}")
        elif run.terminal.confirm(question):
            show_habits(run, edits)
            write_edits(outcome.folder, edits)


def _offered(hexo: bool) -> str:
    return f"{_HEXO} publish with sitepub" if hexo else 'adds "deploy": "sitepub deploy" to package.json'
