"""The store on the embedded cloud: what the rooms above may rely on."""

from __future__ import annotations



