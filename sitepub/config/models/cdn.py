"""Models of the CDN settings of a host: camelCase of the CDN API's own fields (API 228/30987, 2018-06-06).

The names and types follow the API's data structures. Loaded only when a project has hosts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from sitepub.config.models.fields import (
    FilledText,
    Flag,
    OneOrMore,
    OnOff,
    Seconds,
    Shape,
    Switch,
    Text,
    TextList,
    Whole,
    whole,
)

PathType = Literal["all", "file", "directory", "path"]
"""What a rule is for. Which kinds there are differs from rule to rule."""
ListType = Literal["whitelist", "blacklist"]


class RefererRule(Shape):
    rule_type: PathType
    rule_paths: TextList
    referer_type: ListType
    referers: TextList
    allow_empty: Flag


class Referer(OnOff):
    referer_rules: list[RefererRule] | None = None


class IpFilterRule(Shape):
    filter_type: ListType
    filters: TextList
    rule_type: PathType
    rule_paths: TextList
    remark: Text | None = None


class IpFilter(OnOff):
    filter_type: ListType | None = None
    filters: TextList | None = None
    filter_rules: list[IpFilterRule] | None = None
    return_code: Annotated[Literal[403, 404, 514, 609], BeforeValidator(whole)] | None = None


class IpFreqLimit(OnOff):
    qps: Whole | None = Field(None, gt=0)


class CompressionRule(Shape):
    compress: Flag
    min_length: Annotated[Whole, Field(ge=0)] | None = None
    max_length: Annotated[Whole, Field(ge=0)] | None = None
    algorithms: Annotated[list[Literal["gzip", "brotli"]], OneOrMore()] | None = None
    file_extensions: TextList | None = None
    rule_type: Literal["all", "file", "directory", "path", "contentType"] | None = None
    rule_paths: TextList | None = None


class Compression(OnOff):
    compression_rules: list[CompressionRule] | None = None


class StatisticItem(Shape):
    type: Literal["total", "moment"] | None = None
    un_block_time: Whole | None = None
    bps_threshold: Whole | None = None
    counter_measure: Literal["RETURN_404"] | None = None
    alert_percentage: Whole | None = None
    alert_switch: Switch | None = None
    metric: Literal["flux", "bandwidth"] | None = None
    cycle: Whole | None = None
    switch: Switch | None = None


class BandwidthAlert(OnOff):
    bps_threshold: Whole | None = Field(None, ge=0)
    counter_measure: Literal["RETURN_404"] | None = None
    alert_switch: Switch | None = None
    alert_percentage: Whole | None = Field(None, ge=0, le=100)
    metric: Literal["flux", "bandwidth"] | None = None
    statistic_items: list[StatisticItem] | None = None


class RangeRule(OnOff):
    rule_type: Literal["file", "directory", "path"]
    rule_paths: TextList


class RangeOriginPull(OnOff):
    range_rules: list[RangeRule] | None = None


class RedirectConfig(OnOff):
    follow_redirect_host: FilledText
    follow_redirect_backup_host: Text | None = None


class FollowRedirect(OnOff):
    redirect_config: RedirectConfig | None = None


class ErrorPageRule(Shape):
    status_code: Annotated[Literal[400, 403, 404, 500], BeforeValidator(whole)]
    redirect_code: Annotated[Literal[301, 302], BeforeValidator(whole)]
    redirect_url: FilledText


class ErrorPage(OnOff):
    page_rules: list[ErrorPageRule] | None = None


class HeaderRule(Shape):
    header_mode: Literal["set", "add", "del"]
    header_name: FilledText
    header_value: Text | None = None
    rule_type: PathType
    rule_paths: TextList


class Headers(OnOff):
    header_rules: list[HeaderRule] | None = None


class CappingRule(Shape):
    rule_type: PathType
    rule_paths: TextList
    k_bps_threshold: Whole = Field(gt=0)


class DownstreamCapping(OnOff):
    capping_rules: list[CappingRule] | None = None


class OriginPullOptimization(OnOff):
    optimization_type: Literal["OVToCN", "CNToOV"] | None = None


class AuthenticationTypeB(Shape):
    """Time and signature as folders of the path."""

    secret_key: FilledText
    backup_secret_key: Text | None = None
    expire_time: Seconds
    file_extensions: TextList
    filter_type: ListType


class AuthenticationTypeC(AuthenticationTypeB):
    """Signature and time as folders of the path."""

    time_format: Literal["dec", "hex"] | None = None


class AuthenticationTypeA(AuthenticationTypeB):
    """One parameter with time and signature."""

    sign_param: FilledText


class AuthenticationTypeD(AuthenticationTypeA):
    """Two parameters: signature and time."""

    time_param: FilledText
    time_format: Literal["dec", "hex"]


class Authentication(OnOff):
    auth_algorithm: Literal["md5", "sha256"] | None = None
    type_a: AuthenticationTypeA | None = None
    type_b: AuthenticationTypeB | None = None
    type_c: AuthenticationTypeC | None = None
    type_d: AuthenticationTypeD | None = None


class UserAgentRule(Shape):
    rule_type: PathType
    rule_paths: TextList
    user_agents: TextList
    filter_type: ListType


class UserAgentFilter(OnOff):
    filter_rules: list[UserAgentRule] | None = None


class UrlRedirectRule(Shape):
    redirect_status_code: Annotated[Literal[301, 302], BeforeValidator(whole)]
    pattern: FilledText
    redirect_url: FilledText
    redirect_host: Text | None = None
    full_match: Flag | None = None
    regex: Flag | None = None


class UrlRedirect(OnOff):
    path_rules: list[UrlRedirectRule] | None = Field(None, max_length=10)


class AccessControlRule(Shape):
    rule_type: Literal["requestHeader", "url"]
    rule_content: FilledText
    regex: Switch
    rule_header: Text | None = None


class AccessControl(OnOff):
    access_control_rules: list[AccessControlRule] | None = None
    return_code: Whole | None = None


class PostMaxSize(OnOff):
    max_size: Whole | None = Field(None, gt=0)


class ParamFilterRule(Shape):
    key: FilledText
    values: TextList
    return_code: Text | None = None


class ParamFilter(OnOff):
    filter_rules: list[ParamFilterRule] | None = None


class RemoteAuthenticationRule(Shape):
    server: FilledText
    auth_method: Literal["get", "post", "head", "all"]
    rule_type: PathType
    rule_paths: TextList
    auth_timeout: Whole = Field(ge=1, le=30_000)
    auth_timeout_action: Literal["RETURN_200", "RETURN_403"]


class RemoteAuthentication(OnOff):
    remote_authentication_rules: list[RemoteAuthenticationRule] | None = None
    server: Text | None = None


class ShareCname(OnOff):
    cname: Text | None = None


class WebSocket(OnOff):
    timeout: Whole | None = Field(None, ge=1, le=300)


class OriginPullTimeout(Shape):
    connect_timeout: Whole = Field(ge=5, le=60)
    receive_timeout: Whole = Field(ge=10, le=300)
