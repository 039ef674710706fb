"""When a certificate is due, for every lifetime that public certificates have or will have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sitepub.domains.certificates.lifetime import due_from, is_due
from sitepub.domains.hosts.certificate_report import HostCertificate
from sitepub.domains.hosts.plan import needs_look
from sitepub.domains.records import CertificateInUse, EdgeKind, HostRecord

END = datetime(2027, 6, 1, 12, tzinfo=UTC)


def text(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


@pytest.mark.parametrize(("lifetime", "left"), [
    (398, 132.7), (200, 66.7), (100, 33.3), (90, 30), (60, 20), (47, 15.7), (30, 10), (10, 3.3), (6, 2), (1, 0.33),
])
def test_it_is_due_at_a_third_of_its_lifetime(lifetime: float, left: float) -> None:
    begin = END - timedelta(days=lifetime)
    assert (END - due_from(begin, END)).total_seconds() / 86_400 == pytest.approx(left, abs=0.1)
    due = due_from(begin, END)
    assert is_due(text(begin), text(END), due) and not is_due(text(begin), text(END), due - timedelta(minutes=1))


def test_without_a_beginning_it_is_taken_for_a_free_one_and_without_an_end_for_none() -> None:
    assert due_from(None, END) == END - timedelta(days=30)
    assert not is_due("", "", END) and not is_due(text(END), "soon", END)
    assert is_due("soon", text(END), END - timedelta(days=29))


@pytest.mark.parametrize(("lifetime", "left", "due"), [
    (90, 21, False), (90, 20, False), (90, 16, False), (90, 15, False), (90, 14.5, False), (90, 13.9, True),
    (90, 5, True), (90, -1, True), (47, 14.5, False), (47, 13.9, True), (30, 11, False), (30, 9, True), (6, 3, False),
    (6, 1, True),
])
def test_one_that_edgeone_renews_by_itself_is_due_when_it_has_not_done_so(lifetime: float, left: float, due: bool
                                                                         ) -> None:
    begin, now = END - timedelta(days=lifetime), END - timedelta(days=left)
    used = CertificateInUse(not_before=text(begin), not_after=text(END))
    record = HostRecord(host="a.com", edge="edgeone", settings_hash="h", created=True, certificate=used)
    assert needs_look(record, "h", now) is due
    assert is_due(text(begin), text(END), now, edge_renews=True) is due
    # The edge may not say when it began.
    if lifetime == 90:
        bare = msgspec.structs.replace(record, certificate=CertificateInUse(not_after=text(END)))
        assert needs_look(bare, "h", now) is due


@pytest.mark.parametrize("edge", ["cdn", "cos", "edgeone"])
def test_one_of_the_ssl_service_makes_a_deploy_look_at_a_third_on_every_edge(edge: EdgeKind) -> None:
    for lifetime in (200, 100, 90, 47, 6):
        begin = END - timedelta(days=lifetime)
        record = HostRecord(host="a.com", edge=edge, settings_hash="h", created=True, certificate=CertificateInUse(
            id="abc", not_before=text(begin), not_after=text(END)))
        third = timedelta(days=lifetime) / 3
        assert not needs_look(record, "h", END - third - timedelta(hours=1))
        assert needs_look(record, "h", END - third + timedelta(hours=1))


def test_a_report_calls_due_what_is_to_be_renewed_or_is_missing() -> None:
    there = HostCertificate("a.com", "cdn", "online", "auto", id="abc", until=text(END), days=25)
    assert not there.due and not there.renewable
    expiring = HostCertificate("a.com", "cdn", "online", "auto", id="abc", until=text(END), days=25, expiring=True)
    assert expiring.due and expiring.renewable
    assert HostCertificate("a.com", "cdn", "online", "auto").due
    assert not HostCertificate("a.com", "cdn", "online", "none", expiring=True).due
