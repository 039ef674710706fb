"""Writes settings: one step, one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sitepub.settings.bucket import Bucket
from sitepub.settings.steps import SettingStep, Timing
from sitepub.tencent.cos.bucket_settings import Made

Written = Callable[[SettingStep], None]


class BucketWasThere(Exception):
    """A bucket that was to be made is there: what was planned for an empty one has to be planned again.

    ``unsure``: it may have been made by this very run, whose first request got no answer."""

    def __init__(self, *, unsure: bool) -> None:
        super().__init__("the bucket was there")
        self.unsure = unsure


def apply_settings(bucket: Bucket, steps: Iterable[SettingStep], timing: Timing,
                   written: Written | None = None, check: Callable[[], None] = lambda: None) -> None:
    """Write the steps of one timing, in order; ``written`` is called with each that was written. ``check`` is
    called before each, and raises when nothing may be written any more.

    Raises :class:`BucketWasThere` before anything is written to such a bucket, and what the cloud answers
    (:class:`~sitepub.errors.CloudError` and its kinds); the steps before the failing one stay written."""
    for step in steps:
        if step.timing is timing:
            check()
            _apply(bucket, step)
            if written is not None:
                written(step)


def _apply(bucket: Bucket, step: SettingStep) -> None:
    value = step.value
    match step.kind:
        case "bucket":
            made = bucket.create() or Made.NOW
            if made is not Made.NOW:
                raise BucketWasThere(unsure=made is Made.UNSURE)
        case "acl":
            bucket.put_acl(value)
        case "grants":
            bucket.let_everybody_read()
        case "website":
            bucket.put_website(value)
        case "accelerate":
            bucket.switch_acceleration_on()
        # The rest are documents that the cloud does not take empty.
        case "policy":
            bucket.put_policy(value) if value else bucket.delete_policy()
        case "cors":
            bucket.put_cors(value) if value else bucket.delete_cors()
        case "tags":
            bucket.put_tags(value) if value else bucket.delete_tags()
        case "lifecycle":
            bucket.put_lifecycle(value) if value else bucket.delete_lifecycle()
        case unknown:
            raise ValueError(f"there is no setting {unknown!r}")
