"""Values that were given and are empty: a variable of a script that is not set, most of the time.

``--profile ""`` does not ask for the default profile: it was to name one, and the name is missing.
"""

from __future__ import annotations

import click
from click.core import ParameterSource

MAY_BE_EMPTY = frozenset({"message"})
"""A note is free text, and none is fine."""


def refuse_empty_values(context: click.Context) -> None:
    """Raises click.UsageError for an option or argument of the command line whose value is empty."""
    if context.resilient_parsing:  # the shell completes a line that is not whole
        return
    for param in context.command.params:
        name = param.name or ""
        if name in MAY_BE_EMPTY or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params.get(name)
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, str) and not one.strip() for one in values):
            raise click.UsageError(_words(param, context), ctx=context)


def _words(param: click.Parameter, context: click.Context) -> str:
    form = param.make_metavar(context).strip("[]").removesuffix("...").rstrip("]")
    if isinstance(param, click.Option):
        option = max(param.opts, key=len)
        return f"The value of {option} is empty: write {option} {form}, or leave {option} out."
    return f"{form} is empty: write it" + ("." if param.required else ", or leave it out.")
