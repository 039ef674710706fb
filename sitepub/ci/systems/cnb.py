"""CNB, cnb.cool (docs.cnb.cool/zh/build: grammar, trigger rules). Of a request that is closed without a merge it has no
event: its preview goes when it expires."""

from __future__ import annotations

from sitepub.ci.project_facts import ProjectFacts
from sitepub.ci.systems.script import closing, missing_lines, quoted, script

_CACHE = "/root/site-cache"


def files(facts: ProjectFacts, name: str) -> dict[str, str]:
    pipeline = f".{name}"
    lines = [
        f"{pipeline}: &site",
        "  docker:",
        "    image: python:3.13",
        *([f"    volumes: [{_CACHE}:copy-on-write]"] if facts.cache is not None else []),
        "  lock: # runs of one branch queue",
        "    wait: true",
        "  # keys, or SITEPUB_ROLE: imports: https://cnb.cool/GROUP/SECRETS/-/blob/main/env.yml",
        *(["  env:", f"    {facts.cache_variable}: {_CACHE}"] if facts.cache is not None else []),
        "  stages:",
        f"    - name: {name}",
        "      script: |",
        *missing_lines(facts, "        "),
        "        set -e",
        *(f"        {line}" for line in script(facts)),
        f"{pipeline}-closed: &closed",
        "  docker:",
        "    image: python:3.13",
        "  stages:",
        f"    - name: {name}-closed",
        "      script: |",
        "        set -e",
        *(f"        {line}" for line in closing(facts)),
    ]
    if facts.branches:
        for branch in facts.branches:
            lines += [f"{quoted(branch)}:", "  push:", "    - *site", "  pull_request:", "    - *site",
                      "  pull_request.merged:", "    - *closed"]
    else:
        lines += ['"**":', "  push:", "    - *site", "  pull_request:", "    - *site",
                  "  pull_request.merged:", "    - *closed"]
    return {".cnb.yml": "\n".join(lines) + "\n"}
