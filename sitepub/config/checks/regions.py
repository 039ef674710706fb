"""Regions of object storage, and what is said of one that is not among them.

The list is that of COS (436/6224, as of 2026-11), compared with the names in the product models of tccli 3.1.189
and the endpoints in public use. It has every region in which a bucket may lie, those too that take no new buckets any
more (Beijing 1, Mumbai, Toronto, Moscow), the finance regions, and the one for autonomous driving. The names of
availability zones (``ap-guangzhou-3``) and of regions of other products only (edge zones ``-ec``, ``ap-qingyuan``) are
no regions here.
"""

from __future__ import annotations

from sitepub.config.checks.nearest import nearest

REGIONS = (
    "ap-beijing", "ap-beijing-1", "ap-nanjing", "ap-shanghai", "ap-guangzhou", "ap-chengdu", "ap-chongqing",
    "ap-shenzhen-fsi", "ap-shanghai-fsi", "ap-beijing-fsi", "ap-shanghai-adc",
    "ap-hongkong", "ap-taipei", "ap-singapore", "ap-jakarta", "ap-seoul", "ap-bangkok", "ap-tokyo", "ap-mumbai",
    "me-saudi-arabia", "na-siliconvalley", "na-ashburn", "na-toronto", "sa-saopaulo", "eu-frankfurt", "eu-moscow",
)
_CITIES = {region.split("-")[1]: region for region in reversed(REGIONS)}
"""A name without its first part, such as ``guangzhou`` or ``cn-guangzhou``; of several the plain one."""


def near_region(name: str) -> str | None:
    """The region that was probably meant; ``None``: none is like it."""
    parts = name.strip().lower().replace("_", "-").split("-")
    for part in parts:
        if part in _CITIES:
            same = "-".join(parts[parts.index(part):])
            return next((region for region in REGIONS if region.partition("-")[2] == same), _CITIES[part])
    return nearest(name, REGIONS)


def about_regions(name: str) -> str:
    """A hint for a region that is not known."""
    near = near_region(name)
    return f"Did you mean `{near}`?" if near is not None else f"Known are {', '.join(REGIONS)}."
