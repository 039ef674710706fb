"""What to write where a list stands for text, text for a map, and so on."""

from __future__ import annotations

import re

from sitepub.config.document import Node

_FORMS = {
    ("inputs.src.hook", "list"): "Write several commands as lines of one text: `hook: |`, and below it one command a"
                                 " line.",
    ("inputs.src.hook", "map"): "Write the command: `hook: npm run build`.",
    ("inputs.src", "list"): "Write one folder, `src: ./public`, or a map: `src: {hook: COMMAND, dist: FOLDER}`.",
    ("inputs.hosts", "text"): "Write a list: `- host: www.example.com`.",
    ("inputs.hosts", "map"): "Write a list: `- host: www.example.com`.",
    ("inputs.hosts[]", "text"): "Write `- host: www.example.com`.",
    ("inputs.hosts[].host", "list"): "Write an entry of `hosts` for each: `- host: www.example.com`.",
    ("inputs.env", "list"): "Write `NAME: value` lines, without `-` and `=`.",
    ("inputs.env", "text"): "Write `NAME: value` lines below it.",
    ("inputs.tags", "map"): "Write a list: `- {key: NAME, value: VALUE}`.",
    ("inputs.tags[]", "text"): "Write `- {key: NAME, value: VALUE}`.",
    ("inputs.cors", "map"): "Write a list: put `- ` before the first key.",
    ("inputs.lifecycle", "map"): "Write a list: put `- ` before the first key.",
    ("inputs.redirectRules", "map"): "Write a list: put `- ` before the first key.",
}
"""What stands there (the place without numbers, and what was found) → what to write."""
_COLON = "\uff1a"
_FULL_WIDTH = re.compile(r"([A-Za-z][\w-]{0,40})[ \u3000]?(\uff1a)")
_NO_SPACE = re.compile(r"([A-Za-z][\w-]{0,40})(:|\uff1a)\S")


def form_for(label: str, node: Node) -> str | None:
    """A hint for a value of the wrong kind at ``label``; ``None``: there is nothing better to say."""
    if isinstance(node.value, str) and (slip := slip_in(node)) is not None:
        return slip
    kind = {"a list": "list", "a map": "map"}.get(node.kind, "text")
    return _FORMS.get((re.sub(r"\[[0-9]+\]", "[]", label), kind))


def slip_in(node: Node) -> str | None:
    """For text where keys should be: a colon without a space behind it makes no key."""
    found = (_NO_SPACE.match(node.value) or _FULL_WIDTH.match(node.value)) if isinstance(node.value, str) else None
    if found is None or "://" in found.string[:found.end() + 1]:
        return None
    if found[2] == _COLON:
        return f"Behind `{found[1]}` stands the full-width colon U+FF1A. Type `: `, a colon and a space."
    return f"Write a space behind the colon of `{found[1]}: `."
