from __future__ import annotations

import base64
import json
import math
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sitepub.errors import ConfigError
from sitepub.site.build.env_js import env_file, env_js
from sitepub.site.headers import HeaderBook
from tests.amount import times
from tests.site.sample import project

AWKWARD = ["</script>", "<!--", "-->", "<script>", "]]>", "\u2028\u2029", "\"'`${x}\\", "\0\x07\x7f\x80",
           "__proto__", "constructor", "&lt;", "🎉", "\ufeff", "\ud800", "你好", "\r\n", "//", "*/"]
UNITS = st.characters(min_codepoint=0, max_codepoint=0xFFFF)


def as_javascript(text: str) -> str:
    """Two halves of a surrogate pair are one character there."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


TEXT = st.one_of(st.text(), st.sampled_from(AWKWARD), st.text(UNITS).map(as_javascript))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2**53, 2**53), TEXT,
              st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=8)

# Own enumerable properties only, and escaped to ASCII, so that nothing depends on how the pipe is decoded.
READ_BACK = r"""
const fs = require('fs'), vm = require('vm');
const scripts = JSON.parse(fs.readFileSync(0, 'utf8'));
const plain = v => v && typeof v === 'object' && !Array.isArray(v)
  ? {map: Object.keys(v).map(k => [k, plain(v[k])])} : Array.isArray(v) ? v.map(plain)
  : typeof v === 'number' && !Number.isFinite(v) ? {number: String(v)} : v;
const out = scripts.map(s => {
  const sandbox = {window: {}}; vm.runInNewContext(Buffer.from(s, 'base64').toString('utf8'), sandbox);
  return plain(sandbox.window.env);
});
process.stdout.write(JSON.stringify(out).replace(/[^\x20-\x7e]/g,
  c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')));
"""


def read_back(scripts: list[bytes]) -> list[Any]:
    """What a real JavaScript engine finds in window.env after each script."""
    encoded = json.dumps([base64.b64encode(script).decode() for script in scripts]).encode()
    done = subprocess.run(["node", "-e", READ_BACK], input=encoded, stdout=subprocess.PIPE, check=True)
    found: list[Any] = json.loads(done.stdout, parse_int=float)  # as JavaScript does
    return found


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {"map": [[key, plain(item)] for key, item in value.items()]}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def unordered(value: Any) -> Any:
    """JavaScript puts keys that are whole numbers first."""
    if isinstance(value, dict):
        pairs = [[key, unordered(item)] for key, item in value["map"]]
        return {"map": sorted(pairs, key=lambda pair: str(pair[0]))}
    if isinstance(value, list):
        return [unordered(item) for item in value]
    return value


@settings(max_examples=times(12), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(st.dictionaries(TEXT, VALUES, max_size=5), min_size=20, max_size=40))
def test_any_value_arrives_in_a_real_javascript_engine(many: list[dict[str, Any]]) -> None:
    found = read_back([env_js(values) for values in many])
    assert [unordered(each) for each in found] == [unordered(plain(values)) for values in many]


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_the_script_may_stand_inside_a_page(values: dict[str, Any]) -> None:
    text = env_js(values).decode("utf-8")
    for harmful in ("<", ">", "&", "\u2028", "\u2029", "\ufeff", "\r", "\0"):
        assert harmful not in text
    assert text.count("\n") == 1


def test_numbers_that_json_has_not_and_dates_are_written_too() -> None:
    values = {"nan": math.nan, "inf": -math.inf, "day": date(2024, 5, 6), "tuple": (1, 2)}
    assert read_back([env_js(values)]) == [{"map": [
        ["nan", {"number": "NaN"}], ["inf", {"number": "-Infinity"}], ["day", "2024-05-06"],
        ["tuple", [1, 2]]]}]


def test_it_lies_below_env_path_and_is_asked_for_each_time(tmp_path: Path) -> None:
    made = env_file(project(tmp_path, source={"env_path": "js/config"}, key_prefix="site/", env={"A": "b"}),
                    HeaderBook())
    assert made is not None
    assert made.key == "site/js/config/env.js"
    assert made.data == b'window.env = {"A":"b"};\n'
    assert made.size == len(made.data)
    assert made.headers == {"Cache-Control": "no-cache", "Content-Type": "text/javascript; charset=utf-8"}
    assert env_file(project(tmp_path), HeaderBook()) is None


@pytest.mark.parametrize("env", [{"K": "the-secret-key-of-it"},
                                 {"K": ["x", {"y": "pre the-secret-key-of-it post"}]},
                                 {"the-secret-key-of-it": 1}, {"K": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"}])
def test_a_secret_in_env_is_refused_and_not_shown(tmp_path: Path, env: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        env_file(project(tmp_path, env=env), HeaderBook(), frozenset({"the-secret-key-of-it"}))
    assert "secret" in caught.value.message
    assert "the-secret-key-of-it" not in str(caught.value) + str(caught.value.hint)
    assert "AKID" not in str(caught.value)
