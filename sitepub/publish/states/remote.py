"""Everything remote that belongs to one site: its bucket, and the private bucket with its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sitepub.config.project import Project
from sitepub.errors import ConfigError, Problem, Refused, SitepubError
from sitepub.publish.locking.patience import Patience
from sitepub.publish.states.state_store import StateStore
from sitepub.settings.bucket import Bucket
from sitepub.tencent.cloud import Cloud
from sitepub.tencent.cos.bucket_settings import BucketStatus, Made
from sitepub.tencent.cos.store import ObjectStore

CONNECTIONS = 128
MARKER = ".sitepub"
"""Key of the object that says that sitepub made a state bucket, and may take it away again."""
_MARKER_TEXT = b"This bucket was created by sitepub and holds the state of the sites it publishes.\n"


@dataclass(frozen=True, slots=True)
class Remote:
    """What a deploy, an info or a remove of one site talks to."""

    project: Project
    bucket: str
    """The website bucket, with its ``-APPID``."""
    store: ObjectStore
    settings: Bucket
    states: StateStore
    state_settings: Bucket
    elsewhere: Callable[[str], tuple[ObjectStore, Bucket]]
    """Another bucket of the same region: one that the site lived in before."""
    free_name: Callable[[], str | None]
    """A name like the bucket's that is free, without ``-APPID``."""
    unaccelerated: Callable[[], bool] = lambda: False
    """Whether the acceleration endpoint refused the bucket, so that objects went to the region's own."""
    patience: Patience = field(default_factory=Patience)
    """How long to wait while another run has the lock."""
    environ: Mapping[str, str] | None = None
    """The variables of this run; ``None``: those of the process."""
    folder: str = ""
    """Of the bucket, with a slash behind it: what is published lies there, and the store's keys are those below it.
    The bucket itself and its settings are the site's. "": the bucket's root."""

    def close(self) -> None:
        self.store.close()
        self.states.store.close()
        self.settings.close()
        self.state_settings.close()

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_remote(project: Project, cloud: Cloud, *, connections: int = CONNECTIONS,
                environ: Mapping[str, str] | None = None, patience: Patience | None = None,
                state_store: ObjectStore | None = None) -> Remote:
    """Connect a project with its buckets; nothing is sent yet. ``state_store``: the state bucket, when it was asked
    before.

    Raises :class:`~sitepub.errors.ConfigError` when the state would lie in the website's own bucket, where
    it would be public and in the way, and :class:`~sitepub.errors.Refused` for the bucket of another account."""
    from sitepub.tencent.cos.bucket_settings import BucketSettings, free_name
    from sitepub.tencent.cos.object_store import CosObjectStore

    bucket, state_bucket = project.bucket(cloud.app_id), project.state_bucket_for(cloud.app_id)
    if not bucket.endswith(f"-{cloud.app_id}"):
        raise _of_somebody_else(cloud, bucket)
    if bucket == state_bucket:
        raise ConfigError(Problem(f"the state bucket {state_bucket} is the bucket of the website itself",
                                  hint="choose another state.bucket: the state has to stay private"))

    def elsewhere(name: str) -> tuple[ObjectStore, Bucket]:
        return CosObjectStore(cloud, name), BucketSettings(cloud, name)

    root = CosObjectStore(cloud, bucket, connections=connections)
    store: ObjectStore = root
    if project.folder:
        from sitepub.publish.slots.folder_store import OwnFolder

        store = OwnFolder(root, project.folder)
    return Remote(
        project=project,
        bucket=bucket,
        store=store,
        settings=BucketSettings(cloud, bucket),
        # Acceleration is switched on for single buckets; the state's is not one of them.
        states=StateStore(state_store or CosObjectStore(replace(cloud, accelerate=False), state_bucket,
                                                        connections=connections), project.state_prefix),
        state_settings=BucketSettings(cloud, state_bucket),
        elsewhere=elsewhere,
        free_name=lambda: free_name(cloud, bucket),
        unaccelerated=lambda: root.unaccelerated,
        environ=environ,
        patience=patience or Patience(),
        folder=project.folder,
    )


def _of_somebody_else(cloud: Cloud, bucket: str) -> Refused:
    from sitepub.tencent.cos.bucket_settings import BucketSettings, free_name

    stem, _, number = bucket.rpartition("-")
    settings = BucketSettings(cloud, f"{stem}-{cloud.app_id}")
    try:
        free = stem if settings.head() is BucketStatus.MISSING else free_name(cloud, settings.bucket)
    except SitepubError:
        free = None
    finally:
        settings.close()
    return Refused(
        f"the bucket {bucket} belongs to another account: {number} is not this account's number, which is"
        f" {cloud.app_id}", code="BucketForeign",
        hint=f"{free} is free: set `inputs.bucketName: {free}` in serverless.yml" if free
        else "choose another inputs.bucketName")


def ensure_state_bucket(remote: Remote) -> None:
    """Create the state bucket when it is missing: private, and marked as ours."""
    store = remote.states.store
    status = remote.state_settings.head()
    if status is BucketStatus.FOREIGN:
        raise Refused(f"the state bucket {store.bucket} belongs to another account or may not be read",
                      hint="name another one: state: {bucket: …}", code="StateBucketForeign")
    made = remote.state_settings.create() if status is BucketStatus.MISSING else Made.BEFORE
    if made is Made.BEFORE and (remote.project.state_bucket is not None
                                or next(iter(store.list()), None) is not None):
        return
    # Also an empty bucket of sitepub's own name: its maker was killed before it could leave the mark.
    store.put(MARKER, _MARKER_TEXT, {"Content-Type": "text/plain; charset=utf-8"})
