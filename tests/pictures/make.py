"""Make the pictures of the docs anew: ``python -m tests.pictures.make``. A test says when the terminal's is old."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.pictures import browser
from tests.pictures.terminal import session, svg

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
TITLES = {"terminal.svg": "sitepub: plan and deploy", "releases.svg": "sitepub: a change, and back"}


def terminals() -> dict[str, str]:
    """Name of the file → picture."""
    with tempfile.TemporaryDirectory(prefix="sitepub-picture-") as folder:
        printed = session(Path(folder))
    return {name: svg(text, title) for (name, title), text in zip(TITLES.items(), printed, strict=True)}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, drawn in terminals().items():
        (PICTURES / name).write_text(drawn, encoding="utf-8", newline="\n")
    with tempfile.TemporaryDirectory(prefix="sitepub-picture-") as folder:
        browser.make(Path(folder), PICTURES)


if __name__ == "__main__":
    main()
