"""An issuer of identity tokens for tests: a key of its own, and tokens as GitHub makes them."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Issuer:
    key: rsa.RSAPrivateKey
    kid: str = "test-1"

    @property
    def key_set(self) -> dict[str, Any]:
        """Its public keys (JWKS, RFC 7517)."""
        public = self.key.public_key().public_numbers()
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": _number(public.n),
                          "e": _number(public.e)}]}

    def token(self, subject: str = "repo:team/site:ref:refs/heads/main", *, header: dict[str, Any] | None = None,
              **claims: Any) -> str:
        now = int(time.time())
        body = {"iss": ISSUER, "aud": "sitepub", "sub": subject, "iat": now, "nbf": now, "exp": now + 300, **claims}
        parts = [_part({"alg": "RS256", "typ": "JWT", "kid": self.kid, **(header or {})}), _part(body)]
        signature = self.key.sign(".".join(parts).encode(), PKCS1v15(), SHA256())
        return ".".join([*parts, _encoded(signature)])


@cache
def issuer(name: str = "one") -> Issuer:
    """The same for all tests that name it."""
    return Issuer(rsa.generate_private_key(65537, 2048), f"test-{name}")


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
