"""Who we are and where requests go: credentials, account, and the real cloud or the embedded one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from sitepub.tencent.fence import Fence
from sitepub.tencent.sites import Site

if TYPE_CHECKING:
    from sitepub.config.project import Project
    from sitepub.tencent.account.renewal import Renewal


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key pair, with the token when it is temporary. Its repr never shows a secret."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    source: str = "unknown"
    """Where it was found, in words for the user: "environment TENCENTCLOUD_SECRET_ID", "profile default"."""
    expires: float | None = field(default=None, repr=False, compare=False)
    """When temporary ones run out, in Unix seconds; ``None``: not known, or never."""
    site: Site = "cn"
    """Which site of the cloud the account is of."""
    renewal: Renewal | None = field(default=None, repr=False, compare=False)
    """Gives new ones; ``None``: they cannot be renewed."""

    def fresh(self) -> Credentials:
        """These, or those that have replaced them since: to be asked for each request."""
        return self if self.renewal is None else self.renewal.current()

    @property
    def masked_id(self) -> str:
        """The SecretId with all but its first and last four characters hidden."""
        sid = self.secret_id
        return f"{sid[:4]}…{sid[-4:]}" if len(sid) >= 12 else "…"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded cloud on this computer: every host name is reached at this address over plain HTTP."""

    host: str
    port: int
    edge_http: int = 0
    """Port of its CDN edge for HTTP, on the same address; 0: it has none."""
    edge_https: int = 0
    dns: int = 0
    """Port of its DNS server, UDP and TCP."""
    ca: str = ""
    """Path of the PEM file of the root that signs its certificates."""
    secret: str = field(default="", repr=False)
    """What it must know to be believed, and what its own addresses ask for; "": not checked."""

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Cloud:
    """An account on a cloud, ready to be talked to."""

    credentials: Credentials
    app_id: str
    region: str
    embedded: Embedded | None = None
    """``None``: the real cloud."""
    accelerate: bool = False
    """Send objects through the global acceleration endpoint."""
    fence: Fence = field(default_factory=Fence, repr=False, compare=False)
    """Asked before every request that changes something; those made from this one share it."""

    def bucket_host(self, bucket: str) -> str:
        """Host name of a bucket's XML API; also what is signed and sent as ``Host``."""
        if self.accelerate:
            return f"{bucket}.cos.accelerate.myqcloud.com"
        return f"{bucket}.cos.{self.region}.myqcloud.com"

    def website_host(self, bucket: str) -> str:
        return f"{bucket}.cos-website.{self.region}.myqcloud.com"

    def website_url(self, bucket: str, protocol: str, key_prefix: str = "") -> str:
        """The address a browser opens. On the embedded cloud: ``*.localhost`` with the port, over HTTP.

        ``key_prefix``: where in the bucket the site lies ("" or "a/b/")."""
        path = f"/{quote(key_prefix)}" if key_prefix else ""
        if self.embedded is not None:
            return f"http://{bucket}.cos-website.{self.region}.localhost:{self.embedded.port}{path}"
        return f"{protocol}://{self.website_host(bucket)}{path}"

    def host_url(self, host: str, *, https: bool) -> str:
        """The address of a custom domain for a browser. On the embedded cloud: below ``localhost``, with the
        port of its edge."""
        scheme = "https" if https else "http"
        if self.embedded is None:
            return f"{scheme}://{host}"
        return f"{scheme}://{host}.localhost:{self.embedded.edge_https if https else self.embedded.edge_http}"

    def host_urls(self, project: Project) -> dict[str, str]:
        """Host → its address for a browser."""
        return {host.host: self.host_url(host.host, https=host.https is not None and host.https.get("switch") != "off")
                for host in project.hosts}
