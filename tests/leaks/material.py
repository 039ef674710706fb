"""Keys made for a test: real ones where a key has an inner form, random ones of the issuer's form elsewhere."""

from __future__ import annotations

import base64
import json
import random
import string
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

_random = random.Random(20)
LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
URL = LETTERS + "-_"


def some(count: int, letters: str = LETTERS) -> str:
    return "".join(_random.choices(letters, k=count))


@cache
def pem(kind: str = "PKCS8") -> str:
    """A private key of its own, as a tool writes it."""
    sealed = BestAvailableEncryption(b"a password")
    if kind == "ED25519":
        data = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    elif kind in ("EC", "EC-PKCS8"):
        data = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL if kind == "EC" else PrivateFormat.PKCS8, NoEncryption())
    elif kind == "OPENSSH":
        data = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    else:
        format_ = {"PKCS8": PrivateFormat.PKCS8, "ENCRYPTED": PrivateFormat.PKCS8}.get(
            kind, PrivateFormat.TraditionalOpenSSL)
        data = rsa.generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, format_, sealed if "ENCRYPTED" in kind else NoEncryption())
    return data.decode()


KINDS_OF_PEM = ("PKCS8", "RSA", "EC", "EC-PKCS8", "ED25519", "OPENSSH", "ENCRYPTED", "RSA ENCRYPTED")


@cache
def der() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def shortened(kind: str = "PKCS8") -> str:
    """A private key as texts about keys show it."""
    lines = pem(kind).splitlines()
    return "\n".join([*lines[:2], "...", lines[-1]]) + "\n"


def jwt(**claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{some(43, URL)}"


def secret_id() -> str:
    return "AKID" + some(32)


TOKENS = {
    "tencent": secret_id(),
    "tencent temporary": "AKID" + some(60, URL) + "x",
    "aws": "AKIA" + some(16, UPPER),
    "alibaba": "LTAI5t" + some(18),
    "github": "ghp_" + some(36),
    "github app": "ghs_" + some(36),
    "github fine": f"github_pat_{some(22)}_{some(59)}",
    "gitlab": "glpat-" + some(20, URL),
    "npm": "npm_" + some(36),
    "slack": f"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}",
    "slack user": f"xoxp-{some(12, string.digits)}-{some(12, string.digits)}-{some(12, string.digits)}-{some(32, HEX)}",
    "slack webhook": f"https://hooks.slack.com/services/T{some(8, UPPER)}/B{some(8, UPPER)}/{some(24)}",
    "stripe": "sk_live_" + some(24),
    "stripe restricted": "rk_live_" + some(99),
    "google": "GOCSPX-" + some(28, URL),
    "openai": f"sk-{some(20)}T3BlbkFJ{some(20)}",
    "anthropic": f"sk-ant-api03-{some(93, URL)}AA",
    "age": "AGE-SECRET-KEY-1" + some(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "supabase": jwt(role="service_role", iss="supabase", ref="abc"),
    "with a password": jwt(sub="x", password="hunter22"),
}
"""Forms that are looked for in every file."""
TOKENS_OF_DATA = {
    "aws temporary": "ASIA" + some(16, UPPER),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + some(150, URL),
    "sendgrid": f"SG.{some(22, URL)}.{some(43, URL)}",
    "shopify": "shpat_" + some(32, HEX),
    "digitalocean": "dop_v1_" + some(64, HEX),
    "azure": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + some(86) + "==",
    "hugging face": "hf_" + some(34),
}
"""Forms that are looked for in small files of data, too."""
TOKENS_OF_SETTINGS = {
    "stripe test": "sk_test_" + some(24),
    "jwt": jwt(sub="a user", exp=4102444800),
    "assigned": "db_password: " + some(20),
    "assigned too": "JWT_SECRET=" + some(40),
}
"""Forms that are looked for in files of settings alone."""

PUBLIC = {
    "aws example": "AKIAIOSFODNN7EXAMPLE",
    "aws example 2": "AKIAI44QH8DHBEXAMPLE",
    "tencent example": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
    "tencent example 2": "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",
    "tencent stars": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
    "tencent placeholder": "AKID" + "x" * 32,
    "presigned cos": f"https://b-1250000000.cos.ap-guangzhou.myqcloud.com/a.png?q-sign-algorithm=sha1&q-ak={secret_id()}",
    "presigned cos, encoded": f"u=https%3A%2F%2Fb.cos%2Fa.png%3Fq-ak%3D{secret_id()}%26",
    "presigned s3": f"https://b.s3.amazonaws.com/a?X-Amz-Credential=AKIA{some(16, UPPER)}%2F20240101",
    "presigned s3, old": f"https://b.s3.amazonaws.com/a?AWSAccessKeyId=AKIA{some(16, UPPER)}&Signature=x",
    "firebase": "apiKey: 'AIza" + some(35, URL) + "'",
    "stripe": "pk_live_" + some(24),
    "stripe in a word": "task_live_" + some(30),
    "sentry": f"https://{some(32, HEX)}@o123456.ingest.sentry.io/1234567",
    "supabase": jwt(role="anon", iss="supabase", ref="abc"),
    "jwt.io": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2M"
              "jM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "github example": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github placeholder": "ghp_" + "x" * 36,
    "slack example": "xoxb-your-token-goes-right-here",
    "slack webhook example": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "npm placeholder": "npm_" + "0" * 36,
    "within base64": f"data:font/woff2;base64,{some(40)}AKIA{some(16, UPPER)}{some(40)}",
    "css class": ".npm_package-name { color: red }",
    "algolia": "searchKey: '" + some(32, HEX) + "'",
    "google maps": "https://maps.googleapis.com/maps/api/js?key=AIza" + some(35, URL),
    "mapbox": "accessToken: 'pk.eyJ1IjoiYSIsImEiOiJiIn0." + some(22, URL) + "'",
}
"""What is meant for everybody, or belongs to nobody."""
