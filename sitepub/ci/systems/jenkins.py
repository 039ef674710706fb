"""Jenkins: a declarative pipeline for a multibranch project (jenkins.io/doc/book/pipeline/syntax). Of a request that is
closed it has no event: its preview goes when it expires."""

from __future__ import annotations

from sitepub.ci.project_facts import ProjectFacts
from sitepub.ci.systems.script import missing_lines, script


def files(facts: ProjectFacts, name: str) -> dict[str, str]:
    shell = _shell(script(facts, tools="$WORKSPACE_TMP/sitepub-tools"))
    branches = _when(facts)
    lines = [
        "pipeline {",
        "    agent any // with Python 3.11 or newer",
        "    options {",
        "        disableConcurrentBuilds() // runs of one branch queue",
        "    }",
        "    stages {",
        f"        stage('{name}') {{",
        "            when {",
        *branches,
        "            }",
        "            environment { // two credentials of the kind Secret text",
        "                TENCENTCLOUD_SECRET_ID = credentials('tencentcloud-secret-id')",
        "                TENCENTCLOUD_SECRET_KEY = credentials('tencentcloud-secret-key')",
        "            }",
        "            steps {",
        *(line.replace("#", "//", 1) for line in missing_lines(facts, "                ")),
        *shell,
        "            }",
        "        }",
        f"        stage('{name}, of a fork') {{",
        "            when {",
        "                expression { env.CHANGE_FORK != null } // no keys: it is built, and nothing else",
        "            }",
        "            steps {",
        *shell,
        "            }",
        "        }",
        "    }",
        "}",
    ]
    return {"Jenkinsfile": "\n".join(lines) + "\n"}


def _when(facts: ProjectFacts) -> list[str]:
    own = "                expression { env.CHANGE_FORK == null }"
    if not facts.branches:
        return [own]
    names = ", ".join(f"'{_groovy(one)}'" for one in facts.branches)
    return [own, f"                expression {{ env.CHANGE_ID != null || env.BRANCH_NAME in [{names}] }}"]


def _shell(commands: list[str]) -> list[str]:
    return ["                sh '''", "                    set -e",
            *(f"                    {_groovy(line)}" for line in commands), "                '''"]


def _groovy(text: str) -> str:
    """Within single quotes of Groovy."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
