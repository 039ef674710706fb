"""Reads `_redirects` (Netlify, Cloudflare Pages): a rule a line. Pure.

    from [key=value …] to [status[!]] [Condition=value …] [# comment]
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from sitepub.errors import Position, Problem
from sitepub.site.address_rules.addresses import SPLAT, Address, captured, read_address
from sitepub.site.address_rules.lines import Line, Token, lines_of

REDIRECTS = (301, 302, 303, 307, 308)
STATUSES = (200, *REDIRECTS, 404, 410)
UNSAID = 301
"""Of a rule without a status: Netlify's. Cloudflare Pages takes 302."""
MOST = 10_000
"""Rules. Cloudflare Pages takes 2,100; from 10,000 on Netlify advises against it."""
MOST_DYNAMIC = 500
"""Rules with a splat or a placeholder. Cloudflare Pages takes 100."""
_STATUS = re.compile(r"([0-9]{3})(!?)")
_URL = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_CONDITIONS = ("Country", "Language", "Role", "Cookie", "Sign", "Signed")


@dataclass(frozen=True, slots=True)
class RedirectLine:
    """One rule."""

    address: Address
    to: str
    """As it was written: ``/path`` or ``https://…``, with placeholders; "" for a status that needs none."""
    status: int
    force: bool
    """It counts although a file answers at the address."""
    said: bool
    """The status is written."""
    query: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...]
    """As they were written: ``Country=de``."""
    position: Position
    line: Line

    @property
    def redirects(self) -> bool:
        return self.status in REDIRECTS

    @property
    def external(self) -> bool:
        return not self.to.startswith("/")

    def __str__(self) -> str:
        return f"{self.address} {self.to}".rstrip() + f" {self.status}{'!' if self.force else ''}"


def read_redirects(text: str, file: str) -> tuple[list[RedirectLine], list[Problem]]:
    """The rules of a file named ``file``, and every mistake in it. Raises nothing."""
    problems: list[Problem] = []
    rules: list[RedirectLine] = []
    dynamic = 0
    for line in lines_of(text, file, problems):
        if len(rules) == MOST:
            problems.append(Problem(f"there are more than {MOST:,} rules", line.at(),
                                    "a rule with a splat, as in `/old/* /new/:splat`, replaces many"))
            break
        rule = _rule(line, problems)
        if rule is not None:
            rules.append(rule)
            dynamic += not rule.address.exact
        if dynamic > MOST_DYNAMIC:
            problems.append(Problem(f"there are more than {MOST_DYNAMIC} rules with `*` or `:name`", line.at(),
                                    "a shorter address with a splat, as in `/old/* /new/:splat`, replaces many"))
            break
    return rules, problems


def _rule(line: Line, problems: list[Problem]) -> RedirectLine | None:
    tokens = line.tokens()
    comment = next((at for at, one in enumerate(tokens) if at and one.text.startswith("#")), len(tokens))
    first, *rest = tokens[:comment]
    address = read_address(first.text, line, first.column, problems)
    if address is None:
        return None
    if not rest:
        problems.append(Problem(f"`{first.text[:80]}` has no destination", line.at(),
                                "write it behind the address: /old /new 301"))
        return None
    status_first = _STATUS.fullmatch(rest[0].text)
    at = None if status_first else next((n for n, one in enumerate(rest) if _is_target(one.text)), None)
    if at is None and not status_first:
        near = next((one for one in rest if "=" not in one.text), rest[0])
        problems.append(Problem(f"the destination `{near.text[:80]}` begins with neither `/` nor `https://`",
                                line.at(near.column), f"did you mean /{near.text.lstrip('./')[:80]}?"
                                if near.text[:1] not in "\"'" else "take the quotes away"))
        return None
    query = _query(rest[:at or 0], line, problems)
    to = rest[at] if at is not None else Token("", 0)
    if to.text.startswith("//"):
        problems.append(Problem(f"the destination `{to.text[:80]}` has a host and no scheme", line.at(to.column),
                                f"did you mean https:{to.text[:80]}?"))
        return None
    status = _status(rest[at + 1:] if at is not None else rest, line, problems)
    if query is None or status is None:
        return None
    number, force, said, conditions = status
    if at is None and number == 200 and address.prefix is not None:
        to = Token(address.path[:-1] + ":splat", 0)  # what is there is served as it is
    elif at is None and number not in (404, 410):
        problems.append(Problem(f"`{first.text[:80]}` has no destination", line.at(rest[0].column),
                                f"write it before the status: {first.text[:40]} /new {rest[0].text}"))
        return None
    known = {*address.names, *(name for _key, value in query for name in captured(value))}
    unknown = [one for one in captured(_path_of(to.text)) if one not in known]
    if unknown:
        what = "`*`" if unknown[0] == SPLAT else f"`:{unknown[0]}`"
        problems.append(Problem(f"the destination takes `:{unknown[0]}`, and the address has no {what}",
                                line.at(to.column + to.text.find(f":{unknown[0]}"))))
        return None
    rule = RedirectLine(address, to.text, number, force, said, query, conditions, line.at(), line)
    if rule.redirects and not query and to.text in (str(address), address.path):
        problems.append(Problem(f"`{first.text[:80]}` redirects to itself", line.at(to.column)))
        return None
    return rule


def _is_target(text: str) -> bool:
    return text.startswith("/") or _URL.match(text) is not None


def _path_of(target: str) -> str:
    """Without scheme and port, whose colons begin no placeholder."""
    return target if target.startswith("/") else target.partition("://")[2]


def _query(tokens: list[Token], line: Line, problems: list[Problem]) -> tuple[tuple[str, str], ...] | None:
    found = []
    for token in tokens:
        key, equals, value = token.text.partition("=")
        if not (key and equals and value):
            problems.append(Problem(f"`{token.text[:80]}` is neither a query parameter nor a destination",
                                    line.at(token.column), "a parameter is written as id=7 or id=:id, a destination"
                                    " begins with `/` or `https://`"))
            return None
        found.append((key, value))
    return tuple(found)


def _status(tokens: list[Token], line: Line, problems: list[Problem]
            ) -> tuple[int, bool, bool, tuple[str, ...]] | None:
    if not tokens:
        return UNSAID, False, False, ()
    first = tokens[0]
    found = _STATUS.fullmatch(first.text)
    if found is None:
        problems.append(Problem(f"`{first.text[:80]}` is not a status", line.at(first.column),
                                "write the status before the conditions: 302 Country=de" if "=" in first.text else
                                "a status has three digits, as in 301, and perhaps a `!`"))
        return None
    number = int(found[1])
    if number not in STATUSES:
        problems.append(Problem(f"the status {number} is not possible", line.at(first.column),
                                f"those that are: {', '.join(map(str, STATUSES))}"))
        return None
    for token in tokens[1:]:
        name, equals, value = token.text.partition("=")
        if not (equals and value) or name.title() not in _CONDITIONS:
            near = difflib.get_close_matches(name.title(), _CONDITIONS, 1, 0.6)
            problems.append(Problem(f"`{token.text[:80]}` is not a condition", line.at(token.column),
                                    f"did you mean {near[0]}=…?" if near else
                                    "those that are: Country=, Language=, Role=, Cookie=; a comment begins with `#`"))
            return None
    return number, bool(found[2]), True, tuple(token.text for token in tokens[1:])
