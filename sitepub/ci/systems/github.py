"""GitHub Actions: a workflow, and the composite action that it uses.

docs.github.com: workflow syntax, metadata syntax for actions. The action of a release of sitepub is the same text; with
a copy in the repository no other repository says what is run.
"""

from __future__ import annotations

from sitepub import __version__
from sitepub.ci.project_facts import ProjectFacts
from sitepub.ci.systems.script import missing_lines, quoted

ACTION = ".github/actions/sitepub/action.yml"

_ACTION_TEXT = """\
name: sitepub
description: Publish a static site to Tencent Cloud - deploy a branch, plan and preview a pull request.
inputs:
  stage:
    description: Stage to publish to. Left out - that of the branch, by serverless.yml.
    default: ""
  command:
    description: A command of sitepub, such as "plan --verify", instead of what the event asks for.
    default: ""
  profile:
    description: A profile that `sitepub login` saved on this machine.
    default: ""
  working-directory:
    description: The folder with serverless.yml, or the one above several sites.
    default: "."
  role:
    description: The role to take (qcs::cam::uin/UIN:roleName/NAME). The job needs `permissions - id-token - write`.
    default: ""
outputs:
  url:
    description: Address of the site, or of the preview.
    value: ${{ steps.run.outputs.url }}
  release:
    description: Id of the release, when there is a new one.
    value: ${{ steps.run.outputs.release }}
  changed:
    description: '"true" when something changed (or would change), else "false".'
    value: ${{ steps.run.outputs.changed }}
  json:
    description: Everything that was done, as JSON.
    value: ${{ steps.run.outputs.json }}
runs:
  using: composite
  steps:
    - id: python
      uses: actions/setup-python@v5
      with:
        python-version: "3.13"
        update-environment: false
    - name: Install sitepub
      shell: bash
      env:
        PYTHON: ${{ steps.python.outputs.python-path }}
        SOURCE: ${{ github.action_path }}
      run: |
        if command -v sitepub >/dev/null; then exit 0; fi
        "$PYTHON" -m venv "$RUNNER_TEMP/sitepub"
        bin="$RUNNER_TEMP/sitepub/bin"
        if [ -d "$RUNNER_TEMP/sitepub/Scripts" ]; then bin="$RUNNER_TEMP/sitepub/Scripts"; fi
        if [ -f "$SOURCE/pyproject.toml" ]; then wanted="$SOURCE"; else wanted="sitepub==VERSION"; fi
        "$bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
        mkdir "$RUNNER_TEMP/sitepub/path"
        printf '#!/bin/sh\\nexec "%s/python" -m sitepub "$@"\\n' "$bin" > "$RUNNER_TEMP/sitepub/path/sitepub"
        chmod +x "$RUNNER_TEMP/sitepub/path/sitepub"
        echo "$RUNNER_TEMP/sitepub/path" >> "$GITHUB_PATH"
    - id: run
      name: Publish
      shell: bash
      working-directory: ${{ inputs.working-directory }}
      env:
        GITHUB_TOKEN: ${{ github.token }}
        SITEPUB_ROLE: ${{ inputs.role || env.SITEPUB_ROLE }}
        STAGE: ${{ inputs.stage }}
        COMMAND: ${{ inputs.command }}
        PROFILE: ${{ inputs.profile }}
      run: |
        set --
        if [ -n "$STAGE" ]; then set -- "$@" --stage "$STAGE"; fi
        if [ -n "$COMMAND" ]; then set -- "$@" --command "$COMMAND"; fi
        if [ -n "$PROFILE" ]; then set -- "$@" --profile "$PROFILE"; fi
        sitepub ci run "$@"
"""


def action() -> str:
    """``action.yml`` at the root of sitepub's repository, and in the project's."""
    return _ACTION_TEXT.replace("sitepub==VERSION", f"sitepub=={__version__}")


def files(facts: ProjectFacts, name: str) -> dict[str, str]:
    """``name``: of the workflow, different for each site of a repository."""
    return {f".github/workflows/{name}.yml": _workflow(facts, name), ACTION: action()}


def _workflow(facts: ProjectFacts, name: str) -> str:
    lines = [
        f"name: {quoted(name)}",
        "on:",
        "  push:",
        *([f"    branches: [{', '.join(map(quoted, facts.branches))}]"] if facts.branches else
          ['    branches: ["**"]']),
        "  pull_request:",
        "    types: [opened, synchronize, reopened, closed]",
        "permissions:",
        "  contents: read",
        "  id-token: write # the keys come from STS, see docs/ci.md of sitepub",
        "  pull-requests: write # the comment",
        "concurrency: # runs of one stage queue; none that publishes is cancelled",
        f"  group: {name}-${{{{ github.event.pull_request.number || github.ref }}}}",
        "  cancel-in-progress: false",
        "jobs:",
        "  site:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - uses: actions/checkout@v4",
        *_runtime(facts),
        *missing_lines(facts, "      "),
        "      - uses: ./.github/actions/sitepub",
        "        with:",
        *([f"          working-directory: {quoted(facts.folder)}"] if facts.folder != "." else []),
        "          role: ${{ vars.SITEPUB_ROLE }}",
        "        env: # only where keys are stored instead of a role",
        "          TENCENTCLOUD_SECRET_ID: ${{ secrets.TENCENTCLOUD_SECRET_ID }}",
        "          TENCENTCLOUD_SECRET_KEY: ${{ secrets.TENCENTCLOUD_SECRET_KEY }}",
    ]
    return "\n".join(lines) + "\n"


def _runtime(facts: ProjectFacts) -> list[str]:
    lines = [f"      - run: {quoted(command)}" for command in facts.before]
    if facts.node is not None:
        lines += ["      - uses: actions/setup-node@v4", "        with:"]
        lines.append(f"          node-version-file: {quoted(facts.node_file)}" if facts.node_file else
                     f"          node-version: {quoted('lts/*' if facts.node == 'lts' else facts.node)}")
        if facts.lock is not None and facts.manager != "bun":
            lines += [f"          cache: {facts.manager}", f"          cache-dependency-path: {quoted(facts.lock)}"]
        lines += _steps(facts.install)
    if facts.python:
        lines += ["      - uses: actions/setup-python@v5", "        with:", '          python-version: "3.13"']
        lines += _steps(facts.python)
    return lines


def _steps(commands: tuple[tuple[str, str], ...]) -> list[str]:
    return [line for folder, command in commands for line in (
        f"      - run: {quoted(command)}",
        *([f"        working-directory: {quoted(folder)}"] if folder != "." else []))]
