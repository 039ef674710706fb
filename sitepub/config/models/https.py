"""Models of the HTTPS settings of a host, under the CDN API's own names (API 228/30987)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from sitepub.config.models.fields import FilledText, OneOrMore, OnOff, Seconds, Shape, Switch, Text, whole


class HstsShape(OnOff):
    switch: Switch = "on"
    max_age: Seconds | None = None
    include_sub_domains: Switch | None = None


class CertInfoShape(Shape):
    """A certificate of the SSL service, or one of your own."""

    cert_id: FilledText | None = Field(None, description=(
        "Id of a certificate in the SSL service; `auto`: a valid one that covers the host is used, else a free "
        "one applied for and renewed."))
    certificate: FilledText | None = Field(None, description=(
        "PEM with the whole chain, or the path of a file with it, from the folder of serverless.yml."))
    private_key: FilledText | None = Field(None, description=(
        "PEM, from the environment, or the path of a file with it."))
    remarks: Text | None = Field(None, description="Note to keep with the certificate.")


class ClientCertInfoShape(Shape):
    """The authority whose certificates visitors show."""

    certificate: FilledText = Field(description=(
        "PEM (or that in Base64), or the path of a file with it, from the folder of serverless.yml."))


class HttpsShape(Shape):
    """HTTPS of a host."""

    switch: Switch = Field("on", description="HTTPS on or off.")
    http2: Switch = Field("off", description="HTTP/2.")
    ocsp_stapling: Switch = Field("off", description="OCSP stapling.")
    verify_client: Switch = Field("off", description="Ask visitors for a certificate; needs `clientCertInfo`.")
    client_cert_info: ClientCertInfoShape | None = Field(None, description=(
        "The certificate of the authority that signs your visitors' certificates."))
    hsts: HstsShape | None = Field(None, description="`switch`, `maxAge` (seconds), `includeSubDomains`.")
    tls_version: Annotated[
        list[Literal["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]], OneOrMore()] | None = Field(
        None, description="TLS versions that are allowed.")
    cert_info: CertInfoShape | None = Field(None, description=(
        "The certificate; `auto` is short for `{certId: auto}`."))


class ForceRedirectShape(Shape):
    """Redirect of every request to one protocol."""

    switch: Switch = Field("on", description="Redirect or not.")
    redirect_type: Literal["https", "http"] = Field("https", description="Protocol to redirect to.")
    redirect_status_code: Annotated[Literal[301, 302, 307, 308], BeforeValidator(whole)] = Field(
        301, description="301, 302, 307 or 308.")
    carry_headers: Switch | None = Field(None, description="Send added response headers with the redirect.")
