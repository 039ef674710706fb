"""``sitepub schema``: the JSON Schema of serverless.yml, for editors."""

from __future__ import annotations

from sitepub.cli.options import Run, command


@command()
def schema(run: Run) -> None:
    """Print the JSON Schema of serverless.yml.

    With it editors complete keys and mark mistakes: sitepub schema > serverless.schema.json
    """
    import json

    from sitepub.config.schema import json_schema

    run.terminal.out(json.dumps(json_schema(), indent=2, ensure_ascii=False))
