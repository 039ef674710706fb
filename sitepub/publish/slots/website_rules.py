"""Redirect rules of the website that name keys, for the folder of a slot: visitors of the slot come with its keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from sitepub.config.bucket_settings import RedirectRule
from sitepub.publish.states.slot_state import FOLDER, Slots
from sitepub.settings.bucket import Bucket
from sitepub.tencent.cos.website_config import WebsiteConfig


def rules_of_slot(rules: Sequence[RedirectRule], folder: str) -> tuple[RedirectRule, ...]:
    """The rules with a condition on the key, for keys in ``folder``. Where they lead stays a key of the site, which the
    router hands to the visitor: a part of the key that is replaced takes the folder away with it."""
    return tuple(replace(rule, key_prefix=folder + rule.key_prefix) for rule in rules if rule.key_prefix is not None)


def bring_rules(bucket: Bucket, slots: Slots, name: str, website: WebsiteConfig, check: Callable[[], None]) -> Slots:
    """Before visitors get a slot: the bucket has the redirect rules of its release. Nothing is asked where no slot has
    any. ``check`` raises when nothing may be written any more."""
    folder = f"{FOLDER}{name}/"
    wanted = rules_of_slot(website.rules, folder)
    if not wanted and not slots.rules:
        return slots
    check()
    bucket.put_folder_rules(folder, wanted)
    return slots if slots.rules else msgspec.structs.replace(slots, rules=True)
