"""The options that commands share, and how a command is written.

One command per file, in ``cli/<name>.py``, named in the table of ``cli/main.py``::

    import click
    from sitepub.cli.options import Run, command

    @command(project=True)
    @click.option("--dry-run", is_flag=True, help="Show what would be done.")
    def deploy(run: Run, dry_run: bool) -> int | None:
        \"\"\"Build, plan and publish the site.\"\"\"
        from sitepub.actions.deploy import deploy as action     # heavy imports inside the function
        outcome = action(run.folder, ...)
        run.terminal.json({...}) if run.terminal.wants_json else run.terminal.result(...)

- The function gets a :class:`Run` first, then its own options by name. It returns the exit code; None is 0.
- Every command has ``--debug --json --quiet --cwd --help``; with ``account=True`` also ``--profile`` and
  ``--local``; with ``project=True`` (implies account) also ``--stage`` and ``--inputs``. None of them is
  passed on by name: they are in ``run`` and on ``run.terminal`` (``wants_json``, ``quiet``, ``debug``).
- ``run.folder`` is the folder to work in (``--cwd``): use it instead of the current folder, and
  ``run.environ`` instead of ``os.environ``.
- Results: ``terminal.result(text)`` (stdout; silent with ``--json``) and ``terminal.json(object)`` (one
  object, only when ``wants_json``). Notes, progress, warnings: ``note``, ``warn`` (stderr; silent with
  ``--quiet``, kept with ``--json``). Errors are raised as ``SitepubError`` and shown by ``cli.boundary``.
- Questions: ``terminal.confirm("Delete it?", yes=yes)`` with the ``--yes`` option (:func:`yes_option`);
  without a terminal it raises ``Refused`` and names ``--yes``.
- In a test: ``sitepub.cli.main.run(["deploy", "--json"], terminal)`` runs in-process and returns the code.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from sitepub.cli.empty_values import refuse_empty_values
from sitepub.terminal.terminal import Terminal

F = TypeVar("F", bound=Callable[..., object])

CWD_KEY = "sitepub.cwd"
"""Where the group keeps its ``--cwd`` in the context's meta."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the shared options say about this run."""

    terminal: Terminal
    folder: Path
    """Absolute; exists."""
    environ: Mapping[str, str]
    profile: str | None = None
    stage: str | None = None
    inputs: tuple[str, ...] = ()
    """``key.path=value``, in the order given."""
    local: bool = False
    yes: bool = False
    """Every question is answered with yes (:func:`yes_option`)."""


def command(*, project: bool = False, account: bool = False) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a command of a function. See the module's docstring."""

    def build(function: Callable[..., int | None]) -> click.Command:
        def callback(**values: object) -> int | None:
            return function(_run(click.get_current_context(), values), **values)

        own: list[click.Parameter] = list(reversed(getattr(function, "__click_params__", [])))
        return _Command(
            name=function.__name__.strip("_").replace("_", "-"),
            callback=callback,
            params=[*own, *_shared(project=project, account=account or project)],
            help=inspect.getdoc(function),
            add_help_option=False,
            context_settings={"max_content_width": 100},
        )

    return build


class _Command(click.Command):
    """Its mistakes know their command: click forgets it for an option without its value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with knowing(ctx):
            rest = super().parse_args(ctx, args)
            refuse_empty_values(ctx)
            return rest


@contextmanager
def knowing(context: click.Context) -> Iterator[None]:
    """A mistake on the command line is one of this command."""
    try:
        yield
    except click.UsageError as error:
        error.ctx = error.ctx or context
        raise


class Subcommands(click.Group):
    """A command that has subcommands: all of what each of them says of itself is listed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with knowing(ctx):
            rest = super().parse_args(ctx, args)
            refuse_empty_values(ctx)
            return rest

    def resolve_command(self, ctx: click.Context, args: list[str]
                        ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"There is no command {args[0]!r} of {ctx.command_path}:"
                                   f" known are {', '.join(self.list_commands(ctx))}.", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, " ".join((one.help or "").split("\n\n")[0].split()))
                                for name, one in known if one is not None])


def group(name: str, help: str, commands: Sequence[click.Command]) -> click.Group:
    """A command that only has subcommands (``sitepub local``)."""

    def callback(**values: object) -> None:
        context = click.get_current_context()
        take_common(context, values)
        if context.invoked_subcommand is None:
            if context.obj.wants_json:
                known = ", ".join(one.name or "" for one in commands)
                raise click.UsageError(f"The command is missing: known are {known}.", ctx=context)
            context.obj.out(context.get_help())
            context.exit(0)

    return Subcommands(name, help=help, commands=list(commands), callback=callback, add_help_option=False,
                       invoke_without_command=True, params=_common(), no_args_is_help=False)


def yes_option() -> Callable[[F], F]:
    """``--yes`` (``-y``): passed on as ``yes``."""
    return click.option("--yes", "-y", is_flag=True, help="Answer yes to every question.")


def verify_option() -> Callable[[F], F]:
    """``--verify``."""
    return click.option("--verify", is_flag=True, help="Compare with the bucket itself, not with sitepub's state.")


def allow_delete_option() -> Callable[[F], F]:
    """``--allow-delete``."""
    return click.option("--allow-delete", is_flag=True, help="Allow deleting more than half of the site.")


def allow_empty_option() -> Callable[[F], F]:
    """``--allow-empty``."""
    return click.option("--allow-empty", is_flag=True, help="Publish even when pages that had content are empty now.")


def lock_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--lock-timeout``: passed on as ``lock_timeout``, in seconds."""
    return click.option("--lock-timeout", metavar="TIME", callback=_seconds, default="0",
                        help="How long to wait while another run has the lock: 90 (seconds), 5m, 1h.")


_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([smh]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _seconds(_context: click.Context, _param: click.Parameter, value: str) -> float:
    found = _TIME.fullmatch(value.strip().lower())
    if found is None:
        raise click.BadParameter(f"{value!r} is not a time: write seconds, or 5m, or 1h")
    return float(found[1]) * _UNITS[found[2]]


def help_option() -> click.Option:
    """``--help``, printed through the terminal like everything else."""

    def show(context: click.Context, _param: click.Parameter, wanted: bool) -> None:
        if wanted and not context.resilient_parsing:
            context.find_root().obj.out(context.get_help())
            context.exit(0)

    return click.Option(["--help", "-h"], is_flag=True, is_eager=True, expose_value=False, callback=show,
                        help="Show this message and exit.")


def take_common(context: click.Context, values: dict[str, Any]) -> None:
    """Move the common options from the values to where they act."""
    terminal: Terminal = context.obj
    terminal.debug |= bool(values.pop("debug", False))
    terminal.wants_json |= bool(values.pop("json_", False))
    terminal.quiet |= bool(values.pop("quiet", False))
    folder = values.pop("cwd", None)
    if folder is not None:
        # A --cwd of the command is read from the --cwd before it, as two calls of cd would do.
        there = context.meta.get(CWD_KEY, Path()) / folder
        if not there.is_dir():
            raise click.UsageError(f"--cwd: {folder} is a file, not a folder" if there.is_file() else
                                   f"--cwd: there is no folder {folder}", ctx=context)
        context.meta[CWD_KEY] = _without_dots(there)


def _without_dots(folder: Path) -> Path:
    """A folder that is there by its usual name. `..` after a link leads where the link leads, as for the system."""
    plain = Path(os.path.normpath(folder.absolute()))
    return plain if plain.exists() and plain.samefile(folder) else folder.resolve()


def _run(context: click.Context, values: dict[str, Any]) -> Run:
    take_common(context, values)
    return Run(
        terminal=context.obj,
        folder=context.meta.get(CWD_KEY) or Path.cwd(),
        environ=context.obj.environ,
        profile=values.pop("profile", None),
        stage=values.pop("stage", None),
        inputs=tuple(values.pop("inputs", ())),
        local=values.pop("local", False),
        yes=bool(values.get("yes", False)),
    )


def _shared(*, project: bool, account: bool) -> list[click.Parameter]:
    options: list[click.Parameter] = []
    if project:
        options += [
            click.Option(["--stage"], metavar="NAME", help="Stage to work on (dev, prod, ...)."),
            click.Option(["--inputs"], metavar="KEY=VALUE...", multiple=True,
                         help="Override inputs: --inputs src.dist=public region=ap-beijing."),
        ]
    if account:
        options += [
            click.Option(["--local"], is_flag=True, help="Use the embedded cloud on this computer."),
            click.Option(["--profile"], metavar="NAME", help="Credentials that sitepub login saved."),
        ]
    return options + _common()


def _common() -> list[click.Parameter]:
    return [
        click.Option(["--cwd"], metavar="DIR", help="Work in this folder."),
        click.Option(["--json", "json_"], is_flag=True, help="Print one JSON object."),
        click.Option(["--quiet", "-q"], is_flag=True, help="Print results and errors only."),
        click.Option(["--debug"], is_flag=True, help="Show details and tracebacks."),
        help_option(),
    ]


def spread_inputs(argv: Sequence[str]) -> list[str]:
    """Rewrite ``--inputs a=1 b=2`` to ``--inputs a=1 --inputs b=2``, and ``--ci github gitlab`` alike.

    After an ``--inputs`` and its value, every word that has a ``=`` and does not start with ``-`` is another
    value of it; after ``--ci`` every word that does not start with ``-``. Nothing after ``--`` is touched.
    """
    spread: list[str] = []
    words = iter(argv)
    option = ""
    for word in words:
        if word == "--":
            return [*spread, word, *words]
        if word in ("--inputs", "--ci"):
            value = next(words, None)
            if value == "--":
                return [*spread, word, value, *words]
            spread += [word] if value is None else [word, value]
            option = word
        elif option and not word.startswith("-") and ("=" in word or option == "--ci"):
            spread += [option, word]
        else:
            option = next((name for name in ("--inputs", "--ci") if word.startswith(f"{name}=")), "")
            spread.append(word)
    return spread
