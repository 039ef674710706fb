"""The forms of keys: what a private key, an access key or a token looks like, of any issuer.

The lengths and alphabets are facts that their issuers publish, as collected in the rules of gitleaks
(config/gitleaks.toml, 8.28) and the plugins of detect-secrets 1.5. Left out is what is meant for everybody:
Google's browser keys (AIza…), Stripe's pk_…, Sentry's DSN, Algolia's search keys, Supabase's anon key.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_LEAST_ENTROPY = 3.0
"""Bits a character. Below it, it is a placeholder (AKIDxxxxxxxx…), as in gitleaks' rules."""
_PLACEHOLDER = re.compile(
    rb"EXAMPLE|example|[Pp]lacehold|PLACEHOLD|redacted|REDACTED|change_?me|CHANGE_?ME|your[_-]|YOUR[_-]"
    rb"|xxxx|XXXX|\*\*\*|0{7}|1{7}|\.\.\.|dummy|DUMMY|deadbeef")
_PUBLISHED = (
    b"AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",  # COS API 436/7778, the example of a signature
    b"AKIDz8krbsJ5yKBZQpn74WFkmLPx3",  # the examples of the cloud API
    b"16C7e42F292c6912E7710c838347Ae178B4a",  # GitHub's documentation of tokens
    # RFC 7515 A.1 to A.3, RFC 7517 A.2, A.3 and C.1, RFC 8037 A.1: the examples of JSON Web Keys.
    b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ", b"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97Ijl",
    b"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI", b"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    b"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9", b"hJXPXJUgsuzZ5gCqOvGMKvYOgpXMTf1Xh1Xv5zRoQPo",
    b"GawgguFyGrWKav7AX4VKUg", b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu",  # Azure Storage's emulator
    b"T3BlbkFJ00000000", b"4eC39HqLyjWDarjtT1zdp7dc",  # Stripe's first page
)
"""Keys that the issuers print in their own documentation."""
_SIGNED = re.compile(rb"(?:q-ak|[Cc]redential|(?<=[?&;])[A-Za-z]{0,9}AccessKeyId)(?:=|%3[Dd]|\\u003[dD])\Z")
"""An id in a signed address or header: meant to be seen, and of no use without its key."""


EVERYWHERE, DATA, SETTINGS = range(3)
"""Which files are searched for a form: all, no pages and scripts (each anchor costs time, and most of a site are
these), or files of settings alone (elsewhere it may be harmless)."""


@dataclass(frozen=True, slots=True)
class Form:
    """``anchor``: bytes in every key of this form; ``source``: the pattern of the whole key, from ``lead`` bytes
    before the anchor; ``where``: the files that are searched for it."""

    what: str
    anchor: bytes
    source: bytes
    where: int = EVERYWHERE
    lead: int = 0
    check: Callable[[re.Match[bytes]], bool] | None = None
    entropy: float = _LEAST_ENTROPY


def _form(what: str, anchor: str, rest: str, *, where: int = EVERYWHERE, lead: str = "", before: str = "",
          check: Callable[[re.Match[bytes]], bool] | None = None, entropy: float = _LEAST_ENTROPY) -> Form:
    """``rest``: the pattern after the anchor; ``lead``: one character before it; ``before``: those that must
    not stand before the key."""
    behind = f"(?<![{before}])" if before else ""
    source = f"{behind}{lead}{re.escape(anchor)}(?:{rest})".encode()
    return Form(what, anchor.encode(), source, where, 1 if lead else 0, check, entropy)


_WORD = "0-9A-Za-z"
_WORD_ = "0-9A-Za-z_-"
_END = f"(?![{_WORD_}])"


def _is_id(found: re.Match[bytes]) -> bool:
    """An access key's id which is no part of a signed address."""
    return _SIGNED.search(found.string, max(0, found.start() - 40), found.start()) is None


def _has_private_lines(found: re.Match[bytes]) -> bool:
    """A program that writes PuTTY's files has the words of one too, but no lines of a key after them."""
    lines = found.string.find(b"Private-Lines: ", found.end(), found.end() + 4000)
    return lines >= 0 and _PRIVATE_LINES.match(found.string, lines) is not None


_PRIVATE_LINES = re.compile(rb"Private-Lines: \d{1,3}(?:[\r\n]|\\+[rn]){1,4}[A-Za-z0-9+/]{16}")


def _is_secret_jwt(found: re.Match[bytes]) -> bool:
    """Does a JSON Web Token give rights that a page has no use for? Most tokens in pages are meant for them."""
    claims = _claims(found[0])
    if claims is None:
        return False
    if claims.get("role") in ("service_role", "supabase_admin") or "kubernetes" in str(claims.get("iss", "")):
        return True
    return any(_SECRET_CLAIM.search(name) and isinstance(value, str) and value for name, value in claims.items())


def _is_jwt_of_settings(found: re.Match[bytes]) -> bool:
    claims = _claims(found[0])
    return claims is not None and claims.get("role") != "anon" and claims.get("sub") != "1234567890"


_SECRET_CLAIM = re.compile(r"secret|password|passwd|private_?key|api_?key", re.IGNORECASE)


def _claims(token: bytes) -> dict[str, object] | None:
    middle = token.split(b".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(middle + b"=" * (-len(middle) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


_JWK_REACH = 8000
"""Bytes of a JSON Web Key on each side of its type."""
_JWK_MEMBER = re.compile(
    rb"\\{0,3}\"([dk])\\{0,3}\"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}\\{0,3}\"([0-9A-Za-z_-]{21,2000}+)\\{0,3}\"")


def _is_private_jwk(found: re.Match[bytes]) -> bool:
    """The object has a private member: ``d``, or ``k`` of a secret that both sides share (RFC 7518 6.2.2, 6.3.2,
    6.4.1; RFC 8037). Two numbers of 512 bits are no key of RSA in use, but an exercise."""
    data, kind = found.string, found[1]
    begin = data.rfind(b"{", max(0, found.start() - _JWK_REACH), found.start())
    end = data.find(b"}", found.end(), found.end() + _JWK_REACH)
    if begin < 0 or end < 0:
        return False
    least = {b"RSA": 160, b"oct": 43}.get(kind, 27)
    wanted = b"k" if kind == b"oct" else b"d"
    return any(member[1] == wanted and len(member[2]) >= least and _random(member[2], 3.5)
               and not any(known in member[2] for known in _PUBLISHED)
               for member in _JWK_MEMBER.finditer(data, begin, end))


_JWT = rf"[{_WORD_}]{{4,400}}\.eyJ[{_WORD_}]{{8,6000}}\.[{_WORD_}]{{20,1000}}"
_AWS = "[A-Z0-9]{16}(?![0-9A-Za-z_])"

FORMS: tuple[Form, ...] = (
    _form("a SecretId of Tencent Cloud", "AKID", rf"(?:[{_WORD}]{{32}}|[{_WORD_}]{{40,120}}){_END}", before=_WORD_,
          check=_is_id),
    _form("an access key of AWS", "AKIA", _AWS, before="0-9A-Za-z_", check=_is_id),
    _form("an access key of AWS", "ASIA", _AWS, before="0-9A-Za-z_", check=_is_id, where=DATA),
    _form("an AccessKey of Alibaba Cloud", "LTAI", rf"(?:[{_WORD}]{{20}}|[{_WORD}]{{12}}){_END}", before=_WORD_,
          check=_is_id),
    *(_form("a token of GitHub", f"gh{kind}_", rf"[{_WORD}]{{36,255}}{_END}", before=_WORD_) for kind in "pos"),
    *(_form("a token of GitHub", f"gh{kind}_", rf"[{_WORD}]{{36,255}}{_END}", before=_WORD_, where=DATA)
      for kind in "ur"),
    _form("a token of GitHub", "github_pat_", rf"[{_WORD}]{{22}}_[{_WORD}]{{59}}(?![{_WORD}])", before=_WORD_),
    _form("a token of GitLab", "glpat-", rf"[{_WORD_}]{{20,300}}", before=_WORD_),
    _form("a token of npm", "npm_", rf"[{_WORD}]{{36}}{_END}", before=_WORD_),
    _form("a token of PyPI", "pypi-AgEIcHlwaS5vcmc", rf"[{_WORD_}]{{50,}}", before=_WORD_, where=DATA),
    *(_form("a token of Slack", f"xox{kind}-", rf"[{_WORD_}]{{20,300}}", before=_WORD_) for kind in "bp"),
    _form("a token of Slack", "xapp-", rf"\d-[A-Z0-9]{{8,}}-\d{{8,}}-[{_WORD}]{{20,}}", before=_WORD_,
          where=DATA),
    _form("a webhook of Slack", "hooks.slack.com/services/",
          r"T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{20,}"),
    _form("a secret key of Stripe", "k_live_", rf"[{_WORD}]{{20,247}}{_END}", lead="[sr]", before=_WORD_),
    _form("a client secret of Google", "GOCSPX-", rf"[{_WORD_}]{{28}}{_END}", before=_WORD_),
    _form("a key of OpenAI", "T3BlbkFJ", rf"[{_WORD_}]{{20,160}}"),
    _form("a key of Anthropic", "sk-ant-", rf"(?:api|admin)\d\d-[{_WORD_}]{{80,110}}", before=_WORD_),
    _form("a private key of age", "AGE-SECRET-KEY-1", r"[0-9A-Z]{58}(?![0-9A-Z])"),
    _form("a private key of PuTTY", "PuTTY-User-Key-File-", r"\d: (?:ssh|ecdsa)-", entropy=0, check=_has_private_lines),
    _form("a token with a secret in it", "eyJhbGci", _JWT, before=_WORD_, check=_is_secret_jwt),
    _form("a token with a secret in it", "eyJ0eXAi", _JWT, before=_WORD_, check=_is_secret_jwt, where=DATA),
    _form("a private key as a JSON Web Key", "kty",
          r"\\{0,3}\"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}\\{0,3}\"(RSA|EC|OKP|oct)\\{0,3}\"",
          where=DATA, check=_is_private_jwk, entropy=0),
    _form("a token of npm", ":_authToken=", r"\"?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", where=DATA),
    _form("a token", "eyJhbGci", _JWT, before=_WORD_, check=_is_jwt_of_settings, where=SETTINGS),
    _form("a token", "eyJ0eXAi", _JWT, before=_WORD_, check=_is_jwt_of_settings, where=SETTINGS),
    *(_form("a token of Slack", f"xox{kind}", rf"[.-][.{_WORD_}]{{20,300}}", before=_WORD_, where=DATA)
      for kind in "aerso"),
    _form("a secret key of Stripe", "k_test_", rf"[{_WORD}]{{20,247}}{_END}", lead="[sr]", before=_WORD_,
          where=SETTINGS),
    _form("a secret of Stripe", "whsec_", rf"[{_WORD}+/=]{{30,}}", before=_WORD_, where=DATA),
    _form("a key of SendGrid", "SG.", rf"[{_WORD_}]{{22}}\.[{_WORD_}]{{43}}{_END}", before=_WORD_, where=DATA),
    _form("a key of Mailgun", "key-", rf"[0-9a-f]{{32}}{_END}", before=_WORD_, where=SETTINGS),
    _form("a token of Google", "ya29.", rf"[{_WORD_}]{{30,}}", before=_WORD_, where=DATA),
    _form("a token of Hugging Face", "hf_", rf"[{_WORD}]{{34}}{_END}", before=_WORD_, where=DATA),
    _form("a key of Groq", "gsk_", rf"[{_WORD}]{{52}}{_END}", before=_WORD_, where=DATA),
    *(_form("a token of DigitalOcean", f"do{kind}_v1_", rf"[0-9a-f]{{64}}{_END}", where=DATA)
      for kind in "opr"),
    *(_form("a token of Shopify", f"shp{kind}_", rf"[0-9a-fA-F]{{32}}{_END}", where=DATA)
      for kind in ("at", "ca", "pa", "ss")),
    *(_form("a token of Square", f"sq0{kind}-", rf"[{_WORD_}]{{22,43}}{_END}", where=DATA)
      for kind in ("atp", "csp")),
    _form("a key of Azure Storage", "AccountKey=", rf"[{_WORD}+/]{{86}}==", where=DATA),
    _form("a token of Vault", "hvs.", rf"[{_WORD_}]{{24,}}", before=_WORD_, where=DATA),
    _form("a token of Terraform Cloud", ".atlasv1.", rf"[{_WORD_}]{{60,70}}", where=DATA),
    _form("a token of Databricks", "dapi", rf"[0-9a-f]{{32}}{_END}", before=_WORD_, where=DATA),
    _form("a token of Docker Hub", "dckr_pat_", rf"[{_WORD_}]{{27}}{_END}", where=DATA),
    _form("a token of Grafana", "glsa_", rf"[{_WORD}]{{32}}_[0-9a-f]{{8}}{_END}", where=DATA),
    _form("a token of Linear", "lin_api_", rf"[{_WORD}]{{40}}{_END}", where=DATA),
    _form("a key of New Relic", "NRAK-", rf"[{_WORD}]{{27}}{_END}", where=DATA),
    _form("a key of Postman", "PMAK-", rf"[{_WORD}]{{24}}-[{_WORD}]{{34}}{_END}", where=DATA),
    _form("a key of RubyGems", "rubygems_", rf"[0-9a-f]{{48}}{_END}", where=DATA),
    _form("a token of Sentry", "sntrys_", rf"[+/={_WORD_}]{{60,}}", where=DATA),
    _form("a token of Sentry", "sntryu_", rf"[0-9a-f]{{64}}{_END}", where=DATA),
    _form("a key of Supabase", "sb_secret_", rf"[{_WORD_}]{{20,}}", where=DATA),
    _form("a token of Supabase", "sbp_", rf"[0-9a-f]{{40}}{_END}", where=DATA),
    _form("a token of Figma", "figd_", rf"[{_WORD_}]{{40}}", where=DATA),
    _form("a token of Atlassian", "ATATT3", rf"[={_WORD_}]{{100,}}", where=DATA),
    _form("a key of Tailscale", "tskey-", rf"[a-z]{{3,10}}-[{_WORD_}]{{20,}}", where=DATA),
    _form("a token of PlanetScale", "pscale_", rf"(?:tkn|pw|oauth)_[=.{_WORD_}]{{32,64}}", where=DATA),
    _form("a token of Pulumi", "pul-", rf"[0-9a-f]{{40}}{_END}", before=_WORD_, where=DATA),
    _form("a token of Netlify", "nfp_", rf"[{_WORD}]{{36,}}", before=_WORD_, where=DATA),
    _form("a token of Braintree", "access_token$", r"production\$[0-9a-z]{16}\$[0-9a-f]{32}", where=DATA),
)

_compiled = lru_cache(maxsize=None)(re.compile)
"""Most runs meet no anchor, and should not wait for the patterns of them all."""
_LINE = 400
_ASSIGNED = re.compile(
    rb"(?i)[\w.-]{0,40}(?:secret|passw(?:or)?d|private_?key|(?:auth|access)_?token)[\w.-]{0,20}[\"']?"
    rb"[ \t]{0,20}(?::=|[:=])[ \t]{0,20}[\"']?([^\s\"'#,;<>{}$()*]{16,200})")
ASSIGNMENTS = tuple(word.encode() for word in (
    "secret", "Secret", "SECRET", "assword", "ASSWORD", "passwd", "PASSWD", "rivate_key", "PRIVATE_KEY",
    "rivateKey", "auth_token", "authToken", "_TOKEN", "access_token"))
"""Words in the name of a setting that holds a secret. Only looked for in files of settings."""


def assigned_at(data: bytes, word: int) -> tuple[int, int] | None:
    """The place (start, end) of a secret that a setting near ``word`` gets as its value."""
    start = max(data.rfind(b"\n", max(0, word - 60), word) + 1, word - 60, 0)
    found = _ASSIGNED.search(data, start, min(len(data), word + _LINE))
    if found is None or not found.start() <= word < found.start(1):
        return None
    value = found[1]
    letters = re.search(rb"[A-Za-z]", value) is not None and re.search(rb"[0-9]", value) is not None
    if not letters or value.startswith((b"pk.", b"pk_", b"http", b"/", b"./", b"AIza")):
        return None
    return found.span() if _random(value, 3.3) else None


def form_at(form: Form, data: bytes, anchor: int) -> tuple[int, int] | None:
    """The place (start, end) of a key of this form whose anchor stands at ``anchor``."""
    if anchor < form.lead:
        return None
    found = _compiled(form.source).match(data, anchor - form.lead)
    if found is None or not _random(found[0][form.lead + len(form.anchor):], form.entropy):
        return None
    if any(known in found[0] for known in _PUBLISHED) or (form.check is not None and not form.check(found)):
        return None
    return found.span()


def _random(value: bytes, least: float) -> bool:
    if _PLACEHOLDER.search(value) is not None:
        return False
    counts = Counter(value[:200])
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values()) >= least
