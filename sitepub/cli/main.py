"""The command line: the table of commands, each loaded only when it is called for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import click

from sitepub import __version__, interrupts
from sitepub.cli import boundary
from sitepub.cli.empty_values import refuse_empty_values
from sitepub.cli.options import help_option, knowing, spread_inputs, take_common
from sitepub.terminal.terminal import Terminal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

ABOUT = "Publish static sites to Tencent Cloud, or to the embedded cloud on this computer."

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Site": {
        "init": ("sitepub.cli.commands.init:init", "Start a site from a template, or set up the one in this folder."),
        "deploy": ("sitepub.cli.commands.deploy:deploy", "Build the site and publish what changed."),
        "plan": ("sitepub.cli.commands.plan:plan", "Show what deploy would do, and why."),
        "check": ("sitepub.cli.commands.check:check", "Look for broken links and other faults in the site."),
        "dev": ("sitepub.cli.commands.dev:dev", "Publish whenever something is saved; show who visits."),
        "info": ("sitepub.cli.commands.info:info", "Show where the site is and what is live."),
        "logs": ("sitepub.cli.commands.logs:logs", "Show who visits the site, now or earlier."),
        "remove": ("sitepub.cli.commands.remove:remove", "Take the site down and delete what sitepub made."),
    },
    "Releases": {
        "releases": ("sitepub.cli.releases.releases:releases", "List what was published, and which release is live."),
        "rollback": ("sitepub.cli.releases.rollback:rollback", "Make an earlier release live again."),
        "promote": ("sitepub.cli.releases.promote:promote", "Make live in one stage what is live in another."),
        "traffic": ("sitepub.cli.releases.traffic:traffic", "Show or change which visitors get which release."),
        "diff": ("sitepub.cli.releases.diff:diff", "Show which files differ between releases, or from the folder."),
        "mark": ("sitepub.cli.releases.mark:mark", "Give a release a name, such as stable."),
        "previews": ("sitepub.cli.previews.previews:previews", "List the previews of the site, show or remove them."),
        "stages": ("sitepub.cli.releases.stages:stages", "List all stages of the app and what is live in each."),
        "prune": ("sitepub.cli.releases.prune:prune", "Remove the stages whose git branch is merged or deleted."),
        "unlock": ("sitepub.cli.releases.unlock:unlock", "Show who holds the lock of the site, and remove it."),
    },
    "Domains": {
        "certs": ("sitepub.cli.commands.certs:certs", "List the certificates of the hosts, and renew them."),
        "purge": ("sitepub.cli.commands.purge:purge", "Remove old files from the caches of the hosts."),
        "warm": ("sitepub.cli.commands.warm:warm", "Load pages into the caches before visitors ask."),
    },
    "Account": {
        "login": ("sitepub.cli.commands.login:login", "Check an API key and save it as a profile."),
        "logout": ("sitepub.cli.commands.logout:logout", "Delete a saved profile."),
        "whoami": ("sitepub.cli.commands.whoami:whoami", "Show which account would be used."),
    },
    "Tools": {
        "ci": ("sitepub.cli.commands.ci:ci", "Run in CI: deploy a branch, plan and preview a request."),
        "doctor": ("sitepub.cli.commands.doctor:doctor", "Check this computer, the credentials and the cloud."),
        "local": ("sitepub.cli.commands.local:local", "Start, stop, show or reset the embedded cloud."),
        "schema": ("sitepub.cli.commands.schema:schema", "Print the JSON Schema of serverless.yml."),
        "completion": ("sitepub.cli.commands.completion:completion", "Print a completion script for your shell."),
    },
}
"""Section of the help → command → (where it is, one line about it)."""

COMMANDS: dict[str, tuple[str, str]] = {
    name: entry for section in SECTIONS.values() for name, entry in section.items()
}

ALIASES = {"preview": "previews"}
"""Other names of commands."""
HELP = "help"
"""``sitepub help``, ``sitepub help deploy``: what other programs call ``--help``."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and lines from the table and imports one when it is run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with knowing(ctx):
            rest = super().parse_args(ctx, args)
            refuse_empty_values(ctx)
            return rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        entry = COMMANDS.get(ALIASES.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module, _, attribute = entry[0].partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]
                        ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] == HELP:
            if len(args) > 1:
                return self.resolve_command(ctx, [*args[1:], "--help"])
            ctx.obj.out(ctx.get_help())
            ctx.exit(0)
        if args and args[0] not in COMMANDS and args[0] not in ALIASES and not args[0].startswith("-"):
            from sitepub.cli.other_words import about_command

            near = difflib.get_close_matches(args[0].lower(), COMMANDS, n=1)
            guess = about_command(args[0]) or (f"Did you mean: sitepub {near[0]}?" if near else "")
            raise click.UsageError(f"There is no command {args[0]!r}. {guess}".rstrip(), ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_where, line) in commands.items()], col_max=14)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=line) for name, (_where, line) in COMMANDS.items()
                 if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _start(**values: object) -> None:
    context = click.get_current_context()
    take_common(context, values)
    if context.invoked_subcommand is None:
        context.obj.out(context.get_help())


def _show_version(context: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        context.obj.out(f"sitepub {__version__}")
        context.exit(0)


def root() -> click.Group:
    """The whole command line, as click sees it. The help is 80 columns wide everywhere: it is static."""
    return LazyGroup(
        "sitepub", help=ABOUT, callback=_start, invoke_without_command=True, add_help_option=False,
        context_settings={"terminal_width": 80},
        params=[
            click.Option(["--cwd"], metavar="DIR", help="Work in this folder."),
            click.Option(["--debug"], is_flag=True, help="Show details and tracebacks."),
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False,
                         callback=_show_version, help="Show the version and exit."),
            help_option(),
        ],
    )


def run(argv: Sequence[str], terminal: Terminal) -> int:
    """Run one command line on a terminal; the exit code. Nothing is raised."""
    words = ["--version"] if list(argv) in (["-v"], ["-V"]) else spread_inputs(argv)
    flags = words[: words.index("--")] if "--" in words else words
    # Known before parsing, so that a mistake on the command line itself is told in the form asked for.
    terminal.wants_json |= "--json" in flags
    terminal.debug |= "--debug" in flags
    if terminal.wants_json:
        from sitepub.cli.next_steps import completing

        terminal.completed = completing(words, COMMANDS)

    def work() -> int:
        with root().make_context("sitepub", list(words), obj=terminal) as context:
            return int(context.command.invoke(context) or 0)

    return boundary.guarded(terminal, work)


def main(argv: Sequence[str]) -> int:
    """The program, on the real terminal."""
    terminal = Terminal()
    instruction = terminal.environ.get("_SITEPUB_COMPLETE")
    if instruction is not None:
        from click.shell_completion import shell_complete

        # Asked by the shell while the user types: see cli/commands/completion.py.
        return shell_complete(root(), {}, "sitepub", "_SITEPUB_COMPLETE", instruction)
    terminal.remember()
    with interrupts.own_process(lambda half_done: boundary.interrupted(terminal, half_done)):
        return interrupts.leave(run(argv, terminal))

