"""Whether a bucket still is as the project says, for ``info``."""

from __future__ import annotations

from sitepub.settings.actual import NO_BUCKET, read_actual
from sitepub.settings.bucket import Bucket
from sitepub.settings.difference import difference
from sitepub.settings.steps import SettingStep
from sitepub.settings.wanted import WantedSettings
from sitepub.tencent.bucket_settings import BucketStatus


def drift(bucket: Bucket, wanted: WantedSettings) -> list[SettingStep]:
    """The settings that differ now, as the steps that would set them right. A bucket that is not there, or
    not ours any more, differs in everything. Raises what the cloud answers."""
    actual = read_actual(bucket, wanted) if bucket.head() is BucketStatus.OURS else NO_BUCKET
    return difference(wanted, actual)
