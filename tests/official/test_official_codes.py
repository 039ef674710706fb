"""Error codes that the program compares with, or that the embedded cloud sends, are codes of the real services."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from tests.official import exceptions
from tests.official.judge import is_official
from tests.official.models import PRODUCTS, model

PACKAGE = Path(__file__).parents[2] / "sitepub"
_KINDS = sorted({code.partition(".")[0] for product in PRODUCTS for code in model(product).errors}
                | {code.partition(".")[0] for code in exceptions.COMMON_ERRORS})
_CODE = re.compile(rf"(?:{'|'.join(_KINDS)})(?:\.[A-Za-z0-9_]+)+\Z")
FILES = sorted(PACKAGE.rglob("*.py"))


@functools.cache
def codes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.match(node.value)}


def test_there_are_codes_to_check() -> None:
    assert len({code for path in FILES for code in codes(path)}) > 100


def test_every_error_code_is_one_of_the_cloud() -> None:
    invented = []
    for path in FILES:
        product = path.stem.partition("_")[0] if path.parent.name == "cloud_api" else ""
        judges = (product,) if product in PRODUCTS else PRODUCTS
        # Some are beginnings: "InvalidParameter.Cdn" stands for all of the CDN's own.
        invented += [f"{path.relative_to(PACKAGE)}: {code}" for code in sorted(codes(path)) if not any(
            is_official(one, code) or any(known.startswith(code) for known in model(one).errors) for one in judges)]
    assert not invented, "codes that no list has"
