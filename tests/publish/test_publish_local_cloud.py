"""The whole path of a deploy and a removal on the embedded cloud: real requests, real signatures."""

from __future__ import annotations


