"""Certificates of the user: uploaded, found again, named by id, or wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sitepub.config.project import Host
from sitepub.domains.certificates.ssl_service import china_time
from sitepub.domains.records import CertificateRecord, HostRecord
from sitepub.errors import ConfigError
from tests.domains.account import Account, CutOff, Heard, Kept, Killed, removal_of, work_on
from tests.domains.certificate_office import (
    HERE,
    account,
    authority,
    auto,
    bound,
    office,
    own,
    tidy,
    told,
    upload,
)
from tests.domains.openssl import Authority, needs_openssl

__all__ = ["account", "authority"]


@needs_openssl
def test_ones_own_is_uploaded_once_and_recognised_afterwards(account: Account, authority: Authority) -> None:
    leaf = authority.leaf("mine", "www.mine.example", kind="prime256v1")
    host, kept, heard = own("www.mine.example", authority.chain(leaf), leaf.key_pem), Kept("www.mine.example"), Heard()
    assert [step.summary for step in office(account).plan(host, kept.record, None).steps] == [
        "upload the certificate of www.mine.example"]
    first = office(account).obtain(host, None, work_on(kept, heard))
    assert first is not None and first.pem is not None and "PRIVATE KEY" in first.pem()[1]
    plan = office(account).plan(host, kept.record, None)
    assert plan.steps == () and plan.certificate is not None and plan.certificate.id == first.id
    assert office(account).check(host) == first.fingerprint != ""
    assert office(account).check(auto(host.host)) == ""
    # Also by somebody without our record, and with the record of another upload.
    plan = office(account).plan(host, HostRecord(host=host.host), None)
    assert plan.certificate is not None and plan.certificate.id == first.id
    assert len(told(account, "mine.example")) == 1
    secret = leaf.key_pem.splitlines()[1]
    assert not any(secret in line for line in [*heard.statuses, *heard.dones, *heard.todos])
    assert secret not in repr(kept.versions) and secret not in repr(plan)
    # A new one next to it: another upload, and the old one goes when it was replaced.
    newer = authority.leaf("mine2", "www.mine.example", kind="prime256v1")
    second = office(account).obtain(own(host.host, authority.chain(newer), newer.key_pem), None, work_on(kept))
    assert second is not None and second.id != first.id
    tidy(office(account), host, second, kept)
    assert [one["CertificateId"] for one in told(account, "mine.example")] == [second.id]


@needs_openssl
def test_ones_own_that_was_uploaded_by_hand_is_used_and_stays(account: Account, authority: Authority) -> None:
    leaf = authority.leaf("byhand", "www.theirs.example", kind="prime256v1")
    id = upload(account, leaf, authority.chain(leaf))
    host, kept = own("www.theirs.example", authority.chain(leaf), leaf.key_pem), Kept("www.theirs.example")
    found = office(account).obtain(host, None, work_on(kept))
    assert found is not None and found.id == id and kept.record.certificates == ()
    assert office(account).withdraw(removal_of(kept.record), work_on(kept)) == []
    assert len(told(account, id)) == 1


@needs_openssl
@pytest.mark.parametrize("sent", [False, True])
def test_killed_at_the_upload_it_is_found_and_known_to_be_ours(account: Account, authority: Authority,
                                                               sent: bool) -> None:
    name = f"www.cut{sent:d}.example"
    leaf = authority.leaf(f"cut{sent:d}", name, kind="prime256v1")
    host, kept = own(name, authority.chain(leaf), leaf.key_pem), Kept(name)
    with pytest.raises(Killed):
        office(account, api=CutOff(account.api, 0, sent=sent)).obtain(host, None, work_on(kept))
    found = office(account).obtain(host, None, work_on(kept))
    assert found is not None and len(told(account, name)) == 1
    assert [one.id for one in kept.record.certificates] == [found.id]
    office(account).withdraw(removal_of(kept.record), work_on(kept))
    assert told(account, name) == []


@needs_openssl
def test_a_bad_one_is_refused_before_anything_is_sent(account: Account, authority: Authority) -> None:
    leaf = authority.leaf("bad", "other.example", kind="prime256v1")
    host = own("www.bad.example", authority.chain(leaf), leaf.key_pem)
    unreachable = office(account, api=CutOff(account.api, 0, sent=False))
    with pytest.raises(ConfigError) as checked:
        unreachable.check(host)
    with pytest.raises(ConfigError) as obtained:
        unreachable.obtain(host, None, work_on(Kept(host.host)))
    assert checked.value.problems == obtained.value.problems
    assert checked.value.problems[0].position == HERE


# By id, and none at all


@needs_openssl
def test_a_named_certificate_has_to_exist_cover_the_host_and_be_valid(account: Account, authority: Authority
                                                                      ) -> None:
    leaf = authority.leaf("named", "www.named.example", kind="prime256v1")
    id = upload(account, leaf, authority.chain(leaf))

    def named(host: str, cert: str) -> Host:
        return Host(host, https={"switch": "on", "certInfo": {"certId": cert}}, https_position=HERE)

    good = office(account).plan(named("www.named.example", id), HostRecord(host="www.named.example"), None)
    assert good.certificate is not None and good.certificate.id == id and good.steps == ()
    for host, cert, later, said in [
            ("www.named.example", "nowhere1", 0, "has no certificate nowhere1"),
            ("b.named.example", id, 0, "does not cover this host: it is for www.named.example"),
            ("www.named.example", id, 100, "expired on")]:
        with pytest.raises(ConfigError) as caught:
            office(account, later=timedelta(days=later)).plan(named(host, cert), HostRecord(host=host), None)
        assert said in caught.value.message and caught.value.problems[0].position == HERE


def test_https_without_any_certificate_is_refused(account: Account) -> None:
    host = Host("www.none.example", https={"switch": "on"}, https_position=HERE)
    with pytest.raises(ConfigError) as caught:
        office(account).plan(host, HostRecord(host=host.host), None)
    assert "https: auto" in (caught.value.hint or "")
    # One that the edge has already is left alone, and without https nothing is wanted.
    assert not office(account).plan(host, HostRecord(host=host.host), bound(host.host, "abc")).steps
    off = replace(host, https={"switch": "off"})
    assert not office(account).plan(off, HostRecord(host=host.host), None).steps
    assert not office(account).plan(replace(host, https=None), HostRecord(host=host.host), None).steps


def test_times_of_the_service_are_eight_hours_ahead() -> None:
    assert china_time("2026-11-21 07:59:59") == datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    assert china_time(None) is None and china_time("soon") is None


def test_records_of_different_kills_do_not_mix() -> None:
    record = HostRecord(host="x").with_certificate(CertificateRecord(alias="sitepub a")).with_certificate(
        CertificateRecord(id="1", alias="sitepub a"))
    assert [one.id for one in record.certificates] == ["1"]
