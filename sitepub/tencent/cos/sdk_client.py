"""Calls of the official SDK for one bucket: tried again like all requests, behind the fence, with our errors."""

from __future__ import annotations

import logging
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from sitepub.errors import NetworkError, NotFound, SitepubError
from sitepub.interrupts import pause
from sitepub.tencent import genuine
from sitepub.tencent.cloud import Cloud, Credentials
from sitepub.tencent.cos import fresh_buckets
from sitepub.tencent.cos.xml import ErrorDocument, error_document
from sitepub.tencent.embedded_gone import embedded_gone, is_gone
from sitepub.tencent.errors_from_cloud import Asked, error_from, unreachable
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.retry import Backoff, worth_retrying

_TIMEOUT = 30
_log = logging.getLogger("sitepub.settings")
_READS = ("Get", "Head")


class SdkClient:
    """Safe for many threads. Every call raises what :func:`errors_from_cloud.error_from` makes of an answer, or
    NetworkError."""

    def __init__(self, cloud: Cloud, bucket: str, *, backoff: Backoff | None = None,
                 clock: Clock | None = None, sleep: Callable[[float], None] = pause) -> None:
        self.cloud = cloud
        self.bucket = bucket
        self.backoff = backoff or Backoff()
        self.clock = clock or Clock()
        self._sleep = sleep
        self._lock = threading.Lock()
        self._client: Any = None
        self._credentials = cloud.credentials
        """Those of the client."""

    def get(self, action: str, method: str, **arguments: Any) -> Any:
        """``None`` for a setting that was never made; a missing bucket still raises."""
        try:
            return self.call(action, method, **arguments)
        except NotFound as error:
            if error.code == "NoSuchBucket":
                raise
            return None

    def call(self, action: str, method: str, *, believe_missing: bool = False, about_bucket: bool = True,
              failed: list[SitepubError] | None = None, **arguments: Any) -> Any:
        """``failed``: gets what each try that is repeated ended with."""
        from qcloud_cos.cos_exception import CosClientError, CosServiceError

        failures, corrected = 0, False
        reads = action.startswith(_READS)
        while True:
            if not reads:
                self.cloud.fence.check()
            offset = self.clock.offset
            try:
                if about_bucket:
                    arguments["Bucket"] = self.bucket
                answer = getattr(self._sdk(), method)(**arguments)
                _log.debug("%s %s: done", action, self.bucket)
                return answer
            except CosServiceError as error:
                if self.clock.offset != offset and not corrected:
                    corrected = True
                    continue
                problem = self._explain(f"cos:{action}", error)
                _log.debug("%s %s: %d %s, request %s", action, self.bucket, error.get_status_code(), problem.code,
                           problem.request_id or "without id")
                cached = (not believe_missing and problem.code == "NoSuchBucket"
                          and fresh_buckets.is_fresh(self.bucket))
                again = cached or worth_retrying(error.get_status_code(), problem.code)
            except CosClientError as error:
                if is_gone(self.cloud.embedded):
                    raise embedded_gone() from error
                problem = genuine.network_error_in(error) or unreachable(
                    self.cloud.bucket_host(self.bucket), str(error))
                again = problem.code != "Certificate"
            except (ET.ParseError, ValueError, LookupError, TypeError, RecursionError) as error:
                # The document is one of COS, but the SDK does not find in it what has to be there.
                problem = NetworkError(f"The cloud's answer to {action} cannot be read ({type(error).__name__}).",
                                       code="BadAnswer", hint="Run again; if it stays so, take another network.")
                again = True
            failures += 1
            if not again or failures >= self.backoff.attempts:
                problem.passing = again or problem.passing
                raise problem
            if failed is not None:
                failed.append(problem)
            self._sleep(self.backoff.wait(failures))

    def _explain(self, action: str, error: Any) -> SitepubError:
        """The SDK keeps the error's fields, or the answer's headers when the body was empty (HEAD)."""
        said = error.get_digest_msg()
        items = said.items() if hasattr(said, "items") else ()
        fields = {str(name).lower(): str(value) for name, value in items}
        # The SDK loses the code of a document whose message or resource is empty.
        document = error_document(str(error.get_origin_msg() or "").encode()) or ErrorDocument("")
        code = document.code or fields.get("code", "")
        status = int(error.get_status_code())
        if code == "NoSuchResource":
            code = "NoSuchBucket"
        request_id = document.request_id or fields.get("requestid") or fields.get("x-cos-request-id")
        return error_from(Asked(action, self.bucket), status, code, document.message or fields.get("message", ""),
                          request_id)

    def _sdk(self) -> Any:
        credentials = self.cloud.credentials.fresh()
        with self._lock:
            if self._client is None or credentials is not self._credentials:
                self._client, self._credentials = self._connect(credentials), credentials
            return self._client

    def _connect(self, credentials: Credentials) -> Any:
        import requests
        from qcloud_cos import CosConfig, CosS3Client

        from sitepub.tencent.sdk_session import OnTime, equip, of_cos, quiet

        quiet("qcloud_cos")
        cloud = self.cloud
        common = {"Region": cloud.region, "SecretId": credentials.secret_id,
                  "SecretKey": credentials.secret_key, "Token": credentials.token, "Timeout": _TIMEOUT}
        if cloud.embedded is not None:
            # The SDK connects to the address and keeps the bucket's real name in the Host header.
            local = cloud.embedded
            config = CosConfig(**common, Scheme="http", IP=local.host, Port=local.port,
                               ServiceDomain=f"{local.host}:{local.port}")
        else:
            config = CosConfig(**common, Scheme="https")
        secret = cloud.embedded.secret if cloud.embedded is not None else ""
        made = equip(requests.Session(), judge=of_cos, direct=cloud.embedded is not None, secret=secret,
                     on_time=OnTime(credentials, self.clock, cloud.fence))
        # Its own retries are few and its session is shared by all clients with ten connections: ours instead.
        return CosS3Client(config, retry=0, session=made)

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client._session.close()
                self._client = None
