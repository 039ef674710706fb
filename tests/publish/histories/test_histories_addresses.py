"""What visitors get at every moment while addresses change their kind: a name in other letters of case, a file that
becomes a folder and back, new headers alone, redirects alone. After each write, with a kill at each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from sitepub.config.bucket_settings import RedirectRule, Website
from sitepub.config.project import Project, Releases
from sitepub.publish.deploying.options import PublishOptions
from sitepub.publish.locking.lock_record import LEFT_BEHIND
from sitepub.publish.prepare import prepare
from sitepub.publish.publish import publish
from sitepub.site.snapshot import Snapshot
from tests.amount import AMOUNT
from tests.publish.memory_cloud import Killed, MemoryCloud, project, remote
from tests.publish.sites import BUCKET, as_published, live, site_file, snapshot

_NEEDS = re.compile(rb"<needs (.*?)>")


def page(key: str, needs: str, age: int = 0) -> tuple[str, bytes, str, int]:
    return key, f"<p>{key}<needs {needs}>".encode(), "text/html", age


def site(*files: tuple[str, bytes, str, int]) -> Snapshot:
    return snapshot(*(site_file(*file) for file in files))


def css(name: str) -> tuple[str, bytes, str, int]:
    return name, name.encode(), "text/css", 0


ONE = site(page("index.html", "a.1.css"), page("About.html", "a.1.css"), page("docs", "a.1.css"), css("a.1.css"),
           page("blog/index.html", "b.css/x.css"), css("b.css/x.css"))
TWO = site(page("index.html", "a.2.css"), page("about.html", "a.2.css"), page("docs/index.html", "docs/d.css"),
           css("docs/d.css"), css("a.2.css"), page("blog", "b.css"), css("b.css"))
AGED = site(*(page(key, "a.2.css", 9) for key in ("index.html", "about.html")),
            page("docs/index.html", "docs/d.css", 9), css("docs/d.css"), css("a.2.css"),
            page("blog", "b.css", 9), css("b.css"))
ALWAYS = ("/", "/about.html", "/docs", "/blog")
"""Addresses that both sites have, in some form."""
HISTORY = (ONE, TWO, ONE, TWO, AGED, ONE)
REDIRECTED = Website(redirect_rules=(RedirectRule(key_prefix="old/", replace_key_with="index.html"),))


def answers(keys: Mapping[str, object], address: str) -> bool:
    """Whether one of the forms of the address is there: the website endpoint leads from a folder to its index page."""
    name = address.strip("/")
    forms = {name, f"{name}/index.html", name if name else "index.html", name.capitalize()}
    return bool(forms & keys.keys())


class Visitors:
    def __init__(self) -> None:
        self.cloud = MemoryCloud()
        self.begun = False
        self.looks = 0
        self.cloud.look = self.look

    def look(self) -> None:
        objects = self.cloud.bucket(BUCKET).objects
        if not self.begun:
            return
        self.looks += 1
        for address in ALWAYS:
            assert answers(objects, address), f"{address} answers nothing: {sorted(objects)}"
        for key, there in objects.items():
            for needed in _NEEDS.findall(there.data):
                assert needed.decode() in objects, f"{key} is live and needs {needed.decode()}"

    def deploy(self, of: Project, wanted: Snapshot) -> None:
        place = remote(self.cloud, of)
        publish(place, wanted, prepare(place, wanted), PublishOptions(allow_delete=True, threads=1))
        found = live(self.cloud)
        assert all(found.get(key) == there for key, there in as_published(wanted).items())


@pytest.mark.parametrize("keep", [0, 7 * 86400])
@pytest.mark.usefixtures("one_after_another")
def test_every_address_answers_with_all_that_it_needs(keep: int) -> None:
    plain_of = project(releases=Releases(number=2, keep_assets=keep))
    kills = range(60) if AMOUNT == "long" else range(2, 60, 9)
    for at in (None, *kills):
        LEFT_BEHIND.clear()
        visitors = Visitors()
        visitors.deploy(plain_of, HISTORY[0])
        visitors.begun = True
        # The last one changes the redirects alone.
        redirected = replace(plain_of, website=REDIRECTED)
        for wanted, of in (*((one, plain_of) for one in HISTORY[1:]), (HISTORY[-1], redirected)):
            visitors.cloud.now += 100
            visitors.cloud.writes.clear()
            visitors.cloud.kill_at = at
            try:
                visitors.deploy(of, wanted)
            except Killed:
                visitors.cloud.revive()
                LEFT_BEHIND.clear()
                visitors.cloud.now += 1000
            visitors.cloud.kill_at = None
            visitors.deploy(of, wanted)
        assert visitors.looks > 30
