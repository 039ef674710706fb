"""A real ``sitepub dev`` whose folder is edited while it starts."""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.amount import times
from tests.dev.dev_process import DevProcess, Site
from tests.program import starting

STARTS = times(2, quick=1, long=100)
LATEST = 1.0
"""Seconds after the start of the process at which the last edit is made."""


@pytest.mark.usefixtures("home")
def test_what_is_saved_at_any_moment_of_a_start_is_published(site: Site) -> None:
    environ = {**os.environ, "SITEPUB_LOCAL_DATA": str(site.cloud.data)}
    deployed = starting.start("sitepub", ["deploy", "--local", "--quiet"], cwd=site.root, environ=environ)
    deployed.communicate()
    assert deployed.returncode == 0
    luck = random.Random(7)
    for start in range(STARTS):
        moments = sorted(luck.random() * LATEST for _ in range(4))
        began = time.monotonic()
        dev = DevProcess(site, environ, "--no-logs")
        try:
            for number, moment in enumerate(moments):
                time.sleep(max(0.0, began + moment - time.monotonic()))
                text = f"<p>{start} {number}</p>"
                site.write({f"posts/{luck.randrange(40):02}.html": text, f"new-{start}-{number}/page.html": text})
            dev.wait_for_first()
            site.wait_until_equal()
        finally:
            dev.end()
