"""GitLab CI (docs.gitlab.com/ci/yaml)."""

from __future__ import annotations

from sitepub.ci.project_facts import ProjectFacts
from sitepub.ci.systems.script import closing, missing_lines, quoted, script


def files(facts: ProjectFacts, name: str) -> dict[str, str]:
    if facts.branches:
        branch = " || ".join(f"$CI_COMMIT_BRANCH == {quoted(one)}" for one in facts.branches)
    else:
        branch = "$CI_COMMIT_BRANCH"
    request = '$CI_PIPELINE_SOURCE == "merge_request_event"'
    lines = [
        "workflow:",
        "  rules:",
        f"    - if: {_rule(request)}",
        f"    - if: {_rule(branch)}",
        f".{name}:",
        "  image: python:3.13",
        "  id_tokens: # the keys come from STS, see docs/ci.md of sitepub",
        "    SITEPUB_ID_TOKEN:",
        "      aud: sitepub",
        *_cache(facts),
        "  script:",
        *missing_lines(facts, "    "),
        *(f"    - {quoted(line)}" for line in script(facts)),
        f"{name}:",
        f"  extends: .{name}",
        "  rules:",
        f"    - if: {_rule(branch)}",
        f"  resource_group: {name}/$CI_COMMIT_REF_SLUG # runs of one stage queue",
        f"{name}-request:",
        f"  extends: .{name}",
        "  rules:",
        f"    - if: {_rule(request)}",
        f"  resource_group: {name}/request-$CI_MERGE_REQUEST_IID",
        "  environment:",
        f"    name: {name}/request-$CI_MERGE_REQUEST_IID",
        f"    on_stop: {name}-closed",
        "    auto_stop_in: 30 days",
        f"{name}-closed: # when the request is merged or closed, its preview goes",
        f"  extends: .{name}",
        "  rules:",
        f"    - if: {_rule(request)}",
        "      when: manual",
        "      allow_failure: true",
        f"  resource_group: {name}/request-$CI_MERGE_REQUEST_IID",
        "  environment:",
        f"    name: {name}/request-$CI_MERGE_REQUEST_IID",
        "    action: stop",
        "  script:",
        *(f"    - {quoted(line)}" for line in closing(facts)),
    ]
    return {".gitlab-ci.yml": "\n".join(lines) + "\n"}


def _rule(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _cache(facts: ProjectFacts) -> list[str]:
    if facts.cache is None:
        return []
    key = [f"    key: {{files: [{quoted(facts.lock)}]}}"] if facts.lock is not None else [f"    key: {facts.manager}"]
    return ["  variables:", f'    {facts.cache_variable}: "$CI_PROJECT_DIR/{facts.cache}"', "  cache:", *key,
            f"    paths: [{facts.cache}/]"]
