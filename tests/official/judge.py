"""Holds one call and its answer against the official model of the product: findings in words, none when all is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.official import exceptions
from tests.official.models import PRODUCTS, Member, Model, model

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "int": int, "float": (int, float), "bool": bool, "object": dict, "list": list}
PAGES = {
    # The largest page that each action's documentation allows.
    ("cdn", "DescribeDomains"): 1000, ("cdn", "DescribeDomainsConfig"): 100, ("cdn", "DescribePurgeTasks"): 1000,
    ("cdn", "DescribePushTasks"): 1000, ("cdn", "DescribeCdnDomainLogs"): 1000, ("ssl", "DescribeCertificates"): 1000,
    ("dnspod", "DescribeDomainList"): 3000, ("dnspod", "DescribeRecordList"): 3000, ("teo", "DescribeZones"): 100,
    ("teo", "DescribeAccelerationDomains"): 200, ("teo", "DescribeL7AccRules"): 1000,
    ("teo", "DescribeFunctions"): 200, ("teo", "DescribeL4Proxy"): 1000,
    ("teo", "DescribePlans"): 200, ("teo", "DescribePurgeTasks"): 1000, ("teo", "DescribePrefetchTasks"): 1000,
    ("teo", "DownloadL7Logs"): 300,
    ("cls", "SearchLog"): 1000,
    ("cls", "DescribeTopics"): 100, ("cls", "DescribeLogsets"): 100,
}


OURS = "en-US"
"""X-TC-Language of what sitepub sends where the locale is not Chinese."""


_REFUSALS = frozenset({"InvalidParameter", "InvalidParameterValue", "MissingParameter", "UnknownParameter",
                       "InvalidParameter.CdnParamError"})
"""How a wrong request is refused. Where sitepub itself is refused so, its test fails anyway."""


def judge(call: Mapping[str, Any]) -> list[str]:
    """Findings about a recorded call: its request, where sitepub made it, and its answer.

    Tests of the embedded cloud send wrong requests on purpose, with the SDK's own default for the language."""
    product, action = str(call["service"]), str(call["action"])
    error = (call["answer"].get("Error") or {}).get("Code")
    if product not in PRODUCTS or action not in model(product).actions:
        # Whoever asks for what is not there is answered so.
        return [] if error else [f"{product}:{action} is answered, and the model has no such action"]
    judged = model(product)
    found = []
    if call["language"] == OURS and error not in _REFUSALS:
        found += request_findings(judged, str(call["version"]), action, call["parameters"])
    found += error_findings(judged, str(error)) if error else answer_findings(judged, action, call["answer"])
    return [f"{product}:{action}: {one}" for one in found]


def request_findings(judged: Model, version: str, action: str, parameters: Any) -> list[str]:
    found = [] if version == judged.version else [f"version {version}, the model is of {judged.version}"]
    if not isinstance(parameters, dict):
        return [*found, "the parameters are no object"]
    name = judged.actions[action]["input"]
    found += _object(judged, name, parameters, "request", asked=True)
    limit, most = parameters.get("Limit"), PAGES.get((judged.product, action))
    if isinstance(limit, int):
        if most is None:
            found.append("a Limit, and nobody has looked up what this action allows (judge.PAGES)")
        elif limit > most:
            found.append(f"request.Limit is {limit}, and a page has at most {most}")
    return found


def answer_findings(judged: Model, action: str, answer: Mapping[str, Any]) -> list[str]:
    return list(_object(judged, judged.actions[action]["output"], answer, "answer", asked=False))


def error_findings(judged: Model, code: str) -> list[str]:
    return [] if is_official(judged.product, code) else [f"answered with {code}, which the product does not have"]


def is_official(product: str, code: str) -> bool:
    return (code in exceptions.COMMON_ERRORS or code in model(product).errors
            or code in exceptions.ERRORS.get(product, {}))


def _object(judged: Model, name: str, value: Mapping[str, Any], where: str, *, asked: bool) -> Iterator[str]:
    members = judged.objects[name]
    for key, one in value.items():
        member = members.get(key)
        if member is None:
            yield f"{where}.{key}: {name} has no such member"
        elif member.get("deprecated") and asked and (judged.product, name, key) not in exceptions.STILL_SENT:
            yield f"{where}.{key}: deprecated"
        else:
            yield from _value(judged, (name, key), member, one, f"{where}.{key}", asked=asked)
    for key, member in members.items():
        if asked and member.get("required") and key not in value and (
                judged.product, name, key) not in exceptions.OPTIONAL:
            yield f"{where}.{key}: required by {name} and missing"
        if not asked and member.get("always") and key not in value and not member.get("deprecated"):
            yield f"{where}.{key}: {name} always has it, and it is missing"


def _value(judged: Model, at: tuple[str, str], member: Member, value: Any, where: str, *,
           asked: bool) -> Iterator[str]:
    if value is None:
        if (asked or not member.get("null")) and (judged.product, *at) not in exceptions.NULLS:
            yield f"{where}: null"
        return
    kind = member["type"]
    if not _is(value, kind):
        yield f"{where}: {type(value).__name__}, not {kind}"
        return
    elements = value if kind == "list" else [value]
    inner = member.get("of", kind)
    for element in elements:
        here = f"{where}[]" if kind == "list" else where
        if inner in judged.objects:
            if isinstance(element, dict):
                yield from _object(judged, inner, element, here, asked=asked)
            else:
                yield f"{here}: {type(element).__name__}, not {inner}"
        elif inner in _TYPES and not _is(element, inner):
            yield f"{here}: {type(element).__name__}, not {inner}"
        elif "enum" in member and element not in member["enum"] and element not in exceptions.VALUES.get(
                (judged.product, *at), ()) and element != "":
            yield f"{here}: {element!r} is none of {', '.join(map(str, member['enum']))}"


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _TYPES[kind])
