"""Gitee Go (help.gitee.com/gitee-go/pipeline). Of a request that is closed it has no event: its preview goes when it
expires. Pushes and requests are two pipelines, because all of the triggers of one have to fit."""

from __future__ import annotations

from sitepub.ci.project_facts import ProjectFacts
from sitepub.ci.systems.script import missing_lines, quoted, script


def files(facts: ProjectFacts, name: str) -> dict[str, str]:
    return {f".workflow/{name}.yml": _pipeline(facts, name, "push"),
            f".workflow/{name}-request.yml": _pipeline(facts, f"{name}-request", "pr")}


def _pipeline(facts: ProjectFacts, name: str, event: str) -> str:
    matching = ["      precise:", *(f"        - {quoted(one)}" for one in facts.branches)] if facts.branches else [
        "      prefix: # every branch", "        - ''"]
    lines = [
        "version: '1.0'",
        f"name: {name}",
        f"displayName: {name}",
        "triggers:",
        "  trigger: auto",
        f"  {event}:",
        "    branches:",
        *matching,
        "strategy:",
        "  blocking: true # runs queue",
        "# keys: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY as variables of the pipeline, set in the console",
        "stages:",
        f"  - name: {name}",
        f"    displayName: {quoted(facts.title)}",
        "    strategy: naturally",
        "    trigger: auto",
        "    steps:",
        "      - step: build@python",
        f"        name: {name}",
        "        displayName: sitepub",
        "        pythonVersion: '3.12'",
        "        commands:",
        *missing_lines(facts, "          "),
        "          - set -e",
        *(f"          - {quoted(line)}" for line in script(facts)),
        *(["        caches:", f"          - ~/{facts.cache}"] if facts.cache == ".npm" else []),
    ]
    return "\n".join(lines) + "\n"
