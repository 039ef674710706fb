"""The program in this process, where its own start is not what is tested: ten times as fast."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sitepub.cli.main import run
from sitepub.terminal.terminal import Terminal
from tests.conftest import LocalCloud
from tests.e2e.conftest import Run, Sitepub, make_sitepub


class InProcess(Sitepub):
    """Like the program, but for its process."""

    def __call__(self, *arguments: str, cwd: Path, **extra: str) -> Run:
        out, err = io.StringIO(), io.StringIO()
        terminal = Terminal(stdin=io.StringIO(), stdout=out, stderr=err, environ={**self.environ, **extra})
        code = run([*arguments, "--cwd", str(cwd)], terminal)
        return Run(code, out.getvalue(), err.getvalue())


def in_process(cloud: LocalCloud, home: Path) -> Sitepub:
    """As :func:`~tests.e2e.conftest.make_sitepub`."""
    found = make_sitepub(cloud, home)
    return InProcess(found.cloud, found.environ)


@pytest.fixture
def sitepub(local_cloud: LocalCloud, home: Path) -> Sitepub:
    return in_process(local_cloud, home)


@pytest.fixture
def program(cloud: LocalCloud, home: Path) -> Sitepub:
    return in_process(cloud, home)
