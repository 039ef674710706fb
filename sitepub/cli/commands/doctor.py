"""``sitepub doctor``: is everything there that a deploy needs?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sitepub.cli.options import Run, command, yes_option
from sitepub.errors import ExitCode, PartlyDone, SitepubError, UsageError
from sitepub.terminal.messages import visible
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from sitepub.actions.doctor_probe import ProbeOptions
    from sitepub.probe.case import Facts, Result


@command(project=True)
@yes_option()
@click.option("--clean", is_flag=True, help="With --probe: only remove what earlier probes left.")
@click.option("--keep", is_flag=True, help="With --probe: leave in place what the probe makes.")
@click.option("--host", metavar="HOST", help="With --probe: try CDN, EdgeOne, DNS and certificates with this unused"
                                            " host.")
@click.option("--probe", is_flag=True, help="Compare the cloud's answers with those that sitepub is tested with.")
def doctor(run: Run, probe: bool, host: str | None, keep: bool, clean: bool, yes: bool) -> int:
    """Check this computer, the project, the credentials and the cloud.

    Exit code 1 when something fails. Shows no secret, so its output can go into a bug report.

    --probe walks through what sitepub expects of the cloud, in a bucket that it makes and removes, and writes a JSON
    file for a bug report. It asks first and says what it costs.
    """
    if probe:
        if clean:
            return _clean(run)
        return _probe(run, host or "", keep=keep, yes=yes)
    if host or keep or clean:
        raise UsageError("--host, --keep and --clean belong to --probe.",
                         hint="sitepub doctor --probe --host sitepub-probe.example.com")
    return _examine(run)


def _examine(run: Run) -> int:
    from sitepub.actions.doctor import Finding, Verdict, examine
    from sitepub.actions.doctor_probe import leftovers

    findings: list[Finding] = []
    found = examine(run.folder, local=run.local, profile=run.profile, stage=run.stage, inputs=run.inputs,
                    environ=run.environ)
    left = [Finding("earlier probe", Verdict.WARN, f"{file.stem} may have left a bucket",
                    "Remove it: sitepub doctor --probe --clean") for file in leftovers(run.environ)]
    for finding in [*found, *left] if left else found:
        findings.append(finding)
        run.terminal.result(_line(run.terminal, finding.name, finding.verdict, finding.message, finding.hint))
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    if run.terminal.wants_json:
        run.terminal.json({
            "version": 1, "action": "doctor", "status": "fail" if failed else "ok",
            "checks": [{"name": finding.name, "verdict": str(finding.verdict), "message": finding.message,
                        "hint": finding.hint} for finding in findings],
        })
    return ExitCode.FAILED if failed else ExitCode.OK


def _options(run: Run, host: str = "", *, keep: bool = False) -> tuple[ProbeOptions, dict[str, str]]:
    """Options, and the variables of the project's .env files. The region is the project's, where there is one."""
    from sitepub.actions.doctor_probe import ProbeOptions
    from sitepub.config.finding import find_config
    from sitepub.config.load import load_project
    from sitepub.config.variables.dotenv import read_dotenv

    file = find_config(run.folder)
    if file is None:
        return (ProbeOptions(run.local, run.profile, "", host, keep), dict(read_dotenv(run.folder, run.stage).values))
    project = load_project(file, stage=run.stage, inputs=run.inputs, environ=run.environ, new_region=True)
    return ProbeOptions(run.local, run.profile, project.region, host, keep), dict(project.dotenv)


def _probe(run: Run, host: str, *, keep: bool, yes: bool) -> int:
    from sitepub.actions.doctor_probe import prepare
    from sitepub.probe.case import Verdict

    def approve(words: str) -> None:
        run.terminal.note(words)
        run.terminal.confirm_or_refuse("Go on?", yes=yes)

    options, dotenv = _options(run, host.strip().lower().rstrip("."), keep=keep)
    probe = prepare(options, run.environ, dotenv, approve)
    try:
        for result in probe.run(run.terminal.note):
            run.terminal.result(_result_line(run.terminal, result))
    except (KeyboardInterrupt, SitepubError):
        if not keep and not probe.left and probe.made.things:
            run.terminal.note(f"What the probe made is being removed in the background ({probe.bucket.name}); "
                              "sitepub doctor shows whether something is left.")
        raise
    finally:
        probe.bucket.close()
    counts = {verdict: sum(one.verdict is verdict for one in probe.results) for verdict in Verdict}
    file = probe.write_report()
    if run.terminal.wants_json:
        run.terminal.json({**probe.report(), "status": "ok" if _good(counts) else "differs", "file": str(file),
                           "left": probe.left, "bucket": probe.bucket.name if keep else None})
    shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    run.terminal.result(f"{shown}. For a bug report: {file}")
    if keep:
        run.terminal.note(f"Left in place: the bucket {probe.bucket.name}. sitepub doctor --probe --clean removes it.")
    if probe.left:
        raise PartlyDone("Some of what the probe made could not be removed: " + "; ".join(probe.left), code="Left",
                         hint="run sitepub doctor --probe --clean")
    return ExitCode.OK if _good(counts) else ExitCode.FAILED


def _good(counts: dict[Any, int]) -> bool:
    from sitepub.probe.case import Verdict

    return not counts[Verdict.DIFFERS] and not counts[Verdict.FAILED]


def _clean(run: Run) -> int:
    from sitepub.actions.doctor_probe import clean_up

    options, dotenv = _options(run)
    count, problems = clean_up(options, run.environ, dotenv, run.terminal.note)
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "doctor", "status": "partly done" if problems else "ok",
                           "probes": count, "left": problems})
    if problems:
        raise PartlyDone("Not removed: " + "; ".join(problems), code="Left", hint="run the same command again")
    run.terminal.result(f"Removed what {count} earlier {'probe' if count == 1 else 'probes'} had left." if count
                        else "No earlier probe left anything.")
    return ExitCode.OK


_COLORS = {"ok": "green", "warn": "yellow", "fail": "red", "same": "green", "differs": "red", "failed": "red",
           "skipped": "dim"}


def _line(terminal: Terminal, name: str, verdict: str, message: str, hint: str | None) -> str:
    mark = terminal.style(f"{verdict:<4}", _COLORS[verdict])
    line = f"{mark}  {name:<20}  {visible(message)}"
    return f"{line}\n{'':28}{visible(hint)}" if hint else line


def _result_line(terminal: Terminal, result: Result) -> str:
    mark = terminal.style(f"{result.verdict:<7}", _COLORS[result.verdict])
    line = f"{mark}  {result.case:<32}  {visible(result.claim)}"
    if result.verdict == "differs":
        for name, value in _differences(result.expected, result.seen):
            line += f"\n{'':11}{visible(f'{name}: {value}')}"
    return line + (f"\n{'':11}{visible(result.note)}" if result.note else "")


def _differences(expected: Facts, seen: Facts) -> list[tuple[str, str]]:
    from sitepub.probe.case import agrees

    def shown(value: object) -> str:
        return " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    return [(name, f"expected {shown(value)}, seen {str(seen.get(name))[:200]}") for name, value in expected.items()
            if not agrees({name: value}, seen)]
