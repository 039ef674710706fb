"""One run of a CI system: a push is deployed to the stage of its branch, a request gets a plan, a check, a preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sitepub.actions.connect import connect
from sitepub.ci.markdown import Ran, SiteRun
from sitepub.config.finding import look_for_projects
from sitepub.config.load import load_project
from sitepub.config.project import Project
from sitepub.config.repository.ci_run import CiRun, ci_run
from sitepub.errors import CredentialsError, Interrupted, NoStage, Refused, SitepubError, UsageError
from sitepub.tencent.account.credentials import FAMILIES
from sitepub.tencent.account.identity import ROLE, TOKEN

QUEUE = "15m"
"""How long a run waits while another one of the same stage is at work."""

Command = Callable[[Sequence[str]], Ran]
"""Runs a command line of sitepub with ``--json``, shows what it says, and answers what it printed."""
Build = Callable[[Project], Ran]
"""Builds a site and publishes nothing; shows what goes wrong."""
Failed = Callable[[SitepubError], Ran]
"""Shows an error, and answers it as the result of a command."""


@dataclass(frozen=True, slots=True)
class CiOptions:
    words: tuple[str, ...] = ()
    """A command to run instead of what the event asks for."""
    shared: tuple[str, ...] = ()
    """Options for every command: ``--local``, ``--profile NAME``, ``--inputs …``."""
    stage: str | None = None
    inputs: tuple[str, ...] = ()
    local: bool = False
    profile: str | None = None
    closed: bool = False
    """The request has been merged or closed; for systems whose variables do not say so."""


@dataclass(frozen=True, slots=True)
class CiDone:
    run: CiRun
    sites: tuple[SiteRun, ...]

    @property
    def code(self) -> int:
        """The exit code: the first that is none of success."""
        return next((site.code for site in self.sites if site.code), 0)


def run_here(environ: Mapping[str, str]) -> CiRun:
    """Raises UsageError outside a CI system."""
    run = ci_run(environ)
    if run is None:
        raise UsageError("No CI system was recognised: none of GITHUB_ACTIONS, GITLAB_CI, CNB, GITEE_PIPELINE_NAME,"
                         " JENKINS_URL and CI is set.", code="NoCi",
                         hint="On your own computer: sitepub deploy. Elsewhere set CI=true.")
    return run


def run_ci(folder: Path, options: CiOptions, environ: Mapping[str, str], command: Command, build: Build,
           failed: Failed) -> CiDone:
    """What the event asks for, for the site in the folder, or for each of those below it."""
    run = run_here(environ)
    if run.request is not None and run.request.foreign:
        _refuse_keys(environ)
    files = look_for_projects(folder).files
    sites = []
    for file in files:
        below = file.parent.relative_to(folder).as_posix() if file.parent != folder else ""
        try:
            sites.append(_Site(file, "" if below == "." else below, run, options, environ, command, build).run())
        except Interrupted:
            raise
        except SitepubError as error:
            sites.append(SiteRun(below, "", file.parent.name, None, (failed(error),)))
    return CiDone(run, tuple(sites))


def _refuse_keys(environ: Mapping[str, str]) -> None:
    """What a fork changed is built here, and a build can read the variables of the programs that started it."""
    held = [name for family in FAMILIES for name in (f"{family}_SECRET_KEY", f"{family}_TOKEN") if environ.get(name)]
    if environ.get(ROLE) and environ.get(TOKEN):
        held.append(TOKEN)
    if held:
        raise Refused(f"This request comes from a fork, and {held[0]} is set: its build could read the key.",
                      code="KeysForFork", hint="Run requests of forks without secrets: on GitHub with the event"
                      " pull_request, not pull_request_target; on GitLab with protected variables.")


@dataclass(frozen=True, slots=True)
class _Site:
    file: Path
    below: str
    ci: CiRun
    options: CiOptions
    environ: Mapping[str, str]
    command: Command
    build: Build

    def run(self) -> SiteRun:
        request = self.ci.request
        try:
            project = load_project(self.file, stage=self.options.stage, inputs=self.options.inputs,
                                   environ=self.environ, new_region=True,
                                   branch=request.target if request is not None else None)
        except NoStage as error:
            whose = "the branch that this request is for" if request is not None else "this branch"
            return SiteRun(self.below, "", self.file.parent.name, None, (), (
                f"Nothing to do: {whose} has no stage. {error.why[:1].upper()}{error.why[1:]}.",))
        if self.options.words:
            return self._of(project, (self._run(*self.options.words),))
        if request is None:
            return self._of(project, (self._run("deploy", "--lock-timeout", QUEUE),))
        if request.closed or self.options.closed:
            return self._closed(project, request.number)
        return self._request(project, request.number, foreign=request.foreign)

    def _request(self, project: Project, number: str, *, foreign: bool) -> SiteRun:
        stage = ("--stage", project.stage)
        why = "It comes from a fork, which gets no keys" if foreign else self._missing_keys(project)
        if why is not None:
            return self._of(project, (self.build(project),), (
                f"{why}: the site was built, and not compared with what is live.",))
        ran = [self._run("plan", *stage)]
        if not ran[0].code:
            # What it finds is for the comment; `checks` in serverless.yml decides whether a plan fails.
            found = self._run("check", "--no-build", *stage)
            ran.append(Ran("check", 0 if found.code == 1 else found.code, found.result))
        if not ran[0].code and project.previews.said:
            made = self._run("deploy", "--preview", _preview(number), "--no-build", "--lock-timeout", QUEUE, *stage)
            ran.append(Ran("preview", made.code, made.result))
        return self._of(project, tuple(ran))

    def _closed(self, project: Project, number: str) -> SiteRun:
        if not project.previews.said or self._missing_keys(project) is not None:
            return self._of(project, (), ("The request is closed.",))
        gone = self._run("previews", "remove", _preview(number), "--yes", "--lock-timeout", QUEUE, "--stage",
                         project.stage)
        missing = (gone.result.get("error") or {}).get("code") == "NoSuchPreview"
        if missing or not gone.code:
            return self._of(project, (), ("The request is closed, and its preview is gone.",))
        return self._of(project, (Ran("removal", gone.code, gone.result),), ("The request is closed.",))

    def _run(self, *words: str) -> Ran:
        stage = ("--stage", self.options.stage) if self.options.stage is not None and "--stage" not in words else ()
        return self.command([*words, *stage, *self.options.shared, "--cwd", str(self.file.parent)])

    def _of(self, project: Project, ran: tuple[Ran, ...], notes: tuple[str, ...] = ()) -> SiteRun:
        return SiteRun(self.below, project.app, project.name, project.stage, ran, notes)

    def _missing_keys(self, project: Project) -> str | None:
        """Why this run of a request has no keys, in words; ``None``: it has some."""
        try:
            connect(project, local=self.options.local, profile=self.options.profile, environ=self.environ)
        except CredentialsError as error:
            if error.code == "NoCredentials":
                return "This run has no keys"
            if error.code in ("IdentityRefused", "NoIdentity"):
                return "The role does not trust runs of requests (see `sitepub ci role --requests`)"
            raise
        return None


def _preview(number: str) -> str:
    return f"pr-{number}"
