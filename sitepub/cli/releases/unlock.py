"""``sitepub unlock``: take away the lock that a run has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitepub.cli.options import Run, command, yes_option
from sitepub.config.project import Project

if TYPE_CHECKING:
    from sitepub.publish.locking.lock_record import Held


@command(project=True)
@yes_option()
def unlock(run: Run, yes: bool) -> int:
    """Show who holds the lock of the site, and take it away.

    Asks first when its owner may still be at work. Nothing is lost: a run that loses the lock stops before its next
    write, and the next deploy lists the bucket.
    """
    from sitepub.cli.projects import each_project

    return each_project(run, "unlock", lambda project: _unlock(run, project, yes=yes))


def _unlock(run: Run, project: Project, *, yes: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.unlock import unlock as action

    def approve(holder: Held) -> None:
        run.terminal.note(f"{holder.holder} holds the lock{_since(holder)} and renewed it {_age(holder)}:"
                          " the run may still be at work.")
        run.terminal.confirm_or_refuse("Take the lock away?", yes=yes)

    done = action(project, approve, local=run.local, profile=run.profile, environ=run.environ)
    if done is None:
        run.terminal.result(f"{project.name} is not locked.")
        return {"status": "ok", "locked": False}, 0
    state = "may still be at work: it stops before its next write" if done.was_alive else "is gone"
    run.terminal.result(f"Took away the lock of {done.holder.holder}{_since(done.holder)}, who {state}.")
    return {"status": "ok", "locked": True, "holder": done.holder.holder, "since": done.holder.record.since,
            "was_alive": done.was_alive}, 0


def _since(holder: Held) -> str:
    from datetime import UTC, datetime

    since = holder.record.since
    return f" since {datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M:%S} UTC" if 0 < since < 2**33 else ""


def _age(holder: Held) -> str:
    from sitepub.terminal.sizes import human_seconds

    return f"{human_seconds(holder.age)} ago"
