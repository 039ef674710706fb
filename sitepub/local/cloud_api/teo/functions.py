"""Edge functions of EdgeOne and their environment variables. Deploying one takes time (the pace); until then visitors
meet what was there before, and a second change is refused with FunctionDeploying."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sitepub.local.base.pace import begin
from sitepub.local.cloud_api.actions import Call
from sitepub.local.cloud_api.clock import utc_time
from sitepub.local.cloud_api.errors import ApiError
from sitepub.local.cloud_api.teo.zones import find_zone
from sitepub.local.services.edge_functions import EdgeFunction, Variable
from sitepub.local.services.services import random_name

MOST_FUNCTIONS = 100
"""Of a zone."""
MOST_CONTENT = 5 * 1024 * 1024
MOST_REMARK = 60
MOST_VARIABLES = 64
MOST_VALUE = 5000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?\Z")
_KEY = re.compile(r"[A-Za-z0-9@._-]{1,64}\Z")


async def create_function(call: Call) -> dict[str, Any]:
    """CreateFunction: it is deployed at once, which takes a while."""
    zone, services = find_zone(call), call.services
    name, content = call.parameters["Name"], call.parameters["Content"]
    if _NAME.match(name) is None:
        raise ApiError("InvalidParameter.BadFunctionName",
                       "A name has 1 to 30 of a-z, 0-9 and -, and begins and ends with a letter or digit.")
    _check(content, call.get("Remark", ""))
    refused_now_and_then(call)
    if services.teo_functions.where(owner=call.owner, name=name):
        raise ApiError("InvalidParameter.FunctionNameConflict", "The account has a function of this name.")
    if len(services.teo_functions.where(zone=zone.id)) >= MOST_FUNCTIONS:
        raise ApiError("LimitExceeded.FunctionLimitExceeded", f"A site has at most {MOST_FUNCTIONS} functions.")
    made = EdgeFunction(f"ef-{random_name(8)}", zone.id, call.owner, name, call.get("Remark", ""), content, call.time,
                        call.time, begin(call.time, services.pace), {})
    services.teo_functions.put(made.id, made)
    return {"FunctionId": made.id}


async def modify_function(call: Call) -> dict[str, Any]:
    """ModifyFunction: what is left out stays."""
    there = find_function(call, call.parameters["FunctionId"])
    content, remark = call.get("Content", there.content), call.get("Remark", there.remark)
    _check(content, remark)
    _change(call, there, content=content, remark=remark)
    return {}


async def delete_function(call: Call) -> dict[str, Any]:
    """DeleteFunction: the rules that start it go with it."""
    there = find_function(call, call.parameters["FunctionId"])
    refused_now_and_then(call)
    for rule in call.services.teo_function_rules.where(zone=there.zone):
        if there.id in rule.functions():
            call.services.teo_function_rules.remove(rule.id)
    call.services.teo_functions.remove(there.id)
    return {}


async def describe_functions(call: Call) -> dict[str, Any]:
    """DescribeFunctions: filters find parts of names and remarks."""
    found = call.services.teo_functions.where(zone=find_zone(call).id)
    if ids := call.get("FunctionIds", []):
        found = [one for one in found if one.id in ids]
    fields = {"name": lambda one: one.name, "remark": lambda one: one.remark}
    for given in call.get("Filters", []):
        read, values = fields.get(given["Name"]), given["Values"]
        if read is None:
            raise ApiError("InvalidParameter", f"There is no filter {given['Name']}.")
        if len(values) > 20:
            raise ApiError("InvalidParameter.TooManyFilterValues", "A filter takes at most 20 values.")
        found = [one for one in found if any(value in read(one) for value in values)]
    offset = call.get("Offset", 0)
    page = found[offset : offset + call.get("Limit", 20)]
    return {"TotalCount": len(found), "Functions": [{
        "FunctionId": one.id, "ZoneId": one.zone, "Name": one.name, "Remark": one.remark, "Content": one.content,
        "Domain": f"{one.name}-{one.owner}.eo-edgefunctions1.com", "DomainComplianceRestrictions": [],
        "CreateTime": utc_time(one.created), "UpdateTime": utc_time(one.updated)} for one in page]}


async def handle_environment(call: Call) -> dict[str, Any]:
    """HandleFunctionRuntimeEnvironment. Deleting a variable that is not there is not documented: refused here."""
    there = find_function(call, call.parameters["FunctionId"])
    operation, given = call.parameters["Operation"], call.get("EnvironmentVariables", [])
    if operation != "clearEnvironmentVariable" and not given:
        raise ApiError("MissingParameter", "The request is missing a required parameter `EnvironmentVariables`.")
    keys = [one["Key"] for one in given]
    if len(set(keys)) < len(keys):
        raise ApiError("InvalidParameter", "A variable is named twice.")
    variables = dict(there.variables)
    if operation == "deleteEnvironmentVariable":
        if unknown := [key for key in keys if key not in variables]:
            raise ApiError("InvalidParameter", f"There is no variable {unknown[0]}.")
        variables = {key: value for key, value in variables.items() if key not in keys}
    elif operation == "clearEnvironmentVariable":
        variables = {}
    else:
        read = {one["Key"]: _variable(one) for one in given}
        variables = {**variables, **read} if operation == "setEnvironmentVariable" else read
    if len(variables) > MOST_VARIABLES:
        raise ApiError("LimitExceeded", f"A function has at most {MOST_VARIABLES} variables.")
    _change(call, there, variables=variables)
    return {}


async def describe_environment(call: Call) -> dict[str, Any]:
    """DescribeFunctionRuntimeEnvironment. Whether it shows secrets is not documented: not here."""
    there = find_function(call, call.parameters["FunctionId"])
    return {"EnvironmentVariables": [
        {"Key": key, "Value": "" if one.type == "secret" else one.value, "Type": one.type}
        for key, one in there.variables.items()]}


def find_function(call: Call, id: str) -> EdgeFunction:
    """Of the zone that the call names. Raises ApiError."""
    zone, there = find_zone(call), call.services.teo_functions.get(id)
    if there is None or there.zone != zone.id:
        raise ApiError("ResourceUnavailable.FunctionNotFound", f"There is no function {id!r} in the site.")
    return there


def refused_now_and_then(call: Call) -> None:
    """What the service answers while something else goes on: on demand (the switch `functions_busy`), to every
    other call that changes a function or a rule, and by turns."""
    services = call.services
    if not services.switches.functions_busy:
        return
    services.function_calls += 1
    if services.function_calls % 4 == 1:
        raise ApiError("FailedOperation.FunctionDeploying", "The function is being deployed.")
    if services.function_calls % 4 == 3:
        raise ApiError("ResourceInUse", "The resource is in use.")


def _change(call: Call, there: EdgeFunction, **values: Any) -> None:
    refused_now_and_then(call)
    pace = call.services.pace
    if there.change.under_way(call.time, pace):
        raise ApiError("FailedOperation.FunctionDeploying", "The function is being deployed.")
    call.services.teo_functions.put(there.id, replace(
        there, updated=call.time, change=begin(call.time, pace), served_content=there.content,
        served_variables=there.variables, **values))


def _check(content: str, remark: str) -> None:
    if not content.strip() or len(content.encode()) > MOST_CONTENT:
        raise ApiError("InvalidParameter", "The content is JavaScript of at most 5 MB.")
    check_remark(remark)


def check_remark(remark: str) -> None:
    if len(remark) > MOST_REMARK:
        raise ApiError("InvalidParameter", f"A remark has at most {MOST_REMARK} characters.")


def _variable(given: Mapping[str, Any]) -> Variable:
    key, value, kind = given["Key"], given.get("Value") or "", given.get("Type") or "string"
    if _KEY.match(key) is None:
        raise ApiError("InvalidParameter", "The name of a variable has 1 to 64 of A-Z, a-z, 0-9 and @ . - _")
    if len(value.encode()) > MOST_VALUE:
        raise ApiError("InvalidParameter", f"The value of a variable has at most {MOST_VALUE} bytes.")
    if kind == "json":
        try:
            json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ApiError("InvalidParameter", f"The value of {key} is not JSON.") from error
    return Variable(value, kind)
