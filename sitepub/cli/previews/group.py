"""A command of a site that has subcommands, and does something without one: ``sitepub previews`` lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import click
from click.core import ParameterSource

from sitepub.cli.options import Subcommands


class ProjectGroup(Subcommands):
    """``first`` is what it does without a subcommand; its options are the group's."""

    def __init__(self, name: str, help: str, first: click.Command, commands: Sequence[click.Command]) -> None:
        super().__init__(name, help=help, commands=list(commands), callback=self._start, add_help_option=False,
                         invoke_without_command=True, params=first.params, no_args_is_help=False,
                         context_settings={"max_content_width": 100})
        self._first = first

    def _start(self, **values: object) -> int | None:
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            assert self._first.callback is not None
            return cast("int | None", self._first.callback(**values))
        given = [param for param in self.params if param.name is not None
                 and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE]
        if given:
            raise click.UsageError(f"{given[0].opts[0]} belongs behind the subcommand: sitepub {self.name}"
                                   f" {context.invoked_subcommand} {given[0].opts[0]} …")
        return None
