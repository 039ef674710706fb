"""Cross-origin rules of a bucket (COS API 436/8279) and what they answer (OPTIONS Object, 436/8288)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element

from sitepub.local.base import xml
from sitepub.local.base.documents import check, invalid, malformed, optional, read, text, whole
from sitepub.local.base.errors import ServiceError

RULES = 100
METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")


@dataclass(frozen=True)
class Rule:
    """`max_age` in seconds; None: the answer carries no Access-Control-Max-Age."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None
    identifier: str | None = None

    def matches(self, origin: str, method: str) -> bool:
        return method in self.methods and any(_like(pattern, origin) for pattern in self.origins)

    def permits(self, headers: tuple[str, ...]) -> bool:
        """Whether every request header is allowed; names do not differ by case."""
        patterns = [pattern.lower() for pattern in self.headers]
        return all(any(_like(pattern, header) for pattern in patterns) for header in headers)


@dataclass(frozen=True)
class Cors:
    """The rules, first match wins. `vary`: send `Vary: Origin` also to requests without an Origin."""

    rules: tuple[Rule, ...]
    vary: bool = False


def _like(pattern: str, value: str) -> bool:
    """`*` in a pattern matches any text; there is one at most."""
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == value
    return len(value) >= len(before) + len(after) and value.startswith(before) and value.endswith(after)


@lru_cache(maxsize=256)
def parse(body: bytes) -> Cors:
    """Raises ServiceError MalformedXML, InvalidArgument."""
    root = read(body, "CORSConfiguration")
    check(root, ("ResponseVary",), repeated=("CORSRule",))
    elements = root.findall("CORSRule")
    if not elements:
        raise malformed("CORSConfiguration needs at least one CORSRule.")
    if len(elements) > RULES:
        raise invalid(f"A bucket can have {RULES} CORS rules, not {len(elements)}.")
    vary = text(root, "ResponseVary")
    if vary not in (None, "true", "false"):
        raise malformed("ResponseVary must be true or false.")
    return Cors(tuple(_rule(element) for element in elements), vary == "true")


def _rule(element: Element) -> Rule:
    check(
        element, ("ID", "MaxAgeSeconds"),
        repeated=("AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"),
    )
    rule = Rule(
        origins=_texts(element, "AllowedOrigin"),
        methods=_texts(element, "AllowedMethod"),
        headers=_texts(element, "AllowedHeader"),
        expose=_texts(element, "ExposeHeader"),
        max_age=whole(element, "MaxAgeSeconds"),
        identifier=text(element, "ID"),
    )
    if not rule.origins or not rule.methods:
        raise malformed("A CORSRule needs an AllowedOrigin and an AllowedMethod.")
    for method in rule.methods:
        if method not in METHODS:
            raise invalid(f"AllowedMethod must be one of {', '.join(METHODS)}, not {method!r}.")
    for pattern in rule.origins + rule.headers:
        if pattern.count("*") > 1:
            raise invalid(f"{pattern!r} can contain one * only.")
    for origin in rule.origins:
        if origin != "*" and not origin.startswith(("http://", "https://", "*")):
            raise invalid(f"AllowedOrigin must be * or start with http:// or https://, not {origin!r}.")
    if any("*" in header for header in rule.expose):
        raise invalid("ExposeHeader takes no *.")
    return rule


def _texts(element: Element, name: str) -> tuple[str, ...]:
    found = tuple((child.text or "").strip() for child in element.findall(name))
    if not all(found):
        raise malformed(f"{name} must not be empty.")
    return found


def render(cors: Cors) -> str:
    children = [xml.element("CORSRule", _rule_elements(rule)) for rule in cors.rules]
    if cors.vary:
        children.append(xml.element("ResponseVary", "true"))
    return xml.document("CORSConfiguration", children)


def _rule_elements(rule: Rule) -> list[str]:
    lists = (("AllowedOrigin", rule.origins), ("AllowedMethod", rule.methods),
             ("AllowedHeader", rule.headers), ("ExposeHeader", rule.expose))
    return [
        optional("ID", rule.identifier),
        *(xml.element(name, value) for name, values in lists for value in values),
        optional("MaxAgeSeconds", rule.max_age),
    ]


def preflight(cors: Cors | None, headers: Mapping[str, str]) -> dict[str, str]:
    """Headers of the answer to an OPTIONS request. `headers` are the request's, whatever their case.

    Raises ServiceError BadRequest without Origin or method, AccessForbidden when no rule allows it.
    """
    origin, method = headers.get("Origin"), headers.get("Access-Control-Request-Method")
    if not origin or not method:
        raise ServiceError("BadRequest", "A preflight needs Origin and Access-Control-Request-Method.")
    wanted = headers.get("Access-Control-Request-Headers", "")
    names = tuple(name for part in wanted.split(",") if (name := part.strip().lower()))
    for rule in cors.rules if cors else ():
        if rule.matches(origin, method) and rule.permits(names):
            answer = _headers(rule, origin)
            if names:
                answer["Access-Control-Allow-Headers"] = ",".join(names)
            return answer
    message = "CORSResponse: no rule of the bucket allows this request."
    raise ServiceError("AccessForbidden", message, status=403)


def actual(cors: Cors | None, method: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Headers to add to the answer of a request; none when no rule matches (the browser then refuses it)."""
    origin = headers.get("Origin")
    if cors is None:
        return {}
    if origin:
        for rule in cors.rules:
            if rule.matches(origin, method):
                return _headers(rule, origin)
    return {"Vary": "Origin"} if cors.vary else {}


def _headers(rule: Rule, origin: str) -> dict[str, str]:
    answer = {
        "Access-Control-Allow-Origin": "*" if "*" in rule.origins else origin,
        "Access-Control-Allow-Methods": ",".join(rule.methods),
        "Vary": "Origin",
    }
    if rule.expose:
        answer["Access-Control-Expose-Headers"] = ",".join(rule.expose)
    if rule.max_age is not None:
        answer["Access-Control-Max-Age"] = str(rule.max_age)
    return answer
