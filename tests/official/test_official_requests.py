"""The embedded cloud takes the requests of the official documentation, and refuses what the models do not allow."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sitepub.local.cloud_api.actions import Service
from sitepub.local.cloud_api.contract import contract
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.gateway.dispatch import SERVICES
from sitepub.local.cloud_api.query import parameters
from tests.conftest import LocalCloud, running_cloud
from tests.official.models import model
from tests.official.mutations import Mutation, least, mutations, whole
from tests.official.refresh import CONTRACT, EXAMPLES, error_codes

_FAMILY = {"missing": "MissingParameter", "null": "MissingParameter", "type": "InvalidParameter",
           "unknown": "UnknownParameter", "value": "InvalidParameterValue"}
_VALUE_OF: Mapping[str, str] = {"cdn": "InvalidParameter.CdnParamError"}
"""Products that have a code of their own for a wrong value."""
ANSWERED = [(service, action) for service in SERVICES for action in sorted(service.actions)]


@dataclass
class Wire:
    """One kept connection; requests signed as API 3.0 documents it (signature v3)."""

    cloud: LocalCloud
    connection: http.client.HTTPConnection

    def ask(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        body, now = json.dumps(given).encode(), int(time.time())
        host, date = f"{self.cloud.host}:{self.cloud.port}", time.strftime("%Y-%m-%d", time.gmtime(now))
        canonical = (f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n"
                     f"{hashlib.sha256(body).hexdigest()}")
        scope = f"{date}/{service.name}/tc3_request"
        text = f"TC3-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"TC3{self.cloud.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.connection.request("POST", "/", body, {
            "Host": host, "Content-Type": "application/json", "X-TC-Action": action, "X-TC-Version": service.version,
            "X-TC-Timestamp": str(now), "X-TC-Region": self.cloud.region,
            "Authorization": f"TC3-HMAC-SHA256 Credential={self.cloud.secret_id}/{scope}, "
                             f"SignedHeaders=content-type;host, Signature="
                             f"{hmac.new(key, text.encode(), 'sha256').hexdigest()}"})
        answer: dict[str, Any] = json.loads(self.connection.getresponse().read())["Response"]
        return answer


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with running_cloud(tmp_path_factory.mktemp("requests") / "data", "--pace", "0") as cloud:
        connection = http.client.HTTPConnection(cloud.host, cloud.port, timeout=30)
        yield Wire(cloud, connection)
        connection.close()


def wrong(service: Service, one: Mutation, error: Mapping[str, str]) -> str:
    """What is wrong with the answer to a request that is wrong itself."""
    expected = _VALUE_OF.get(service.name, "InvalidParameterValue") if one.what == "value" else _FAMILY[one.what]
    good = error.get("Code") == expected and f"`{one.where}`" in error.get("Message", "")
    return "" if good else f"{one.action}: {one.what} {one.where}: {error}"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_the_model_does_not_allow_is_refused_and_named(service: Service) -> None:
    found, count = [], Counter[str]()
    for action in service.actions:
        for one in mutations(model(service.name), action):
            count[one.what] += 1
            try:
                service.checked(action, one.parameters)
                found.append(wrong(service, one, {}))
            except ApiError as error:
                found.append(wrong(service, one, {"Code": error.code, "Message": error.message}))
    assert found and not any(found), "\n".join(filter(None, found))
    assert service.name != "cdn" or (count["missing"] > 500 and count["type"] > 1000 and count["value"] > 300), count


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_it_is_refused_by_the_running_cloud(wire: Wire, service: Service) -> None:
    seen: set[str] = set()
    found = [wrong(service, one, wire.ask(service, action, one.parameters).get("Error") or {})
             for action in service.actions
             for one in mutations(model(service.name), action, seen) if one.what != "null"]
    assert found and not any(found), "\n".join(filter(None, found))


@pytest.mark.parametrize(("service", "action"), ANSWERED, ids=lambda one: one if isinstance(one, str) else one.name)
def test_a_whole_request_is_of_the_right_shape(service: Service, action: str) -> None:
    judged = model(service.name)
    for given in (whole(judged, judged.actions[action]["input"]), least(judged, judged.actions[action]["input"])):
        contract(service.name).check(action, given)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_is_required_is_enough(wire: Wire, service: Service) -> None:
    judged = model(service.name)
    for action in service.actions:
        error = wire.ask(service, action, least(judged, judged.actions[action]["input"])).get("Error") or {}
        assert error.get("Code") not in ("InternalError", "UnknownParameter"), (action, error)


@pytest.mark.parametrize(("service", "action"), ANSWERED, ids=lambda one: one if isinstance(one, str) else one.name)
def test_the_documentation_s_own_requests_are_accepted(wire: Wire, service: Service, action: str) -> None:
    """That their domains and ids are not there is another matter."""
    examples = json.loads((EXAMPLES / f"{service.name}.json").read_text(encoding="utf-8"))["requests"][action]
    for given in examples:
        if isinstance(given, str):
            given = parameters(contract(service.name), action, parse_qsl(given))
        assert given is not None
        code = (wire.ask(service, action, given).get("Error") or {}).get("Code", "")
        refused = code in ("MissingParameter", "UnknownParameter", "UnsupportedOperation", "InvalidAction",
                           "InvalidParameterValue", "InternalError", *_VALUE_OF.values())
        if code == "InvalidParameter" or refused:
            with pytest.raises(ApiError):  # a handler's own refusal is not one of the shape
                service.checked(action, given)
        assert not refused, (given, code)


def test_the_facts_of_the_embedded_cloud_are_those_of_the_models() -> None:
    for service in SERVICES:
        official, own = model(service.name), contract(service.name)
        assert set(service.actions) <= set(own.actions) and not own.others & set(service.actions)
        assert {"sts": 1, "tag": 10, "cdn": 10, "ssl": 30}.get(service.name, 60) <= len(own.others)
        for name, members in own.objects.items():
            assert set(members) == set(official.objects[name]), name
        assert json.loads((CONTRACT / f"{service.name}.json").read_text())["source"] == official.source
    assert error_codes("A = 'B.C'\n") == ["B.C"]
