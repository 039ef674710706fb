"""``sitepub whoami``: the account that commands would use."""

from __future__ import annotations

from sitepub.cli.options import Run, command
from sitepub.tencent.sites import WORDS
from sitepub.terminal.tables import pairs


@command(account=True)
def whoami(run: Run) -> None:
    """Show which account would be used, and where its key was found."""
    from sitepub.actions import whoami as action
    from sitepub.config.variables.dotenv import read_dotenv

    dotenv = read_dotenv(run.folder, run.stage)
    for oddity in dotenv.warnings:
        run.terminal.warn(oddity)
    who = action.whoami(local=run.local, profile=run.profile, environ=run.environ, dotenv=dotenv.values,
                        warn=run.terminal.warn)
    endpoint = who.embedded.endpoint if who.embedded else None
    if run.terminal.wants_json:
        run.terminal.json({
            "version": 1, "action": "whoami", "status": "ok", "arn": who.arn, "account_id": who.account_id,
            "user_id": who.user_id, "type": who.kind, "app_id": who.app_id, "secret_id": who.credentials.masked_id,
            "source": who.credentials.source, "site": who.credentials.site, "embedded": endpoint,
        })
    run.terminal.result(pairs(run.terminal, [
        ("user", who.arn), ("type", who.kind), ("account", who.account_id),
        ("app id", who.app_id or "unknown to this user"), ("key", who.credentials.masked_id),
        ("found in", who.credentials.source),
        ("cloud", f"embedded, {endpoint}" if endpoint else WORDS[who.credentials.site]),
    ]))
