"""The program, its sites and their visitors, as in the end-to-end tests."""

from __future__ import annotations

from tests.e2e.conftest import make_site, sitepub, visitor

__all__ = ["make_site", "sitepub", "visitor"]
