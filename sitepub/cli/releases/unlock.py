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

    Asks first when its holder may still be at work. Such a run can write nothing more once its time is over (a minute
    at most), and the next deploy can have the lock then.
    """
    from sitepub.cli.projects import each_project

    return each_project(run, "unlock", lambda project: _unlock(run, project, yes=yes))


def _unlock(run: Run, project: Project, *, yes: bool) -> tuple[dict[str, object], int]:
    from sitepub.actions.releases.unlock import unlock as action
    from sitepub.terminal.sizes import human_seconds

    def approve(holder: Held) -> None:
        run.terminal.note(f"{holder.holder} holds the lock{_since(holder)} and renewed it {_age(holder)}:"
                          " the run may still be at work.")
        run.terminal.confirm_or_refuse("Take the lock away?", yes=yes)

    done = action(project, approve, local=run.local, profile=run.profile, environ=run.environ)
    if done is None:
        run.terminal.result(f"{project.name} is not locked.")
        return {"status": "ok", "locked": False}, 0
    name = f"the lock of {done.holder.holder}{_since(done.holder)}"
    if not done.was_alive:
        run.terminal.result(f"Took away {name}: that run is dead.")
    elif done.free_in:
        run.terminal.result(f"Took away {name}. Another run can have it in {human_seconds(done.free_in)}:"
                            " sitepub deploy --lock-timeout 2m")
    else:
        run.terminal.result(f"{name[0].upper()}{name[1:]} has run out: the next deploy takes it over.")
    return {"status": "ok", "locked": True, "holder": done.holder.holder, "since": _moment(done.holder.record.since),
            "was_alive": done.was_alive, "free_in": round(done.free_in, 1)}, 0


def _since(holder: Held) -> str:
    from datetime import UTC, datetime

    from sitepub.terminal.moments import dated

    since = holder.record.since
    return f" since {dated(datetime.fromtimestamp(since, UTC).isoformat())}" if 0 < since < 2**33 else ""


def _age(holder: Held) -> str:
    from sitepub.terminal.sizes import human_seconds

    return f"{human_seconds(holder.age)} ago"


def _moment(seconds: float) -> str | None:
    from datetime import UTC, datetime

    known = 0 < seconds < 2**33
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if known else None
