"""``sitepub login``: check an API key and keep it."""

from __future__ import annotations

import click

from sitepub.cli.options import Run, command
from sitepub.errors import CredentialsError, Refused
from sitepub.tencent.sites import WORDS, Site, console, site_of
from sitepub.terminal.messages import visible


@command(account=True)
@click.option("--site", type=click.Choice(["cn", "intl"]), help="Site of the account: cn (cloud.tencent.com) or intl"
                                                                " (tencentcloud.com); without it, both are tried.")
@click.option("--secret-id", metavar="ID", help="The SecretId, instead of being asked for it.")
@click.option("--secret-key-stdin", is_flag=True, help="Read the SecretKey from standard input.")
def login(run: Run, secret_id: str | None, secret_key_stdin: bool, site: Site | None) -> None:
    """Check an API key and save it as a profile.

    Asks for the SecretId and the SecretKey (console: CAM, API keys) without showing them. The key is checked
    with the cloud before it is stored, in a file that only you may read. Without a terminal:
    sitepub login --secret-id ID --secret-key-stdin < file
    """
    from sitepub.actions import login as action
    from sitepub.tencent.account.profiles import check_profile_name

    if run.local:
        raise click.UsageError("The embedded cloud needs no login: --local finds its key by itself.")
    terminal = run.terminal
    check_profile_name(run.profile or "default")
    if not terminal.can_ask and not (secret_id and secret_key_stdin):
        raise Refused("There is no terminal to ask for the key on.", code="NoTerminal",
                      hint="Use --secret-id ID --secret-key-stdin, or set TENCENTCLOUD_SECRET_ID and "
                           "TENCENTCLOUD_SECRET_KEY.")
    if not (secret_id and secret_key_stdin):
        _where_keys_are_made(run, site or site_of(run.environ))
    if not secret_id:
        secret_id = terminal.ask_secret("SecretId")
        if not secret_id:
            raise CredentialsError("No SecretId was entered; nothing was stored.", code="BadCredentials")
    secret_key = terminal.stdin.readline() if secret_key_stdin else terminal.ask_secret("SecretKey")
    stored = action.login(secret_id.strip(), secret_key.strip(), profile=run.profile or "default",
                          environ=run.environ, site=site or site_of(run.environ))
    if terminal.wants_json:
        terminal.json({"version": 1, "action": "login", "status": "ok", "profile": stored.profile,
                       "file": str(stored.file), "arn": stored.arn, "account_id": stored.account_id,
                       "site": stored.site})
    terminal.result(f"Logged in as {visible(stored.arn)} at {WORDS[stored.site]}.")
    terminal.note(f"Stored as profile {stored.profile} in {stored.file}")


def _where_keys_are_made(run: Run, site: Site | None) -> None:
    """For those who have none yet."""
    from sitepub.terminal.qr import qr_code

    address = console(site or "cn", "cam/capi")
    other = "" if site is not None else f" (international accounts: {console('intl', 'cam/capi')})"
    run.terminal.note(
        f"Keys are made at {address}{other}\n"
        "A key of a sub-user is enough. It needs the permissions of docs/permissions.md: those of COS to publish, and"
        " of CDN, EdgeOne, DNSPod and certificates for hosts there.")
    code = None if run.terminal.quiet else qr_code(run.terminal, address)
    if code is not None:
        run.terminal.note(code)
