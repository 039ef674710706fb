"""How much a run does: ``tests/run --quick``, the usual, ``tests/run --long``. All tests read it here.

The variable SITEPUB_TESTS holds it ("quick" or "long"; without it, the usual), so that every process of a run knows.
"""

from __future__ import annotations

import os
from typing import Literal, get_args

Amount = Literal["quick", "usual", "long"]
VARIABLE = "SITEPUB_TESTS"


def chosen(value: str) -> Amount:
    """Raises ValueError for another word: a run that silently does less than was asked for proves nothing."""
    for amount in get_args(Amount):
        if value == amount:
            return amount  # type: ignore[no-any-return]
    raise ValueError(f"{VARIABLE} is {value!r}, and may be {', '.join(get_args(Amount))}")


AMOUNT = chosen(os.environ.get(VARIABLE, "") or "usual")


def times(usual: int, *, quick: int | None = None, long: int | None = None) -> int:
    """How many examples, seeds or rounds to try. Unless given: a fifth in a quick run, tenfold in a long one."""
    counts: dict[Amount, int] = {"quick": max(1, usual // 5) if quick is None else quick, "usual": usual,
                                 "long": usual * 10 if long is None else long}
    return counts[AMOUNT]
