"""Make the models again from what Tencent Cloud publishes on PyPI: ``python -m tests.official.refresh``.

``tccli`` carries, for every product, ``api.json``: each action with its parameters, types, which are required, and
their values in words; and ``examples.json``, the requests of the documentation. Each product's SDK carries
``errorcodes.py``. All are Apache-2.0. Three things are made of them:

- ``models/*.json``, what the tests judge requests and answers by;
- ``examples/*.json``, the parameters of the documentation's requests;
- ``sitepub/local/cloud_api/published/*.json``, the requests of the embedded cloud's actions, which it checks by itself.

They are not dependencies of the tests: tccli 3.1.189 needs the whole SDK, 620 MB and two minutes on every run of CI.
What the tests need of it is kept here, without the descriptions, so that a change of the models is a diff to read.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sitepub.local.cloud_api.gateway.dispatch import SERVICES
from tests.official import exceptions
from tests.official.example_requests import parameters_of

CONTRACT = Path(__file__).parents[2] / "sitepub" / "local" / "cloud_api" / "published"
EXAMPLES = Path(__file__).with_name("examples")
MODELS = Path(__file__).with_name("models")
NEXT = {
    "ssl": ("DownloadCertificate", "CancelCertificateOrder", "CancelAuditCertificate", "ModifyCertificateAlias",
            "CreateCertificateBindResourceSyncTask", "DescribeCertificateBindResourceTaskResult",
            "DescribeCertificateBindResourceTaskDetail", "DescribeDeleteCertificatesTaskResult"),
    "teo": ("ApplyFreeCertificate", "CheckFreeCertificateVerification", "DescribePlans",
            "BindZoneToPlan", "DescribeZones", "DescribePrefetchTasks"),
    "dnspod": ("CreateTXTRecord", "DescribeRecordFilterList", "ModifyRecordStatus", "ModifyDynamicDNS"),
    "cdn": ("DescribeCdnData", "DescribeCertDomains"),
    "cls": ("DescribeTopics", "DescribeLogsets"),
    "cam": ("ListUsers",),
    "sts": ("GetFederationToken", "AssumeRole", "AssumeRoleWithWebIdentity"),
}
"""Actions beside those that the embedded cloud answers."""
_DEPRECATED = re.compile("|".join((
    "已废弃", "已经废弃", "即将废弃", "字段废弃", "参数废弃", r"^\s*废弃", "已弃用", "[Dd]eprecated", "不再使用",
    "已下线", "即将下线", "停止支持")))
_BREAK = re.compile(r"<br\s*/?>|</?(?:li|p|ul|ol|div)[^>]*>|\n|，|；|、(?=[a-z])")
_TAG = re.compile(r"<[^>]+>")
_LEAD = re.compile(r"^[^：:A-Za-z0-9]*[：:]\s*(?=[A-Za-z0-9_][A-Za-z0-9_.\-]*\s*(?:：|:|=| = ))")
_VALUE = re.compile(r"^\s*(?:[-*•]\s*)?([A-Za-z0-9_][A-Za-z0-9_.\-]*)\s*(?:：|:(?!//)| - |=|\s-\s)\s*\S")
_LISTED = re.compile(r"取值|枚举|有[：:]|范围|类型|状态|方式|配置|开关|区域|算法|模式|格式|协议|是否|：")
NOT_ENUMS = {
    # product, object, member: why the words there are no complete list
    ("cdn", "CompressionRule", "Algorithms"): "the words name gzip and brotli for lists of them",
    ("teo", "FunctionRegionSelection", "Regions"): "the words give two examples of places",
    ("ssl", "DeployCertificateInstanceRequest", "InstanceIdList"): "the words say what an id looks like, by service",
}


def enum_of(document: str) -> list[str]:
    """The values that a description lists line by line, each with its meaning; empty when it lists none."""
    found: list[str] = []
    for piece in _BREAK.split(document):
        line = _TAG.sub("", piece)
        if line.lstrip().startswith(("如", "例", "注", "示例")):
            continue
        match = _VALUE.match(_LEAD.sub("", line))
        if match and match[1] not in found:
            found.append(match[1])
    return found if len(found) > 1 and _LISTED.search(document) else []


def _member(product: str, owner: str, member: Mapping[str, Any]) -> dict[str, Any]:
    kind, inner = member["type"], member["member"]
    scalar = {"int64": "int", "uint64": "int", "float": "float", "bool": "bool", "string": "string",
              "binary": "string", "datetime": "string", "datetime_iso": "string", "date": "string"}
    if kind in ("list", "object"):
        result: dict[str, Any] = {"type": kind, "of": scalar.get(inner, inner)}
    else:
        result = {"type": kind}
    for name, short in (("required", "required"), ("output_required", "always"), ("value_allowed_null", "null")):
        if member.get(name):
            result[short] = True
    document = str(member.get("document") or "")
    if member.get("disabled") or _DEPRECATED.search(document):
        result["deprecated"] = True
    values = enum_of(document) if (product, owner, member["name"]) not in NOT_ENUMS else []
    if values and (kind == "string" or (kind == "list" and inner == "string")):
        result["enum"] = values
    elif values and kind == "int" and all(value.lstrip("-").isdigit() for value in values):
        result["enum"] = [int(value) for value in values]
    return result


def reduced(product: str, api: Mapping[str, Any], actions: Iterator[str]) -> dict[str, Any]:
    """The actions, and every object that they reach, without descriptions."""
    wanted = {name: {"input": api["actions"][name]["input"], "output": api["actions"][name]["output"]}
              for name in sorted(set(actions)) if name in api["actions"]}
    names = [name for each in wanted.values() for name in each.values()]
    objects = _reached(api, names, lambda owner, member: _member(product, owner, member))
    return {"actions": wanted, "objects": objects}


def contract(product: str, api: Mapping[str, Any], actions: Iterator[str]) -> dict[str, Any]:
    """The requests alone, each member as one line: ``Rule[]!`` is a required list of Rule, ``string on|off`` a text
    with its values, ``uint~`` a number that may come as text. Deprecated members are in it: who
    still sends them is not refused."""
    names = {name: api["actions"][name]["input"] for name in sorted(set(actions)) if name in api["actions"]}
    objects = _reached(api, list(names.values()), lambda owner, member: _line(product, owner, member))
    return {"actions": names, "objects": objects}


def _reached(api: Mapping[str, Any], names: list[str], member_of: Callable[[str, Mapping[str, Any]], Any]
             ) -> dict[str, Any]:
    """The objects with these names and all that their members name, in the order of their names."""
    objects: dict[str, Any] = {}
    while names:
        name = names.pop()
        if name in objects or name not in api["objects"]:
            continue
        members = api["objects"][name]["members"]
        objects[name] = {member["name"]: member_of(name, member) for member in members}
        names += [member["member"] for member in members if member["type"] in ("list", "object")]
    return dict(sorted(objects.items()))


def _line(product: str, owner: str, member: Mapping[str, Any]) -> str:
    reduced_member = _member(product, owner, member)
    inner = "uint" if member["member"] == "uint64" else reduced_member.get("of", reduced_member["type"])
    listed = "[]" if member["type"] == "list" else ""
    required = member.get("required") and (product, owner, member["name"]) not in exceptions.OPTIONAL
    values = [*reduced_member.get("enum", ()),
              *sorted(map(str, exceptions.VALUES.get((product, owner, member["name"]), ())))]
    as_text = "~" if (product, owner, member["name"]) in exceptions.NUMBERS_AS_TEXT else ""
    line = f"{inner}{as_text}{listed}{'!' if required else ''}"
    return f"{line} {'|'.join(map(str, values))}" if values else line


def error_codes(text: str) -> list[str]:
    return sorted(set(re.findall(r"^[A-Z0-9_]+ = '([^']+)'", text, re.MULTILINE)))


def written(model: Mapping[str, Any]) -> str:
    """JSON with a line for each action, object and error code."""
    parts = []
    for key, value in model.items():
        if isinstance(value, dict):
            lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in value.items())
            parts.append(f"{json.dumps(key)}: {{\n{lines}\n}}")
        elif isinstance(value, list):
            lines = ",\n".join(json.dumps(each) for each in value)
            parts.append(f"{json.dumps(key)}: [\n{lines}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _fetched(folder: Path, package: str) -> zipfile.ZipFile:
    place = folder / package
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:",
                    "--disable-pip-version-check", "-d", str(place), package], check=True)
    return zipfile.ZipFile(next(place.glob("*.whl")))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tccli = _fetched(Path(folder), "tccli")
        version = Path(str(tccli.filename)).name.split("-")[1]
        for service in SERVICES:
            answered = sorted({*service.actions, *NEXT.get(service.name, ())})
            dated = "v" + service.version.replace("-", "")
            api = json.loads(tccli.read(f"tccli/services/{service.name}/{dated}/api.json"))
            package = f"tencentcloud-sdk-python-{service.name}"
            sdk = _fetched(Path(folder), package)
            codes = error_codes(sdk.read(f"tencentcloud/{service.name}/{dated}/errorcodes.py").decode())
            model = {"source": f"tccli {version}, {package} {Path(str(sdk.filename)).name.split('-')[1]}",
                     "version": service.version, **reduced(service.name, api, iter(answered)), "errors": codes}
            (MODELS / f"{service.name}.json").write_text(written(model), encoding="utf-8")
            asked = {"source": model["source"], **contract(service.name, api, iter(answered)),
                     "others": " ".join(sorted(set(api["actions"]) - set(service.actions)))}
            (CONTRACT / f"{service.name}.json").write_text(written(asked), encoding="utf-8")
            shown = json.loads(tccli.read(f"tccli/services/{service.name}/{dated}/examples.json"))["actions"]
            requests = {name: [parameters_of(one["input"]) for one in shown.get(name, ())] for name in answered}
            (EXAMPLES / f"{service.name}.json").write_text(written(
                {"source": f"tccli {version}", "requests": requests}), encoding="utf-8")


if __name__ == "__main__":
    main()
