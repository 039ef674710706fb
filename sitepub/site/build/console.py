"""The encoding in which programs of this computer print what is no UTF-8.

On Windows a program that prints into a pipe takes the code page of the console (Python and Node take others, but they
print UTF-8 or the ANSI code page), elsewhere the locale's. Chinese texts are read as GB18030, which holds GBK and
GB2312, and it is also the guess where nothing is known: that is what most of the tools' users have.
"""

from __future__ import annotations

import codecs
import locale
import sys

_DEFAULT = "gb18030"
_CHINESE = {"gbk", "gb2312", "gb18030"}
_SAYS_NOTHING = {"utf-8", "ascii"}


def other_encoding() -> str:
    """The name of a codec of Python."""
    return of_code_pages(_console_code_page(), locale.getencoding())


def of_code_pages(console: int, ansi: str) -> str:
    """``console``: as GetConsoleOutputCP() answers, 0 without a console and on other systems;
    ``ansi``: the name of the system's own."""
    return of_names(f"cp{console}" if console else "utf-8", ansi)


def of_names(*names: str) -> str:
    """The first of these encodings that Python knows and that is not UTF-8 or ASCII."""
    for name in names:
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            continue
        if codec not in _SAYS_NOTHING:
            return _DEFAULT if codec in _CHINESE else codec
    return _DEFAULT


def _console_code_page() -> int:
    if sys.platform == "win32":
        import ctypes

        return int(ctypes.windll.kernel32.GetConsoleOutputCP())
    else:  # noqa: RET505 - so that the type checker sees each system's own
        return 0
