"""``sitepub ci role``: the role that CI takes instead of stored keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sitepub.cli.options import Run, command, yes_option
from sitepub.errors import UsageError

if TYPE_CHECKING:
    from sitepub.actions.ci.role import RolePlan
    from sitepub.terminal.terminal import Terminal


@command(project=True)
@click.option("--repo", metavar="OWNER/NAME", default="", help="The repository whose runs may take the role.")
@click.option("--branch", "branches", metavar="NAME", multiple=True,
              help="Its branch; may be given several times. Left out: main.")
@click.option("--system", type=click.Choice(["github", "gitlab", "cnb", "other"]), default="github",
              help="CI system whose identity tokens are used (default: github).")
@click.option("--repo-id", metavar="OWNER_ID/REPO_ID", default="",
              help="The numbers of owner and repository, which newer repositories have in their tokens at GitHub.")
@click.option("--requests", is_flag=True, help="Pull requests of the repository itself may take the role, too.")
@click.option("--issuer", metavar="URL", default="",
              help="Address of the server that signs the tokens: for a GitLab of your own.")
@click.option("--keys", metavar="FILE", default="", help="The issuer's public keys (JWKS); else they are fetched.")
@click.option("--subject", "subjects", metavar="TEXT", multiple=True,
              help="Subject of the tokens instead of the one that repository and branch have.")
@click.option("--name", metavar="ROLE", default="", help="Name of role and policy.")
@yes_option()
def role(run: Run, repo: str, branches: tuple[str, ...], system: str, repo_id: str, requests: bool, issuer: str,
         keys: str, subjects: tuple[str, ...], name: str, yes: bool) -> int:
    """Show the role that CI takes instead of stored keys; with --yes, make it.

    An identity provider for the CI system, a role that only runs of this repository and branch can take, and a policy
    with what this project needs for its stage. Nothing that sitepub did not make is changed.
    """
    from sitepub.actions.ci.role import RoleOptions, make_role, plan_role, sentences
    from sitepub.actions.connect import connect
    from sitepub.config.finding import find_config
    from sitepub.config.load import load_project
    from sitepub.tencent.account.identity import ROLE

    if not repo and not subjects:
        raise UsageError("--repo is missing: whose runs may take the role?", hint="--repo OWNER/NAME")
    file = find_config(run.folder)
    if file is None:
        raise UsageError(f"There is no serverless.yml in {run.folder}.", hint="A role is for one project: --cwd DIR.")
    wanted = branches or ("main",)
    project = load_project(file, stage=run.stage, inputs=run.inputs, environ=run.environ, new_region=True,
                           branch=wanted[0])
    options = RoleOptions(repo, wanted, system, repo_id, requests, issuer, str(run.folder / keys) if keys else "",
                          subjects, name)
    cloud = connect(project, local=run.local, profile=run.profile, environ=run.environ, warn=run.terminal.warn)
    plan = plan_role(project, cloud, options)
    terminal = run.terminal
    if not terminal.wants_json:
        _show_role(terminal, plan, sentences(plan, options), project.name, project.stage)
    if yes and plan.changes:
        make_role(cloud, plan)
    made = yes or not plan.changes
    if terminal.wants_json:
        terminal.json({
            "version": 1, "action": "ci role", "status": ("ok" if plan.changes else "unchanged") if made else "planned",
            "stage": project.stage, "provider": plan.provider, "issuer": plan.issuer, "subjects": list(plan.subjects),
            "role": plan.arn, "trust": plan.trust, "policy": plan.policy, "steps": dict(plan.steps)})
    terminal.result(f"{ROLE}={plan.arn}" if made else "Nothing was made: --yes makes it.")
    if made:
        terminal.note(f"Set this variable in CI ({ROLE} is not secret), and remove stored keys.")
    return 0


def _show_role(terminal: Terminal, plan: RolePlan, said: Sequence[str], name: str, stage: str) -> None:
    from sitepub.terminal.messages import visible

    steps = dict(plan.steps)
    terminal.result(visible(f"Role {plan.role} for {name}, stage {stage}: {steps['role']}"))
    for line in said:
        terminal.result(visible(f"  {line}"))
    terminal.result(visible(f"Identity provider {plan.provider}: {steps['provider']}"))
    terminal.result(f"Policy {plan.role}: {steps['policy']}")
    terminal.result(json.dumps(plan.policy, indent=2, ensure_ascii=False))
