"""The router's choices for many requests at once, in Node: the origin is a stand-in that answers every path."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from sitepub.domains.router.route import Route, encoded
from sitepub.domains.router.script import code

_AROUND = """
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [name, value] of Object.entries(input.variables)) globalThis[name] = value;
let handler;
globalThis.addEventListener = (_kind, found) => { handler = found; };
let asked;
globalThis.fetch = async (to) => {
  asked.push(typeof to === "string" ? to : to.url);
  return new Response("x", { headers: { "Cache-Control": input.caching } });
};
(0, eval)(input.code);
(async () => {
  const answers = [];
  for (const [url, headers, address] of input.requests) {
    asked = [];
    let answer;
    const request = new Request(url);
    const all = new Headers(headers);
    Object.defineProperty(request, "headers", { value: all });
    request.eo = { clientIp: address };
    handler({ request, respondWith: (promise) => { answer = promise; } });
    const response = await answer;
    answers.push([asked[0], response.headers.getSetCookie(), response.headers.get("cache-control")]);
  }
  process.stdout.write(JSON.stringify(answers));
})();
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a visitor."""

    url: str
    headers: Mapping[str, str]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Led:
    """Where the router went with it."""

    url: str
    """What it asked the origin for."""
    set_cookies: tuple[str, ...]
    caching: str


def led(routes: Sequence[Route], requests: Sequence[Asked], *, caching: str = "public, max-age=300") -> list[Led]:
    node = shutil.which("node")
    if node is None:
        pytest.fail("the tests need Node: tests/run installs it")
    given: dict[str, Any] = {
        "code": code(), "caching": caching, "variables": {route.variable: encoded(route) for route in routes},
        "requests": [(one.url, dict(one.headers), one.address) for one in requests]}
    run = subprocess.run([node, "-e", _AROUND], input=json.dumps(given), capture_output=True, text=True, timeout=120,
                         check=False)
    assert run.returncode == 0, run.stderr
    return [Led(url, tuple(cookies), caching_) for url, cookies, caching_ in json.loads(run.stdout)]
