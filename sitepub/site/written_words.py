"""Is a part of a file name made of words, pinyin, numbers or a product's name, or is it random?"""

from __future__ import annotations

import itertools
import re

RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
"""A word or a number inside of a name."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
"""The same, where capitals before a word are no part of it: QR, Code, 1, x."""
_ONSET = re.compile(
    r"(?:[bcdfghjklmnpqrstvwxz]|bl|br|ch|cl|cr|dr|dw|fl|fr|gh|gl|gn|gr|kn|ph|pl|pr|ps|rh|sc|sh|sk|sl|sm|sn|sp|sq"
    r"|st|sw|th|tr|tw|wh|wr|zh|chr|phr|sch|scr|shr|spl|spr|str|thr)?[aeiouyv]")
"""How an English word or a Chinese one in pinyin begins, its first vowel included (``v`` stands for ü: nv, lv)."""
_CLUSTER = re.compile(r"[^aeiouyv]{4}|[aeiouy]{4}|q(?![ui])")
_FOLLOWS = {
    "a": "bcdefghiklmnoprstuvwxyz", "b": "abeilorstuy", "c": "acehiklorstuy", "d": "abdeghijlmnorsuvwy",
    "e": "abcdefghijklmnopqrstuvwxyz", "f": "aefilorstuy", "g": "aeghilmnorsuy", "h": "abeilmnorstuwy",
    "i": "abcdefgklmnopqrstuvxz", "j": "aeiou", "k": "aehilnorsuy", "l": "abcdefgiklmnopstuvy", "m": "abceilmnopsuy",
    "n": "abcdefghijklmnopqrstuvwyz", "o": "abcdefghiklmnoprstuvwxyz", "p": "aehiloprstuy", "q": "iu",
    "r": "abcdefghiklmnoprstuvwy", "s": "abcdefhiklmnopqstuwy", "t": "abcefhilmnoprstuwyz", "u": "abcdefgiklmnoprstz",
    "v": "aeiou", "w": "abdehilnorsu", "x": "aceiptu", "y": "abcdegilmnoprstuw", "z": "aehilouz"}
"""Which letters follow a letter: in at least 60 of 100,000 English words (SCOWL, as in Debian's wamerican), or in one
of the 405 syllables of pinyin."""
_ABBREVIATIONS = frozenset({
    "html", "css", "js", "json", "xml", "svg", "png", "jpg", "jpeg", "gif", "pdf", "ppt", "pptx", "xls", "xlsx", "doc",
    "docx", "txt", "zip", "sql", "mysql", "nosql", "nginx", "https", "http", "ssl", "tls", "dns", "cdn", "cms", "crm",
    "sdk", "npm", "php", "vpn", "rgb", "usb", "gps", "ktv", "wifi", "qq", "wx", "wps", "xbox", "ios", "tv", "hd", "pc",
    "ps", "ui", "ux", "vr", "ar", "db", "id", "ip", "ok"})
_ENDS = frozenset({"Ch", "Sh", "Zh", "Th", "Br", "Tr", "St"})
"""What is left of a word that was cut off at eight letters."""
PINYIN = re.compile(
    r"(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?(?:i?ao|i?ang?|i?ong|uang?|uai|[ae]i|[aeo]u?|iu|u[aioe]?|eng?|er|ie?|ing?|un"
    r"|ve?|ou)){1,8}")
_TWO_WORDS = (
    re.compile("[a-z][A-Z][a-z]{2,}"),  # iPhone, eReader
    re.compile("[A-Z]{2,4}[a-z]{4,}"),  # VIPcard
    re.compile("[A-Z]?[a-z]{4,}(?:[A-Z]{2,4}|[A-Z][a-z]{1,3})"),  # ReportPDF
    re.compile("[A-Z]?[a-z]{3,}[0-9]{1,4}[A-Z][a-z]{0,2}"))  # Mate60Pr


def is_written(text: str) -> bool:
    """Made of words and numbers: ``SemiBold``, ``Windows10``, ``v2-Final``, ``ShenZhen``, ``vivoX100``, ``Win10x64``.
    Not: ``DiwrgTda``, ``9xP-a2Qf``."""
    parts = [part for part in re.split("[-_]+", text) if part]
    if len(parts) > 1:
        return all(re.fullmatch("[A-Z]?[a-z]*|[A-Z]{2,4}|[0-9]+", part) for part in parts) and any(
            len(part) >= 3 and is_word(part) for part in parts)
    return _is_written_part(text.strip("-_"))


def _is_written_part(part: str) -> bool:
    core = re.sub(r"(?<![0-9])[0-9]+[A-Z]?$", "", part)
    runs = RUN.findall(core)
    if len(runs) <= 1 or any(form.fullmatch(core) for form in _TWO_WORDS) or PINYIN.fullmatch(core.lower()):
        return True
    if core.isalpha() and len(runs) > 2:
        return all(is_word(run) for run in runs[:-1]) and all(run.istitle() for run in runs[1:-1]) and (
            len(runs[-1]) == 1 or runs[-1] in _ENDS or is_word(runs[-1]))
    return len(runs) <= 3 and sum(len(run) == 1 for run in runs) <= 1 and all(
        run.isdigit() or len(run) == 1 or (run.isupper() and len(run) <= 4) or run in _ENDS or is_word(run)
        for run in runs)


def words_in(text: str) -> list[str]:
    """The words and numbers that a reader sees."""
    return _WORD.findall(text)


def is_word(run: str) -> bool:
    return run.lower() in _ABBREVIATIONS or _is_pronounceable(run.lower())


def _is_pronounceable(word: str) -> bool:
    """May ``word`` (lower case) be English or pinyin?"""
    return (_ONSET.match(word) is not None and _CLUSTER.search(word) is None
            and all(other in _FOLLOWS.get(one, "") for one, other in itertools.pairwise(word)))
