"""``sitepub doctor``: is everything there that a deploy needs?"""

from __future__ import annotations

from sitepub.cli.options import Run, command
from sitepub.errors import ExitCode
from sitepub.terminal.messages import visible
from sitepub.terminal.terminal import Terminal


@command(project=True)
def doctor(run: Run) -> int:
    """Check this computer, the project, the credentials and the cloud.

    Exit code 1 when something fails. Shows no secret, so its output can go into a bug report.
    """
    from sitepub.actions.doctor import Finding, Verdict, examine

    findings: list[Finding] = []
    for finding in examine(run.folder, local=run.local, profile=run.profile, stage=run.stage,
                           inputs=run.inputs, environ=run.environ):
        findings.append(finding)
        run.terminal.result(_line(run.terminal, finding.name, finding.verdict, finding.message, finding.hint))
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    if run.terminal.wants_json:
        run.terminal.json({
            "version": 1, "status": "fail" if failed else "ok",
            "checks": [{"name": finding.name, "verdict": str(finding.verdict), "message": finding.message,
                        "hint": finding.hint} for finding in findings],
        })
    return ExitCode.FAILED if failed else ExitCode.OK


_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


def _line(terminal: Terminal, name: str, verdict: str, message: str, hint: str | None) -> str:
    mark = terminal.style(f"{verdict:<4}", _COLORS[verdict])
    line = f"{mark}  {name:<20}  {visible(message)}"
    return f"{line}\n{'':28}{visible(hint)}" if hint else line
