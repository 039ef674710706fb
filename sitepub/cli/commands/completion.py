"""``sitepub completion``: the script that teaches a shell to complete sitepub's commands and options."""

from __future__ import annotations

import click

from sitepub.cli.options import Run, command


@command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(run: Run, shell: str) -> None:
    """Print a completion script for a SHELL: bash, zsh or fish.

    \b
    bash: sitepub completion bash > ~/.local/share/bash-completion/completions/sitepub
    zsh:  sitepub completion zsh > a folder in your $fpath, as _sitepub
    fish: sitepub completion fish > ~/.config/fish/completions/sitepub.fish
    """
    from click.shell_completion import get_completion_class

    from sitepub.cli.main import root

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    script = found(root(), {}, "sitepub", "_SITEPUB_COMPLETE")
    # Not script.source(): that runs the bash of this computer, and the script may be for another one.
    text = script.source_template % script.source_vars()
    if run.terminal.wants_json:
        run.terminal.json({"version": 1, "action": "completion", "status": "ok", "shell": shell, "script": text})
    else:
        run.terminal.out(text)
