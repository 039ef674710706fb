"""``sitepub schema``: the JSON Schema of serverless.yml, for editors, and those of answers, for programs."""

from __future__ import annotations

import click

from sitepub.cli.options import Run, command

OUTPUT_NAMES = ("error", "plan", "deploy", "rollback", "promote", "remove", "info", "releases", "diff", "stages",
                "previews", "check", "logs", "prune", "init", "mark", "traffic", "unlock", "purge", "warm", "certs",
                "whoami", "doctor")


@command()
@click.option("--output", type=click.Choice(OUTPUT_NAMES),
              help="Print the schema of what this command prints with --json instead.")
def schema(run: Run, output: str | None) -> None:
    """Print the JSON Schema of serverless.yml.

    With it editors complete keys and mark mistakes: sitepub schema > serverless.schema.json
    """
    import json

    if output is not None:
        from sitepub.cli.schemas.outputs import output_schema

        found = output_schema(output)
    else:
        from sitepub.config.schema import json_schema

        found = json_schema()
    run.terminal.out(json.dumps(found, indent=2, ensure_ascii=False))
