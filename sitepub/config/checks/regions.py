"""Regions of object storage, and what is said of one that is not among them.

The list is that of COS (436/6224, as of 2026-11), compared with the names in the product models of tccli 3.1.189
and the endpoints in public use. It has every region in which a bucket may lie, those too that take no new buckets any
more (Beijing 1, Mumbai, Toronto, Moscow), the finance regions, and the one for autonomous driving. The names of
availability zones (``ap-guangzhou-3``) and of regions of other products only (edge zones ``-ec``, ``ap-qingyuan``) are
no regions here.
"""

from __future__ import annotations

import re

from sitepub.config.checks.nearest import nearest

REGIONS = (
    "ap-beijing", "ap-beijing-1", "ap-nanjing", "ap-shanghai", "ap-guangzhou", "ap-chengdu", "ap-chongqing",
    "ap-shenzhen-fsi", "ap-shanghai-fsi", "ap-beijing-fsi", "ap-shanghai-adc",
    "ap-hongkong", "ap-taipei", "ap-singapore", "ap-jakarta", "ap-seoul", "ap-bangkok", "ap-tokyo", "ap-mumbai",
    "me-saudi-arabia", "na-siliconvalley", "na-ashburn", "na-toronto", "sa-saopaulo", "eu-frankfurt", "eu-moscow",
)
_CITIES = {region.split("-")[1]: region for region in reversed(REGIONS)}
"""A name without its first part, such as ``guangzhou`` or ``cn-guangzhou``; of several the plain one."""
_OTHER_NAMES = {
    "北京": "ap-beijing", "南京": "ap-nanjing", "上海": "ap-shanghai", "广州": "ap-guangzhou", "廣州": "ap-guangzhou",
    "成都": "ap-chengdu", "重庆": "ap-chongqing", "重慶": "ap-chongqing", "香港": "ap-hongkong", "台北": "ap-taipei",
    "新加坡": "ap-singapore", "雅加达": "ap-jakarta", "首尔": "ap-seoul", "曼谷": "ap-bangkok", "东京": "ap-tokyo",
    "東京": "ap-tokyo", "孟买": "ap-mumbai", "沙特": "me-saudi-arabia", "利雅得": "me-saudi-arabia",
    "硅谷": "na-siliconvalley", "弗吉尼亚": "na-ashburn", "阿什本": "na-ashburn", "多伦多": "na-toronto",
    "圣保罗": "sa-saopaulo", "法兰克福": "eu-frankfurt", "莫斯科": "eu-moscow", "深圳金融": "ap-shenzhen-fsi",
    "上海金融": "ap-shanghai-fsi", "北京金融": "ap-beijing-fsi", "virginia": "na-ashburn", "riyadh": "me-saudi-arabia",
    "cn-south": "ap-guangzhou", "cn-east": "ap-shanghai", "cn-southwest": "ap-chengdu", "cn-north": "ap-beijing-1",
    "tj": "ap-beijing-1", "bj": "ap-beijing", "sh": "ap-shanghai", "gz": "ap-guangzhou", "cd": "ap-chengdu",
    "hk": "ap-hongkong", "sg": "ap-singapore", "sgp": "ap-singapore", "ca": "na-toronto", "ger": "eu-frankfurt",
}
"""Names in Chinese, as the console shows them, and those that COS had before 2018."""
_WRITTEN_OUT = re.compile("[a-z]{2}-[a-z]{2,20}(?:-[a-z0-9]{1,6})?")


def near_region(name: str) -> str | None:
    """The region that was probably meant; ``None``: none is like it."""
    plain = name.strip().lower()
    found = [one[0] for one in _WRITTEN_OUT.finditer(plain) if one[0] in REGIONS]
    if found and not plain.isascii():
        return found[0]  # as the console shows it: 广州（中国）ap-guangzhou
    bare = plain.removeprefix("中国")
    other = _OTHER_NAMES.get(plain) or next(
        (region for word, region in sorted(_OTHER_NAMES.items(), key=lambda one: -len(one[0]))
         if not word.isascii() and bare.startswith(word)), None)
    if other is not None:
        return other
    parts = plain.replace("_", "-").replace(" ", "-").split("-")
    for part in parts:
        if part in _CITIES:
            same = "-".join(parts[parts.index(part):])
            return next((region for region in REGIONS if region.partition("-")[2] == same), _CITIES[part])
    return nearest(name, REGIONS)


def about_regions(name: str) -> str:
    """A hint for a region that is not known."""
    near = near_region(name)
    return f"Did you mean `{near}`?" if near is not None else f"Known are {', '.join(REGIONS)}."
