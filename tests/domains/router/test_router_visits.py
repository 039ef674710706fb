"""What visitors get whose host the router leads: on the embedded edge, by the router's real code."""

from __future__ import annotations

from sitepub.domains.router.route import Slot
from tests.domains.router.router_site import RouterSite, route

A = Slot(".sitepub/slots/a/", "20261129-0001")
B = Slot(".sitepub/slots/b/", "20261129-0002")


def test_one_call_moves_the_visitors(router_site: RouterSite) -> None:
    site = router_site
    site.slots.put("index.html", b"root", content_type="text/html")
    site.put(A, {"index.html": b"a", "style.css": b"a{}"}, cache_control="max-age=600")
    site.put(B, {"index.html": b"b", "style.css": b"b{}"}, cache_control="max-age=600")
    site.router.ensure([site.led])
    assert site.visit(site.led).body == b"root", "a host without a route is not touched"
    for slot, body in ((A, b"a"), (B, b"b"), (A, b"a")):
        site.router.point([route(site.led, slot)])
        assert (site.visit(site.led).body, site.visit(site.led, "/style.css").body) == (body, body + b"{}")
    assert site.visit(site.led).get("eo-cache-status") == "HIT", "each slot keeps its own cached answers"
    assert site.router.read(site.led) == route(site.led, A)
    assert site.router.forget([site.led], route(site.led, A).site) == (site.led,)
    assert site.visit(site.led).body == b"root"
