"""The website configuration of a bucket as XML (COS API 436/31930 PUT, 436/31929 GET)."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sitepub.local.base import xml
from sitepub.local.base.documents import check, choice, flag, invalid, malformed, optional, read, text, whole

RULES = 100
PROTOCOLS = ("http", "https")
"""Documented is https alone; http is taken and given back (seen with published clients)."""


@dataclass(frozen=True)
class RoutingRule:
    """One redirect. Exactly one of `error_code`, `key_prefix` is the condition; exactly one of
    `replace_key_with`, `replace_prefix_with` (with `key_prefix` only) is the target."""

    error_code: int | None = None
    key_prefix: str | None = None
    protocol: str | None = None
    replace_key_with: str | None = None
    replace_prefix_with: str | None = None
    url_redirect: bool | None = None
    """`URLRedirect`. What Disabled changes is not documented: visitors are redirected all the same."""


@dataclass(frozen=True)
class WebsiteConfiguration:
    """None: the element was not in the document (so GET does not invent it)."""

    index_document: str
    error_document: str | None = None
    original_http_status: bool | None = None
    charity_404: bool | None = None
    """`Charity404`: a page about missing children in place of the error document. Kept, not shown here."""
    redirect_protocol: str | None = None
    auto_addressing: bool | None = None
    rules: tuple[RoutingRule, ...] = ()

    @property
    def keeps_error_status(self) -> bool:
        """Whether the error document answers with the status of the error: yes unless Disabled."""
        return self.original_http_status is not False


def parse(body: bytes) -> WebsiteConfiguration:
    """Raises ServiceError MalformedXML or InvalidArgument.

    Elements that only S3 knows (HostName, HttpRedirectCode) are refused: what the service does with them is
    not documented, and ignoring them would promise a redirect that never comes.
    """
    root = read(body, "WebsiteConfiguration")
    check(root, ("IndexDocument", "ErrorDocument", "RedirectAllRequestsTo", "AutoAddressing", "RoutingRules"))
    index = root.find("IndexDocument")
    if index is None:
        raise malformed("IndexDocument is required.")
    check(index, ("Suffix",))
    suffix = text(index, "Suffix")
    if not suffix:
        raise malformed("IndexDocument needs a Suffix.")
    if "/" in suffix:
        raise invalid("IndexDocument Suffix must not contain a slash.")
    error_document, original_status, charity = _error_document(root)
    return WebsiteConfiguration(
        index_document=suffix,
        error_document=error_document,
        original_http_status=original_status,
        charity_404=charity,
        redirect_protocol=_redirect_all(root),
        auto_addressing=_status(root.find("AutoAddressing"), "Status"),
        rules=_rules(root),
    )


def _error_document(root: Element) -> tuple[str | None, bool | None, bool | None]:
    element = root.find("ErrorDocument")
    if element is None:
        return None, None, None
    check(element, ("Key", "Charity404", "OriginalHttpStatus"))
    key = text(element, "Key")
    if not key:
        raise malformed("ErrorDocument needs a Key.")
    return key, flag(element, "OriginalHttpStatus"), flag(element, "Charity404")


def _redirect_all(root: Element) -> str | None:
    element = root.find("RedirectAllRequestsTo")
    if element is None:
        return None
    check(element, ("Protocol",))
    protocol = choice(element, "Protocol", PROTOCOLS)
    if protocol is None:
        raise malformed("RedirectAllRequestsTo needs a Protocol.")
    return protocol


def _status(element: Element | None, name: str) -> bool | None:
    if element is None:
        return None
    check(element, (name,))
    value = flag(element, name)
    if value is None:
        raise malformed(f"{element.tag} needs a {name}.")
    return value


def _rules(root: Element) -> tuple[RoutingRule, ...]:
    element = root.find("RoutingRules")
    if element is None:
        return ()
    check(element, (), repeated=("RoutingRule",))
    if not len(element):
        raise malformed("RoutingRules needs at least one RoutingRule.")
    if len(element) > RULES:
        raise invalid(f"A website can have {RULES} routing rules, not {len(element)}.")
    return tuple(_rule(rule) for rule in element)


def _rule(element: Element) -> RoutingRule:
    check(element, ("Condition", "Redirect"))
    condition, redirect = element.find("Condition"), element.find("Redirect")
    if condition is None or redirect is None:
        raise malformed("A RoutingRule needs a Condition and a Redirect.")
    check(condition, ("HttpErrorCodeReturnedEquals", "KeyPrefixEquals"))
    check(redirect, ("Protocol", "ReplaceKeyWith", "ReplaceKeyPrefixWith", "URLRedirect"))
    code, prefix = whole(condition, "HttpErrorCodeReturnedEquals"), text(condition, "KeyPrefixEquals")
    if (code is None) == (prefix is None):
        raise malformed("A Condition is either HttpErrorCodeReturnedEquals or KeyPrefixEquals.")
    if prefix == "":
        raise invalid("KeyPrefixEquals must not be empty: it would redirect every request for ever.")
    if code is not None and not 400 <= code <= 499:
        raise invalid("HttpErrorCodeReturnedEquals can only be a 4xx status.")
    key_with, prefix_with = text(redirect, "ReplaceKeyWith"), text(redirect, "ReplaceKeyPrefixWith")
    if (key_with is None) == (prefix_with is None):
        raise malformed("A Redirect is either ReplaceKeyWith or ReplaceKeyPrefixWith.")
    if prefix_with is not None and prefix is None:
        raise invalid("ReplaceKeyPrefixWith needs a KeyPrefixEquals condition.")
    protocol = choice(redirect, "Protocol", PROTOCOLS)
    return RoutingRule(code, prefix, protocol, key_with, prefix_with, flag(redirect, "URLRedirect"))


def render(website: WebsiteConfiguration) -> str:
    """As GET Bucket website answers: a redirect that was sent without carries `URLRedirect Enabled` (seen)."""
    children = [xml.element("IndexDocument", [xml.element("Suffix", website.index_document)])]
    if website.redirect_protocol is not None:
        protocol = xml.element("Protocol", website.redirect_protocol)
        children.append(xml.element("RedirectAllRequestsTo", [protocol]))
    if website.auto_addressing is not None:
        children.append(xml.element("AutoAddressing", [optional("Status", website.auto_addressing)]))
    if website.error_document is not None:
        children.append(xml.element("ErrorDocument", [
            xml.element("Key", website.error_document),
            optional("Charity404", website.charity_404),
            optional("OriginalHttpStatus", website.original_http_status),
        ]))
    if website.rules:
        children.append(xml.element("RoutingRules", map(_rule_element, website.rules)))
    return xml.document("WebsiteConfiguration", children)


def _rule_element(rule: RoutingRule) -> str:
    return xml.element("RoutingRule", [
        xml.element("Condition", [
            optional("HttpErrorCodeReturnedEquals", rule.error_code),
            optional("KeyPrefixEquals", rule.key_prefix),
        ]),
        xml.element("Redirect", [
            optional("Protocol", rule.protocol),
            optional("ReplaceKeyWith", rule.replace_key_with),
            optional("ReplaceKeyPrefixWith", rule.replace_prefix_with),
            optional("URLRedirect", rule.url_redirect is not False),
        ]),
    ])
