"""Models of ``hosts[]``: custom domains. Loaded only when a project has hosts or ``inputs.https``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sitepub.config.models import cdn, cdn_cache
from sitepub.config.models.bucket import TagShape
from sitepub.config.models.fields import Flag, HostName, OnOff, Shape, Text, TextList, Whole
from sitepub.config.models.https import ForceRedirectShape, HttpsShape
from sitepub.config.models.new_zone import EdgeOneShape


class RefreshShape(Shape):
    """What to purge after a deploy."""

    urls: TextList = Field([], description="Addresses to purge.")
    flush_type: Literal["flush", "delete"] | None = Field(
        None, description="For folders: drop what changed (`flush`) or everything (`delete`).")


class PushShape(Shape):
    """What to prefetch after a deploy."""

    urls: TextList = Field(min_length=1, description="Addresses to prefetch.")
    area: Literal["mainland", "overseas", "global"] | None = Field(None, description="Where to.")
    user_agent: Text | None = Field(None, description="User-Agent of the origin pull.")


class SettingsShape(Shape):
    """The CDN settings that a host may have."""

    cache: cdn_cache.Cache | None = Field(None, description="How long the edge keeps files.")
    cache_key: cdn_cache.CacheKey | None = Field(None, description="What makes two requests the same.")
    referer: cdn.Referer | None = Field(None, description="Allowed or refused referers.")
    ip_filter: cdn.IpFilter | None = Field(None, description="Allowed or refused addresses.")
    ip_freq_limit: cdn.IpFreqLimit | None = Field(None, description="Requests a second for one address.")
    status_code_cache: cdn_cache.StatusCodeCache | None = Field(None, description="How long errors are kept.")
    compression: cdn.Compression | None = Field(None, description="Gzip and Brotli.")
    bandwidth_alert: cdn.BandwidthAlert | None = Field(None, description="Cap on bandwidth or traffic.")
    range_origin_pull: cdn.RangeOriginPull | None = Field(None, description="Origin pulls in ranges.")
    follow_redirect: cdn.FollowRedirect | None = Field(None, description="Follow redirects of the origin.")
    error_page: cdn.ErrorPage | None = Field(None, description="Redirects for error statuses.")
    request_header: cdn.Headers | None = Field(None, description="Headers added to origin pulls.")
    response_header: cdn.Headers | None = Field(None, description="Headers added to answers.")
    downstream_capping: cdn.DownstreamCapping | None = Field(None, description="Download speed.")
    response_header_cache: OnOff | None = Field(None, description="Keep the origin's headers.")
    video_seek: OnOff | None = Field(None, description="Seeking in videos.")
    origin_pull_optimization: cdn.OriginPullOptimization | None = Field(
        None, description="Origin pulls across the border.")
    authentication: cdn.Authentication | None = Field(None, description="Signed addresses.")
    seo: OnOff | None = Field(None, description="A steady origin for search engines.")
    max_age: cdn_cache.MaxAge | None = Field(None, description="How long browsers keep files.")


class AreaShape(Shape):
    """What the CDN lets be changed for one area (MainlandConfig in 228/30987); the origin is sitepub's."""

    authentication: cdn.Authentication | None = Field(None, description="As above.")
    bandwidth_alert: cdn.BandwidthAlert | None = Field(None, description="As above.")
    error_page: cdn.ErrorPage | None = Field(None, description="As above.")
    ip_filter: cdn.IpFilter | None = Field(None, description="As above.")
    referer: cdn.Referer | None = Field(None, description="As above.")


class SpecificShape(Shape):
    mainland: AreaShape | None = Field(None, description="Settings in mainland China.")
    overseas: AreaShape | None = Field(None, description="Settings elsewhere.")


class HostShape(SettingsShape):
    """One custom domain."""

    host: HostName = Field(description="The domain name, such as `www.example.com`.")
    edge: Literal["cdn", "edgeone", "cos"] = Field("cdn", description=(
        "What serves it: the classic CDN, EdgeOne (in a zone of the account), or the bucket itself."))
    edgeone: EdgeOneShape | None = Field(None, description="With `edge: edgeone`: the zone that is created for it.")
    area: Literal["mainland", "overseas", "global"] = Field("mainland", description="Where it is served.")
    dns: Literal["auto", "off"] = Field("auto", description=(
        "`auto`: records are made where the zone is in the account's DNSPod, else shown; `off`: only shown."))
    asynchronous: Flag = Field(False, alias="async", description="Do not wait until the domain is online.")
    auto_refresh: Flag = Field(True, description="Purge after a deploy.")
    only_refresh: Flag = Field(False, description="Never touch the domain's settings, only purge.")
    refresh_cdn: RefreshShape | None = Field(None, description="What to purge.")
    push_cdn: PushShape | None = Field(None, description="What to prefetch.")
    https: HttpsShape | None = Field(None, description=(
        "HTTPS; left out: `inputs.https`. `auto` gets and renews a free certificate."))
    force_redirect: ForceRedirectShape | None = Field(None, description="Redirect to one protocol.")
    origin_pull_timeout: cdn.OriginPullTimeout | None = Field(None, description="Timeouts of origin pulls.")
    user_agent_filter: cdn.UserAgentFilter | None = Field(None, description="Allowed or refused user agents.")
    url_redirect: cdn.UrlRedirect | None = Field(None, description="Redirects by path.")
    access_control: cdn.AccessControl | None = Field(None, description="Requests refused by header or address.")
    access_port: list[Whole] | None = Field(None, description="Ports that are open to visitors.")
    param_filter: cdn.ParamFilter | None = Field(None, description="Parameters whose requests are refused.")
    post_max_size: cdn.PostMaxSize | None = Field(None, description="Largest body of a POST.")
    remote_authentication: cdn.RemoteAuthentication | None = Field(
        None, description="A server of yours that is asked about every request.")
    ipv6_access: OnOff | None = Field(None, description="Visitors by IPv6.")
    quic: OnOff | None = Field(None, description="QUIC.")
    offline_cache: OnOff | None = Field(None, description="Old copies while the origin is down.")
    web_socket: cdn.WebSocket | None = Field(None, description="Timeout of WebSocket.")
    share_cname: cdn.ShareCname | None = Field(None, description="A CNAME that several domains share.")
    specific_config: SpecificShape | None = Field(
        None, description="Settings that differ between mainland China and elsewhere.")
    tags: list[TagShape] | None = Field(None, max_length=50, description="Tags of the domain.")


OWN_FIELDS = ("host", "edge", "edgeone", "area", "dns", "async", "autoRefresh", "onlyRefresh", "https", "forceRedirect")
"""The keys that have a place of their own in ``project.Host``; the others are its ``settings``."""
