"""Rules of the CDN that apply to some paths."""

from __future__ import annotations

from sitepub.local.cloud_api.shapes import Parameter, text, texts

RULE_KINDS = ("all", "file", "directory", "path", "index")

PATH_RULE: dict[str, Parameter] = {"RuleType": text(*RULE_KINDS), "RulePaths": texts()}
