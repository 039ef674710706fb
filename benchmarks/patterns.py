"""Every regular expression of sitepub against text made to be slow for it: time must grow with the text, no faster.

    python -m benchmarks.patterns                 # all: growth from 100 kB to 1 MB
    python -m benchmarks.patterns terminal        # those of one room or file

The expressions are found in the source, and the hostile texts are made from each one's own structure: for every
repetition in it, what comes before it once, then what it repeats many times, with an end that cannot match; the same
beginning again and again; runs without a beginning. A new expression is looked at without being listed anywhere;
one that is put together at run time stands in :data:`~benchmarks.expressions.MADE_AT_RUN_TIME` with examples.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.expressions import Used, expressions, unresolved

_CHARS = "a0A -_.:/\"'\\\n\t<>=%&;,+*[({$@#~\x1b\u00e9"
_PUMPS = 5
_UNBOUNDED = 40
"""A repetition of at least so many is worth pumping."""


# -- hostile texts -----------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Attack:
    """A text of any length: ``before``, then ``unit`` again and again, then ``after``."""

    before: str
    unit: str
    after: str

    def text(self, size: int, like: str | bytes) -> Any:
        text = self.before + self.unit * (size // len(self.unit)) + self.after
        return text.encode("latin-1", "replace") if isinstance(like, bytes) else text


def attacks(used: Used) -> list[Attack]:
    """What is made to be slow for the expression, from its own structure."""
    parser: Any = importlib.import_module("re._parser")
    return list(dict.fromkeys(attack for attack in _attacks(parser.parse(used.pattern, used.flags)) if attack.unit))


def _attacks(tree: Any) -> Iterator[Attack]:
    whole = _example(tree) or "a"
    yield Attack("", whole, "\x00")
    yield Attack("", whole, "\n\x00")
    after = " " + whole.lstrip("a0-+._") + "\x00"
    for before, pumps in _repetitions(tree, ""):
        for pump in pumps:
            yield Attack(before, pump, "\x00")
            yield Attack(before, pump, "\n")
            yield Attack("", pump, "\x00")
            yield Attack("", before + pump, "\x00")
            yield Attack("", before + pump * 50, "\x00")
        # A word boundary in every second place, and the other ways of two characters to take turns.
        for pump in pumps[1:]:
            yield Attack(before, pumps[0] + pump, "\x00")
            yield Attack("", pumps[0] + pump, after)


def _repetitions(tree: Any, before: str) -> Iterator[tuple[str, list[str]]]:
    """For each long repetition: an example of what comes before it, and what it may repeat."""
    for operator, value in tree:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = value
            if most >= _UNBOUNDED:
                yield before, _pumps(body)
            yield from _repetitions(body, before)
        elif name == "SUBPATTERN":
            yield from _repetitions(value[3], before)
        elif name == "ATOMIC_GROUP":
            yield from _repetitions(value, before)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _repetitions(branch, before)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _repetitions(value[1], before)
        before += _example([(operator, value)])


def _pumps(body: Any) -> list[str]:
    items = list(body)
    if len(items) == 1:
        chars = [char for char in _CHARS if _accepts(items[0], char)]
        if chars:
            return chars[:_PUMPS] + [char for char in chars[_PUMPS:] if char in "\"'\\/\n <"]
    found = [_example(body)]
    if len(items) == 1 and str(items[0][0]) in ("SUBPATTERN", "BRANCH"):
        inner = items[0][1][3] if str(items[0][0]) == "SUBPATTERN" else body
        for operator, value in inner:
            if str(operator) == "BRANCH":
                found += [_example(branch) for branch in value[1]]
                for branch in value[1]:
                    if len(list(branch)) == 1:
                        found += [char for char in _CHARS if _accepts(next(iter(branch)), char)][:_PUMPS]
    return [pump for pump in dict.fromkeys(found) if pump]


def _example(tree: Any) -> str:
    """A short text that the expression takes, as far as that can be told without trying."""
    text = ""
    for operator, value in tree:
        name = str(operator)
        if name == "LITERAL":
            text += chr(value)
        elif name in ("IN", "NOT_LITERAL", "ANY", "CATEGORY"):
            text += next((char for char in _CHARS if _accepts((operator, value), char)), "a")
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = value
            text += _example(body) * min(max(least, 1 if most > 1 else 0), 200)
        elif name == "SUBPATTERN":
            text += _example(value[3])
        elif name == "ATOMIC_GROUP":
            text += _example(value)
        elif name == "BRANCH":
            text += _example(value[1][0])
        elif name == "ASSERT" and value[0] == -1:
            text += _example(value[1])
    return text


def _accepts(item: tuple[Any, Any], char: str) -> bool:
    name, value = str(item[0]), item[1]
    if name == "LITERAL":
        return chr(value) == char
    if name == "NOT_LITERAL":
        return chr(value) != char
    if name == "ANY":
        return char != "\n"
    if name == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    if name == "CATEGORY":
        kind = str(value).removeprefix("CATEGORY_")
        inside = {"DIGIT": char.isdigit(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
        return inside[kind] if kind in inside else not inside[kind.removeprefix("NOT_")]
    if name == "IN":
        negated = any(str(operator) == "NEGATE" for operator, _ in value)
        return bool(negated != any(_accepts(each, char) for each in value if str(each[0]) != "NEGATE"))
    if name == "SUBPATTERN":
        items = list(value[3])
        return len(items) == 1 and _accepts(items[0], char)
    return False


# -- time --------------------------------------------------------------------------------------------------------

def is_bounded(used: Used) -> bool:
    """Nothing in it repeats without a limit: from each place of a text it looks at a limited number of characters."""
    parser: Any = importlib.import_module("re._parser")
    return bool(parser.parse(used.pattern, used.flags).getwidth()[1] <= _NARROW)


_NARROW = 40
"""Characters, and nothing nested in them can take long."""


def slow(used: Used) -> str | None:
    """Why the expression is not linear: the first text whose time grows faster than its length; or ``None``.

    Small texts come first, so that an exponential one ends too; a text that takes less than a millisecond at 4,000
    characters is not looked at again."""
    for use, run in () if is_bounded(used) else used.runs():
        texts = attacks(used)
        for size, most in ((24, 0.02), (200, 0.02), (800, 0.02), (_SMALL, 0.001)):
            for attack in texts:
                took = _time(run, attack.text(size, used.pattern), most)
                if took <= most:
                    continue
                if size == _SMALL and _time(run, attack.text(4 * size, used.pattern), 8.9 * took) < 9 * took:
                    continue
                return f"{used.place}: {use} of {size:,} characters takes {took:.3f} s: {attack}"
    return None


def growth(used: Used, attack: Attack, run: Callable[[Any], object]) -> tuple[float, float]:
    """Seconds for 100 kB and for 1 MB; the latter is not tried where ten times the former would be little."""
    before = _time(run, attack.text(100_000, used.pattern), 0.002)
    return before, _time(run, attack.text(1_000_000, used.pattern), 1.0) if before > 0.002 else 0.0


_SMALL = 4_000


def _time(run: Callable[[Any], object], text: Any, enough: float = 0.0) -> float:
    """Seconds of processor time, the least of three runs; of one when that is ``enough``."""
    times = []
    for _ in range(3):
        began = time.process_time()
        run(text)
        times.append(time.process_time() - began)
        if times[-1] <= enough:
            break
    return min(times)


def main() -> int:
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    worst: list[tuple[float, str]] = []
    bad = unresolved()
    for used in expressions(only):
        reason = slow(used)
        for _, run in used.runs() if reason is None else ():
            for attack in attacks(used):
                before, after = growth(used, attack, run)
                worst.append((after, f"{used.place}  {attack.before[:30]!r} + {attack.unit[:30]!r} * n"))
                if before > 0.002 and after > 30 * before:
                    reason = f"{used.place}: {after / before:.0f} times the time for ten times the text: {attack}"
        if reason is not None:
            bad.append(reason)
            print("NOT LINEAR", reason, flush=True)
    print(f"{len(worst)} hostile texts; the slowest of 1 MB:")
    for seconds, place in sorted(worst, reverse=True)[:10]:
        print(f"  {seconds * 1000:8.1f} ms  {place}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
