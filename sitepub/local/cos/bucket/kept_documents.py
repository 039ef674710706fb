"""Documents that are checked, kept and given back, and that change nothing else in the embedded cloud: replication,
origin rules, intelligent tiering, inventories, object lock, response control."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, tostring

from sitepub.local.base import xml
from sitepub.local.base.documents import choice, invalid, malformed, read, text

ALGORITHMS = ("AES256", "SM4", "KMS", "cos/kms")
INVENTORIES = 1000
"""Inventory tasks of one bucket (COS 436/14518)."""
_DESTINATION = re.compile(r"qcs::cos:[a-z0-9-]*::[a-z0-9-]+-[0-9]+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def written(tree: Element) -> bytes:
    for node in tree.iter():
        node.tail = None
        if len(node):
            node.text = None
    document: bytes = tostring(tree, encoding="utf-8", xml_declaration=False)
    return xml.HEADER.encode() + document


def encryption(body: bytes) -> str:
    """The algorithm (COS API 436/40136). Raises ServiceError MalformedXML, InvalidArgument."""
    root = read(body, "ServerSideEncryptionConfiguration")
    rules = root.findall("Rule")
    if len(rules) != 1:
        raise malformed("ServerSideEncryptionConfiguration needs one Rule.")
    # the documentation of the SDKs has the first name, that of the API the second; GET answers with the second
    for name in ("ApplySideEncryptionConfiguration", "ApplyServerSideEncryptionByDefault"):
        algorithm = text(rules[0], f"{name}/SSEAlgorithm")
        if algorithm is not None:
            if algorithm not in ALGORITHMS:
                raise invalid(f"SSEAlgorithm must be one of {', '.join(ALGORITHMS)}, not {algorithm!r}.")
            return algorithm
    raise malformed("A Rule needs ApplyServerSideEncryptionByDefault with an SSEAlgorithm.")


def render_encryption(body: bytes) -> bytes:
    root = read(body, "ServerSideEncryptionConfiguration")
    for rule in root.findall("Rule"):
        for child in rule:
            if child.tag == "ApplySideEncryptionConfiguration":
                child.tag = "ApplyServerSideEncryptionByDefault"
    return written(root)


def check_replication(body: bytes) -> None:
    """COS API 436/19223."""
    root = read(body, "ReplicationConfiguration")
    if not text(root, "Role"):
        raise malformed("ReplicationConfiguration needs a Role.")
    rules = root.findall("Rule")
    if not rules:
        raise malformed("ReplicationConfiguration needs at least one Rule.")
    for rule in rules:
        if choice(rule, "Status", ("Enabled", "Disabled")) is None:
            raise malformed("A Rule needs a Status.")
        if not _DESTINATION.fullmatch(text(rule, "Destination/Bucket") or ""):
            raise invalid("Destination needs a Bucket like qcs::cos:<region>::<bucket>.")


def destinations(body: bytes) -> list[str]:
    """Names of the target buckets of a checked replication document."""
    root = read(body, "ReplicationConfiguration")
    return [(text(rule, "Destination/Bucket") or "").rpartition("::")[2] for rule in root.findall("Rule")]


def check_origin(body: bytes) -> None:
    """COS API 436/13309. What it says (fetch from elsewhere what is missing) is not carried out."""
    root = read(body, "OriginConfiguration")
    rules = root.findall("OriginRule")
    if not rules:
        raise malformed("OriginConfiguration needs at least one OriginRule.")
    for rule in rules:
        if choice(rule, "OriginType", ("Mirror", "Redirect", "Proxy")) is None:
            raise malformed("An OriginRule needs an OriginType.")
        for name in ("OriginCondition", "OriginParameter", "OriginInfo"):
            if rule.find(name) is None:
                raise malformed(f"An OriginRule needs {name}.")


def check_object_lock(body: bytes) -> None:
    """COS API 436/63371."""
    root = read(body, "ObjectLockConfiguration")
    if choice(root, "ObjectLockEnabled", ("Enabled",)) is None:
        raise malformed("ObjectLockConfiguration needs ObjectLockEnabled.")


def check_response_control(body: bytes) -> None:
    root = read(body, "ResponseControlConfiguration")
    if not len(root):
        raise malformed("ResponseControlConfiguration is empty.")


def inventory(body: bytes, identifier: str) -> bytes:
    """The document with its Id, as it is kept (COS API 436/33707). Raises ServiceError."""
    if not _IDENTIFIER.fullmatch(identifier):
        raise invalid("The parameter id must name the inventory.")
    root = read(body, "InventoryConfiguration")
    given = text(root, "Id")
    if given is None:
        element = Element("Id")
        element.text = identifier
        root.insert(0, element)
    elif given != identifier:
        raise invalid("Id and the parameter id differ.")
    destination = root.find("Destination/COSBucketDestination")
    if destination is None:
        raise malformed("InventoryConfiguration needs a Destination.")
    if choice(destination, "Format", ("CSV", "ORC", "Parquet")) is None:
        raise malformed("COSBucketDestination needs a Format.")
    if not _DESTINATION.fullmatch(text(destination, "Bucket") or ""):
        raise invalid("COSBucketDestination needs a Bucket like qcs::cos:<region>::<bucket>.")
    if choice(root, "IncludedObjectVersions", ("All", "Current")) is None:
        raise malformed("InventoryConfiguration needs IncludedObjectVersions.")
    return inner(root)


def check_scheduled(body: bytes) -> None:
    """What a repeated inventory needs beside what one that is made at once does."""
    root = read(body, "InventoryConfiguration")
    if (text(root, "IsEnabled") or "").lower() not in ("true", "false"):
        raise malformed("InventoryConfiguration needs IsEnabled: true or false.")
    if choice(root, "Schedule/Frequency", ("Daily", "Weekly")) is None:
        raise malformed("InventoryConfiguration needs a Schedule with a Frequency: Daily or Weekly.")


def tiering(body: bytes, identifier: str) -> bytes:
    """An intelligent tiering configuration as it is kept (COS API 436/51458, 436/107627)."""
    root = read(body, "IntelligentTieringConfiguration")
    if choice(root, "Status", ("Enabled", "Suspended")) is None:
        raise malformed("IntelligentTieringConfiguration needs a Status.")
    given = text(root, "Id")
    if given is None:
        element = Element("Id")
        element.text = identifier
        root.insert(0, element)
    elif given != identifier:
        raise invalid("Id and the parameter id differ.")
    for days in (*root.findall("Transition/Days"), *root.findall("Tiering/Days")):
        if not (days.text or "").strip().isdigit():
            raise malformed("Days must be a whole number.")
    return inner(root)


def inner(tree: Element) -> bytes:
    """An element as part of another document."""
    return written(tree).removeprefix(xml.HEADER.encode())

