"""The redirects of the website endpoint: what they lead to, and what they hide."""

from __future__ import annotations

from collections.abc import Iterator

from sitepub.check.answers import Answers, Rule
from sitepub.check.findings import Finding, Kind
from sitepub.terminal.sizes import counted

_SHOWN = 3


def about_redirects(answers: Answers, own: frozenset[str]) -> Iterator[Finding]:
    """``own``: keys of the site's files."""
    for rule in answers.website.rules:
        if rule.at_edge:
            continue
        words = _words(rule)
        if rule.replace_with is not None:
            answer = answers.of("/" + rule.replace_with.lstrip("/"))
            if answer.circle:
                yield Finding(Kind.REDIRECT, words, f"the redirect of {words} never ends", "", [], 1)
            elif answer.key is None:
                yield Finding(Kind.REDIRECT, words, f"the redirect of {words} leads to 404: there is no"
                              f" {rule.replace_with}", "", [], 1)
        elif rule.prefix is not None and (rule.replace_prefix_with or "").startswith(rule.prefix):
            yield Finding(Kind.REDIRECT, words, f"the redirect of {words} never ends", "", [], 1)
        if rule.prefix is None:
            continue
        hidden = sorted(key for key in own if key.startswith(rule.prefix) and rule.target(key) != key)
        if hidden:
            more = f" and {len(hidden) - _SHOWN:,} more" if len(hidden) > _SHOWN else ""
            files = counted(len(hidden), "file")
            yield Finding(Kind.REDIRECT, words, f"the redirect of {words} hides {files} of the site:"
                          f" {', '.join(hidden[:_SHOWN])}{more}",
                          "a redirect for a prefix comes before the files: make the prefix longer, or take it out",
                          [], 1)


def _words(rule: Rule) -> str:
    where = f"/{rule.prefix}" if rule.prefix is not None else f"what answers {rule.status}"
    if rule.replace_with is not None:
        return f"{where} to /{rule.replace_with.lstrip('/')}"
    return f"{where} to /{(rule.replace_prefix_with or '').lstrip('/')}…"
