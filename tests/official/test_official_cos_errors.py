"""Error codes of COS that the program compares with, or that the embedded cloud sends, have a source."""

from __future__ import annotations

import ast
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sitepub.local.base.errors import ERRORS
from sitepub.tencent.errors_from_cloud import Asked, error_from
from tests.official import exceptions
from tests.official.cos_exceptions import EMBEDDED, READ, S3, SENT
from tests.official.models import PRODUCTS, model
from tests.official.test_official_codes import FILES, PACKAGE

LIST: Mapping[str, list[int]] = json.loads(
    Path(__file__).with_name("cos_errors.json").read_text(encoding="utf-8"))["errors"]
LOCAL = PACKAGE / "local"
CLOUD_API = exceptions.COMMON_ERRORS | {
    code.partition(".")[0] for product in PRODUCTS for code in model(product).errors}


@dataclass(frozen=True)
class Codes:
    """The codes in one file of the source."""

    sent: Mapping[str, int]
    compared: frozenset[str]
    own: frozenset[str]


@functools.cache
def codes_of(path: Path) -> Codes:
    """Read once; the tree is not kept, because a worker would carry all of them to its end."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if LOCAL in path.parents:
        return Codes(sent(tree), frozenset(), frozenset())
    return Codes({}, compared(tree), own(tree))


def all_codes() -> Mapping[Path, Codes]:
    return {path: codes_of(path) for path in FILES}


def texts(node: ast.AST | None) -> Iterator[str]:
    """The texts in an expression; of a table, its keys, those of ``**dict.fromkeys(…)`` among them."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from texts(value.args[0] if key is None and isinstance(value, ast.Call) else key)
    elif node is not None:
        yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def sent(tree: ast.Module) -> dict[str, int]:
    """Codes that the embedded cloud makes an error of, with the status they are sent with."""
    found = {}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ServiceError" and call.args:
            given, code_of = next((one.value for one in call.keywords if one.arg == "status"), None), call.args[0]
            choices = [code_of.body, code_of.orelse] if isinstance(code_of, ast.IfExp) else [code_of]
            for code in [code for choice in choices for code in texts(choice)]:
                fixed = given.value if isinstance(given, ast.Constant) else 0
                found[code] = int(str(fixed)) or ERRORS.get(code, (400, ""))[0]
    return found


def compared(tree: ast.Module) -> frozenset[str]:
    """What an error's code is compared with, or looked up in."""
    names: dict[str, ast.expr | None] = {}
    for one in tree.body:
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            names[one.targets[0].id] = one.value
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            names[one.target.id] = one.value
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in (
                "startswith", "get"):
            sides = [node.func.value, *node.args]
        else:
            continue
        for side in (one for one in sides if is_code(one)):
            for other in sides:
                if other is not side:
                    found.update(texts(names.get(other.id) if isinstance(other, ast.Name) else other))
                    if not isinstance(other, ast.Name):  # a set that names constants
                        found.update(text for one in ast.walk(other) if isinstance(one, ast.Name)
                                     for text in texts(names.get(one.id)))
    return frozenset(found - {""})


def is_code(node: ast.expr) -> bool:
    """``code``, or ``error.code``."""
    if isinstance(node, ast.Attribute | ast.Name):
        return (node.attr if isinstance(node, ast.Attribute) else node.id) == "code"
    # Rarely anything else: ``not error.code``. To write it as text takes long.
    return not isinstance(node, ast.Constant | ast.Call) and ast.unparse(node).endswith(".code")


def own(tree: ast.Module) -> frozenset[str]:
    """Codes that sitepub gives its own errors."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "code":
            found.update(texts(node.value))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id in ("code", "LOST", "EMBEDDED_GONE"):
                found.update(texts(node.value))
    return frozenset(found)


def test_every_code_that_is_sent_is_one_of_the_service_with_its_status() -> None:
    wrong = []
    for path, codes in all_codes().items():
        s3 = S3 if path.parent.name == "s3" else {}
        wrong += [f"{path.relative_to(PACKAGE)}: {code} {status}" for code, status in codes.sent.items()
                  if code not in EMBEDDED and status not in (
                      *LIST.get(code, ()), SENT.get(code, (0, ""))[0], s3.get(code))]
    assert not wrong


def test_the_table_of_the_embedded_cloud_has_the_services_codes_and_statuses() -> None:
    wrong = {code: status for code, (status, _) in ERRORS.items()
             if status not in (*LIST.get(code, ()), SENT.get(code, (0, ""))[0]) and code not in EMBEDDED}
    assert not wrong


def test_every_code_that_is_compared_with_has_a_source() -> None:
    found = all_codes()
    ours = frozenset[str]().union(*(codes.own for codes in found.values()))
    known = {*LIST, *SENT, *READ, *CLOUD_API, *ours, "EmbeddedCloudDamaged", "EmbeddedCloudDisk"}
    # codes with a dot are of the cloud API: test_official_codes
    assert not [f"{path.relative_to(PACKAGE)}: {code}" for path, codes in found.items()
                for code in sorted(codes.compared) if "." not in code and code not in known]


def test_no_exception_is_without_need() -> None:
    """What the list has, or nothing uses any more, goes from the table."""
    used = {code for codes in all_codes().values() for code in (*codes.sent, *codes.compared)} | {
        *ERRORS, "TooManyRequests"}
    assert not {*SENT, *S3, *EMBEDDED, *READ} & {*LIST}
    assert not {*SENT, *S3, *EMBEDDED, *READ} - used


def test_there_is_something_to_check() -> None:
    assert len(LIST) > 120 and len(ERRORS) > 50
    assert len({code for codes in all_codes().values() for code in codes.sent}) > 50
    assert {"BucketNotEmpty", "RecordAlreadyExist", "SlowDown", "NoSuchBucket", "ExpiredToken", "UserCnameInvalid"} <= {
        code for codes in all_codes().values() for code in codes.compared}


@pytest.mark.parametrize(("code", "message"), [
    ("Request has expired", ""), ("RequestHasExpired", ""), ("AccessDenied", "Request has expired")])
def test_a_request_whose_time_is_over_speaks_of_the_clock(code: str, message: str) -> None:
    error = error_from(Asked("cos:PutObject", "site-1250000000", "a"), 403, code, message)
    assert error.hint is not None and "clock" in error.hint


@pytest.mark.parametrize(("status", "code", "message"), [
    (402, "PaymentRequired", ""), (451, "UnavailableForLegalReasons", ""),
    (403, "AccessDenied", "The account is in arrears"), (403, "AccessDenied", "账户欠费")])
def test_an_account_in_arrears_is_named(status: int, code: str, message: str) -> None:
    assert "arrears" in error_from(Asked("cos:GetBucket", "site-1250000000"), status, code, message).message
