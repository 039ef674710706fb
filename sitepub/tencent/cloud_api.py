"""The cloud API 3.0: calls by service, version and action, through the SDK's CommonClient."""

from __future__ import annotations

import inspect
import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from sitepub.errors import NetworkError, SitepubError, Unanswered
from sitepub.interrupts import pause
from sitepub.tencent import genuine
from sitepub.tencent.cloud import Credentials, Embedded
from sitepub.tencent.embedded_gone import embedded_gone, is_gone
from sitepub.tencent.errors_from_cloud import Asked, error_from, unreachable
from sitepub.tencent.fence import Fence
from sitepub.tencent.network import limits
from sitepub.tencent.network.clock import Clock
from sitepub.tencent.network.retry import Backoff, worth_retrying
from sitepub.tencent.sites import api_domain

_log = logging.getLogger("sitepub.api")
_TIMEOUT = 30
_NETWORK_CODES = frozenset({"ClientNetworkError", "ServerNetworkError"})
_READS = ("Describe", "Get", "List", "Check", "Search", "Query", "AssumeRole")
_REPEATABLE = ("Purge", "Push", "CreatePurgeTask", "CreatePrefetchTask", "Verify")
"""Calls that change something, where doing it twice costs a little of a quota at most."""
_TOO_FAST = "InvalidParameter.OverLimit"
"""How STS says that it takes no more calls at the moment. What the services behind a host say: ``domains.busy``."""
Retried = Callable[[Exception, float], None]


def language() -> str:
    """Of the cloud's messages: Chinese for a Chinese locale, else English."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh-CN" if locale.lower().startswith("zh") else "en-US"


class CloudApi:
    """Safe to use from many threads; each call has a client of its own."""

    def __init__(self, credentials: Credentials, region: str, embedded: Embedded | None = None, *,
                 backoff: Backoff | None = None, clock: Clock | None = None,
                 sleep: Callable[[float], None] = pause, fence: Fence | None = None) -> None:
        self._fence = fence or Fence()
        self._credentials = credentials
        self._region = region
        self._embedded = embedded
        self._secret = embedded.secret if embedded is not None else ""
        self._backoff = backoff or Backoff(attempts=5)
        self._clock = clock or Clock()
        self._sleep = sleep

    def call(self, service: str, version: str, action: str, params: Mapping[str, Any], *,
             unsigned: bool = False, retry: Retried | None = None) -> dict[str, Any]:
        """One call; the answer's ``Response``, with its RequestId.

        RequestLimitExceeded is tried again, with back-off. So is a broken connection, and an answer that is not the
        cloud's own, when the action only reads or may be repeated: any other may have been carried out, so its
        caller has to look first (:class:`~sitepub.errors.Unanswered`). Raises what
        :func:`errors_from_cloud.error_from` makes of the error code, or NetworkError.
        """
        from tencentcloud.common.exception import TencentCloudSDKException

        failures, corrected = 0, False
        while True:
            if not action.startswith(_READS):
                self._fence.check()
            try:
                answer = self._call_once(service, version, action, params, unsigned)
                # Never the parameters: a certificate's private key may be among them.
                _log.debug("%s:%s: done, request %s", service, action, answer.get("RequestId", "without id"))
                return answer
            except TencentCloudSDKException as error:
                code = error.get_code() or ""
                _log.debug("%s:%s: %s, request %s", service, action, code, error.get_request_id() or "without id")
                if code == "AuthFailure.SignatureExpire" and not corrected and self._learn_time(service):
                    corrected = True
                    continue
                if code in _NETWORK_CODES and is_gone(self._embedded):
                    raise embedded_gone() from error
                problem, again = self._explain(f"{service}:{action}", action, code, error)
            failures += 1
            if not again or failures >= self._backoff.attempts:
                problem.passing = again or problem.passing
                raise problem
            wait = self._backoff.wait(failures)
            if retry is not None:
                retry(problem, wait)
            self._sleep(wait)

    def _explain(self, name: str, action: str, code: str, error: Any) -> tuple[SitepubError, bool]:
        if code in _NETWORK_CODES:
            problem = genuine.network_error_in(error) or unreachable(
                f"the cloud API ({name})", str(error.get_message()))
            if not action.startswith(_READS + _REPEATABLE) and problem.code != "Certificate":
                return Unanswered(problem.message, code=problem.code, hint=problem.hint), False
            return problem, problem.code != "Certificate"
        # These refuse before anything is done (cloud API 3.0, common errors).
        again = code == _TOO_FAST or (worth_retrying(0, code.partition(".")[0]) and (
            code.startswith("RequestLimitExceeded") or action.startswith(_READS)))
        return error_from(Asked(name), 0, code, str(error.get_message() or ""), error.get_request_id()), again

    def _call_once(self, service: str, version: str, action: str, params: Mapping[str, Any],
                   unsigned: bool) -> dict[str, Any]:
        client = self._client(service, version, unsigned)
        options = {"SkipSign": True} if unsigned else None
        try:
            answer: Any = client.call_json(action, dict(params), options=options)
        finally:
            client.request.conn._session.close()
        # What was answered has this shape: the session saw to it.
        response: dict[str, Any] = answer["Response"]
        if "Error" in response:
            # The SDK looks for errors only below two content types.
            from tencentcloud.common.exception import TencentCloudSDKException

            found = response["Error"]
            raise TencentCloudSDKException(found.get("Code"), found.get("Message"), response.get("RequestId"))
        return response

    def _client(self, service: str, version: str, unsigned: bool) -> Any:
        from tencentcloud.common.common_client import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        from sitepub.tencent.sdk_session import equip, of_api, quiet

        quiet("tencentcloud_sdk_common")
        clock = self._clock

        class ClientOnTime(CommonClient):  # type: ignore[misc]
            """Signs with the server's time, once it is known to differ from this computer's."""

            def _build_req_with_tc3_signature(self, action: str, params: Any, req: Any,
                                              options: Any = None) -> None:
                super()._build_req_with_tc3_signature(action, params, req, options)
                if clock.offset:
                    now = int(clock.now())
                    date = time.strftime("%Y-%m-%d", time.gmtime(now))
                    req.header["X-TC-Timestamp"] = str(now)
                    # Before 3.1 it takes the key from the client's credential by itself.
                    key = ([self.credential.secret_key] if "secret_key" in
                           inspect.signature(self._get_tc3_signature).parameters else [])
                    signed = self._get_tc3_signature(params, req, date, self._service, *key, options)
                    scope = f"{self.credential.secret_id}/{date}/{self._service}/tc3_request"
                    req.header["Authorization"] = (f"TC3-HMAC-SHA256 Credential={scope}, "
                                                   f"SignedHeaders=content-type;host, Signature={signed}")

        credentials = self._credentials if unsigned else self._credentials.fresh()
        credential = None if unsigned else Credential(credentials.secret_id, credentials.secret_key,
                                                      credentials.token)
        if self._embedded is not None:
            http = HttpProfile(protocol="http", endpoint=f"{self._embedded.host}:{self._embedded.port}",
                               reqTimeout=_TIMEOUT)
        else:
            http = HttpProfile(protocol="https", reqTimeout=_TIMEOUT, rootDomain=api_domain(credentials.site))
        profile = ClientProfile(httpProfile=http, language=language())
        client = ClientOnTime(service, version, credential, self._region, profile)
        equip(client.request.conn._session, judge=of_api, direct=self._embedded is not None, secret=self._secret,
              limit=limits.API_ANSWER)
        return client

    def _learn_time(self, service: str) -> bool:
        """Ask the endpoint for its Date; True when this computer's clock was wrong."""
        from sitepub.tencent.network.one_request import ask

        base = self._embedded.endpoint if self._embedded else f"https://{service}.{api_domain(self._credentials.site)}"
        try:
            answer = ask("HEAD", base + "/", direct=self._embedded is not None, secret=self._secret)
        except NetworkError:
            return False
        return self._clock.learn(answer.headers.get("date"))


