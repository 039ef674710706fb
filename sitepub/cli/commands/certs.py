"""``sitepub certs``: the certificates of the hosts, and how long they last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sitepub.cli import boundary
from sitepub.cli.options import Run, command, yes_option
from sitepub.config.project import Project
from sitepub.errors import ExitCode, PartlyDone

if TYPE_CHECKING:
    from sitepub.actions.certs import Certs, CertsOptions
    from sitepub.domains.hosts.certificate_report import HostCertificate
    from sitepub.domains.steps import HostStep
    from sitepub.terminal.terminal import Terminal

_SOURCES = {"auto": "https: auto", "own": "your own", "id": "certId", "none": "https off", "left alone": "not set"}


@command(project=True)
@click.option("--renew", is_flag=True, help="Renew and bind what is due (https: auto).")
@click.option("--no-wait", is_flag=True, help="Apply, and do not wait until they are issued.")
@yes_option()
def certs(run: Run, renew: bool, no_wait: bool, yes: bool) -> int:
    """List the certificates of the hosts: issuer, names, days left, where they are bound."""
    from sitepub.actions.certs import CertsOptions
    from sitepub.cli.projects import each_project

    options = CertsOptions(run.local, run.profile, not no_wait)
    return each_project(run, "certs", lambda project: _certs(run, project, options, renew=renew, yes=yes))


def _certs(run: Run, project: Project, options: CertsOptions, *, renew: bool, yes: bool
           ) -> tuple[dict[str, object], int]:
    from sitepub.actions import certs as action
    from sitepub.cli.host_view import approve_changed, host_listener

    terminal = run.terminal
    if renew:
        try:
            found = action.renew(project, options, run.environ, listener=lambda: host_listener(terminal),
                                 approve=lambda steps: _approve(terminal, steps, yes=yes),
                                 approve_changed=lambda steps: approve_changed(terminal, steps, yes=yes))
        except PartlyDone as error:
            if not isinstance(error.done, action.Certs):
                raise
            _show(terminal, error.done)
            return boundary.partly(terminal, error, _object(project, error.done, renew=True))
        if found.renewed is None and found.hosts:
            terminal.note("Nothing to renew: no certificate that sitepub gets itself is due.")
    else:
        found = action.certs(project, options, run.environ)
    _show(terminal, found)
    # A monitor that runs this command has to notice a certificate that could not be checked.
    code = ExitCode.PARTIAL if any(one.error is not None for one in found.hosts) else ExitCode.OK
    return _object(project, found, renew=renew), int(code)


def _object(project: Project, found: Certs, *, renew: bool) -> dict[str, object]:
    return {
        "status": "ok" if found.renewed is not None or not renew else "unchanged", "app": project.app,
        "stage": project.stage, "name": project.name, "hosts": [one.as_object() for one in found.hosts],
        "renewed": [one.host for one in found.renewed.outcomes if one.error is None]
        if found.renewed is not None else [],
    }


def _approve(terminal: Terminal, steps: Sequence[HostStep], *, yes: bool) -> None:
    from sitepub.cli.host_view import step_lines

    terminal.note("\n".join(step_lines(terminal, steps)))
    if any(step.destructive for step in steps):
        terminal.confirm_or_refuse("This changes things that sitepub did not create. Continue?", yes=yes)


def _show(terminal: Terminal, found: Certs) -> None:
    from sitepub.terminal.tables import table

    if not found.hosts:
        terminal.result("The project has no custom domains (inputs.hosts).")
        return
    rows = [(one.host, _left(one), one.until[:10] or "-", one.issuer or "-", _where(one),
             ", ".join(one.names) or "-") for one in found.hosts]
    terminal.result(table(terminal, ["host", "days", "until", "issuer", "bound", "names"], rows, right=[1]))
    for one in found.hosts:
        if one.error is not None:
            terminal.result(f"{one.host}: {one.error.message}")
        elif one.pending:
            terminal.result(f"{one.host}: certificate {one.pending} is being issued; sitepub deploy goes on")
            if one.proof is not None:
                terminal.result(f"{one.host}: it waits for this record: {one.proof.name}  TXT  {one.proof.value}")
        elif one.renewable:
            terminal.result(f"{one.host}: due; sitepub certs --renew (or the next deploy) gets a new one")
        elif one.due:
            terminal.result(f"{one.host}: due; sitepub cannot renew it ({_SOURCES[one.how]}): put a new one"
                            " into serverless.yml, or write https: auto")


def _left(one: HostCertificate) -> str:
    return "-" if one.days is None else str(one.days) if one.days >= 0 else "expired"


def _where(one: HostCertificate) -> str:
    if not one.bound:
        return f"{one.edge} {one.status}, {_SOURCES[one.how]}"
    return f"{one.edge} {one.status}" + (f" ({one.id})" if one.id else "")
