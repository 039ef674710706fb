"""The listing, compared with a model that is as simple as the description."""

from __future__ import annotations



