"""Domains bound to a bucket, and their certificates (COS API 436/35868, 436/75262)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sitepub.errors import NotFound
from sitepub.tencent.cos.bucket_settings import BucketSettings


@dataclass(frozen=True, slots=True)
class DomainRule:
    """One domain of a bucket."""

    name: str
    enabled: bool = True
    type: str = "REST"
    """REST, WEBSITE or ACCELERATE: which endpoint of the bucket answers."""
    replace: str = ""
    """CNAME or TXT: take the domain from its present bucket, after a check of that record."""


@dataclass(frozen=True, slots=True)
class BucketDomainRules:
    rules: tuple[DomainRule, ...] = ()
    verification: str = ""
    """Value of the TXT record that proves that a domain's owner wants this bucket."""


class BucketDomains(BucketSettings):
    """One bucket's domains, through the official SDK. Safe for many threads."""

    def get_domains(self) -> BucketDomainRules:
        """None at all for a bucket that never had one."""
        try:
            found = self._sdk.call("GetBucketDomain", "get_bucket_domain")
        except NotFound as error:
            if error.code == "NoSuchBucket":
                raise
            return BucketDomainRules()
        rules = tuple(DomainRule(str(rule.get("Name") or ""), rule.get("Status") == "ENABLED",
                                 str(rule.get("Type") or "REST"))
                      for rule in found.get("DomainRule") or ())
        return BucketDomainRules(rules, str(found.get("x-cos-domain-txt-verification") or ""))

    def put_domains(self, rules: Sequence[DomainRule]) -> None:
        """Replace all rules."""
        if not rules:
            self._sdk.call("DeleteBucketDomain", "delete_bucket_domain")
            return
        self._sdk.call("PutBucketDomain", "put_bucket_domain",
                       DomainConfiguration={"DomainRule": [_rule(rule) for rule in rules]})

    def get_certificate_status(self, domain: str) -> str:
        """"Enabled", or "Disabled" when the domain has no certificate."""
        found = self._sdk.get("GetBucketDomainCertificate", "get_bucket_domain_certificate", DomainName=domain)
        return "" if found is None else str(found.get("Status") or "")

    def put_certificate(self, domain: str, chain: str, key: str) -> None:
        self._sdk.call("PutBucketDomainCertificate", "put_bucket_domain_certificate", DomainCertificateConfiguration={
            "CertificateInfo": {"CertType": "CustomCert", "CustomCert": {"Cert": chain, "PrivateKey": key}},
            "DomainList": [{"DomainName": domain}]})

    def delete_certificate(self, domain: str) -> None:
        """A missing one is fine."""
        try:
            self._sdk.call("DeleteBucketDomainCertificate", "delete_bucket_domain_certificate", DomainName=domain)
        except NotFound as error:
            if error.code == "NoSuchBucket":
                raise


def _rule(rule: DomainRule) -> dict[str, Any]:
    document = {"Status": "ENABLED" if rule.enabled else "DISABLED", "Name": rule.name, "Type": rule.type}
    return {**document, "ForcedReplacement": rule.replace} if rule.replace else document
