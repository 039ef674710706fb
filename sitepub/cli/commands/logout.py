"""``sitepub logout``: delete a stored key."""

from __future__ import annotations

from sitepub.cli.options import Run, command


@command(account=True)
def logout(run: Run) -> None:
    """Delete a saved profile.

    The key itself stays valid: to end that, delete it in the console (CAM, API keys).
    """
    from sitepub.actions import login as action

    profile = run.profile or "default"
    deleted = action.logout(profile=profile, environ=run.environ)
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "logout", "status": "ok" if deleted else "unchanged",
                           "profile": profile, "deleted": deleted})
    run.terminal.result(f"Deleted the profile {profile}." if deleted else f"There is no profile {profile}.")
