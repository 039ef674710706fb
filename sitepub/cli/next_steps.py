"""What a program may run next: commands, as lists of words, in every answer of ``--json``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Words = list[str]

_WITH_VALUE = ("--cwd", "--profile", "--stage", "--inputs")
_PROJECT = ("--cwd", "--profile", "--stage", "--inputs", "--local")
_ACCOUNT = ("--cwd", "--profile", "--local")
_FLAGS: Mapping[str, tuple[str, ...]] = {
    "login": ("--cwd", "--profile"), "whoami": _ACCOUNT, "doctor": _ACCOUNT, "local": ("--cwd",), "init": ("--cwd",)}
"""Options that go with a command from one to the next; of all others: :data:`_PROJECT`."""
_AFTER: Mapping[str, tuple[Words, ...]] = {
    "deploy": (["info"], ["releases"], ["rollback", "--dry-run"]), "rollback": (["info"],), "promote": (["info"],),
    "info": (["plan"], ["releases"]), "releases": (["diff"], ["rollback", "--dry-run"]), "check": (["plan"],),
    "diff": (["releases"],), "mark": (["releases"],), "unlock": (["plan"],), "stages": (["info"],),
    "prune": (["stages"],), "previews": (["info"],), "certs": (["info"],), "purge": (["info"],), "warm": (["info"],),
    "remove": (["plan"],), "login": (["whoami"], ["plan"]), "logout": (["login"],), "whoami": (["plan"],),
    "doctor": (["plan"],), "logs": (["info"],), "local": (["deploy", "--local"],), "ci": (["info"],),
    "dev": (["info"],), "traffic": (["traffic"], ["rollback", "--dry-run"]),
}
_BY_CODE: Mapping[int, tuple[Words, ...]] = {3: (["login"], ["whoami"])}
"""Exit code of an error without a command in its hint → commands."""
_ENDS = ".,;:)"
"""What may stand behind a command in a sentence."""


def completing(words: Sequence[str], commands: Mapping[str, object]) -> Callable[[Any], Any]:
    """Adds ``next`` to an answer of the command line ``words``. ``commands``: all there are."""
    def complete(value: Any) -> Any:
        if not isinstance(value, dict) or "version" not in value or "next" in value:
            return value
        return {**value, "next": next_steps(value, words, commands)}

    return complete


def next_steps(value: Mapping[str, Any], words: Sequence[str], commands: Mapping[str, object]) -> list[Words]:
    """Without repetitions; the most sensible first."""
    name = _command_of(words, commands)
    error = value.get("error")
    if isinstance(error, Mapping):
        found = [_complete(one, words) for one in error.get("hint_commands") or ()]
        if "run the same command again" in str(error.get("hint") or ""):
            found.append(["sitepub", *words])
        return _once(found)
    if name == "plan":
        return [] if value.get("refusal") else [
            _complete(["sitepub", "info" if value.get("status") == "unchanged" else "deploy"], words)]
    preview = value.get("preview")
    if name == "deploy" and isinstance(preview, Mapping) and preview.get("name"):
        return [_complete(["sitepub", "promote", "--preview", str(preview["name"])], words)]
    return _once([_complete(["sitepub", *one], words) for one in _AFTER.get(name, ())])


def commands_in(hint: str | None, commands: Mapping[str, object], exit_code: int = 0) -> list[Words]:
    """The commands of sitepub that a hint names and that can be run as they are. Where it names none, what such an
    error is cured with."""
    found = []
    parts = (hint or "").split("sitepub ")
    for before, rest in pairwise(parts):
        command = _words(rest.partition("`")[0].split(), commands, whole=before.endswith((": ", "`")))
        if command:
            found.append(["sitepub", *command])
    if not found and "sitepub " not in (hint or ""):
        found = [["sitepub", *one] for one in _BY_CODE.get(exit_code, ())]
    return _once(found)


def _words(words: Sequence[str], commands: Mapping[str, object], *, whole: bool) -> Words:
    """The words of a command up to the sentence that goes on; none for one with a placeholder. ``whole``: behind a
    colon or a backtick, all up to a comma or the end is the command."""
    first = words[0].rstrip(_ENDS) if words else ""
    if first not in commands:
        return []
    found = [first]
    ended = first != words[0]
    for word in words[1:]:
        bare = word.rstrip(_ENDS)
        if ended or not bare:
            break
        if bare.isupper() or bare[0] in "<[…":
            return []  # to be filled in
        if not (whole or _is_argument(bare) or (len(found) == 1 and f"{first} {bare}" in _SUBCOMMANDS)):
            break
        found.append(bare)
        ended = bare != word
    return found


def _is_argument(word: str) -> bool:
    """A word behind a command that belongs to it: an option, or a value that is no English word."""
    return word.startswith("-") or any(char.isdigit() or char in "./:@=" for char in word)


_SUBCOMMANDS = frozenset({"local start", "local stop", "local status", "local reset", "local zone", "previews prune",
                          "previews open", "previews remove", "certs renew", "ci role"})


def _command_of(words: Sequence[str], commands: Mapping[str, object]) -> str:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in commands:
            return word
        else:
            skip = word in _WITH_VALUE
    return ""


def _complete(command: Sequence[str], words: Sequence[str]) -> Words:
    """With the options that say where and with which account, as they were given."""
    taken = _FLAGS.get(command[1], _PROJECT)
    found = list(command)
    at = 0
    while at < len(words):
        name, equals, _value = words[at].partition("=")
        size = 2 if name in _WITH_VALUE and not equals else 1
        if name in taken and name not in command:
            found += words[at:at + size]
        at += size
    return found


def _once(found: Sequence[Words]) -> list[Words]:
    return [one for number, one in enumerate(found) if one not in found[:number]]
