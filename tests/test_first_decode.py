"""Several threads that are the first to decode a type may crash the process (msgspec 0.18 to 0.22: the description of
the type is made by the first one, and the others use it half made). So decoders are made when a module is loaded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LocalCloud
from tests.e2e.conftest import make_sitepub

PACKAGE = Path(__file__).parent.parent / "sitepub"
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "msgspec" in path.read_text(encoding="utf-8")]
AT_START = {"local/services/state.py"}
"""Makes its decoders while the embedded cloud starts, in the only thread that there is."""


def _inside_functions(tree: ast.AST) -> list[ast.Call]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    functions = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [node for function in functions for node in ast.walk(function) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_decoders_are_made_when_the_module_is_loaded(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() in AT_START:
        return
    for call in _inside_functions(ast.parse(path.read_text(encoding="utf-8"))):
        name = ast.unparse(call.func)
        typed = any(keyword.arg == "type" for keyword in call.keywords)
        place = f"{path.name}:{call.lineno}: {ast.unparse(call)}"
        assert not (name.startswith("msgspec.") and name.endswith(".decode") and typed), place
        assert not name.endswith(("json.Decoder", "msgpack.Decoder")) and name != "msgspec.convert", place


STRESS = """
import gzip, importlib, json, os, pkgutil, sys, threading
import msgspec
import sitepub

sys.setswitchinterval(1e-6)
found = {}
for info in pkgutil.walk_packages(sitepub.__path__, "sitepub."):
    if info.name.startswith("sitepub.local") or info.name.endswith("__main__"):
        continue
    for name, value in vars(importlib.import_module(info.name)).items():
        decoder = getattr(value, "__self__", value)
        if isinstance(decoder, (msgspec.json.Decoder, msgspec.msgpack.Decoder)):
            found[f"{info.name}.{name}"] = decoder
rounds, ends = int(sys.argv[1]), {}
for number in range(rounds):
    child = os.fork()
    if child == 0:
        barrier = threading.Barrier(8)
        def run():
            barrier.wait()
            for decoder in found.values():
                try:
                    decoder.decode(b"{}" if isinstance(decoder, msgspec.json.Decoder) else b"\\x80")
                except (msgspec.ValidationError, msgspec.DecodeError):
                    pass
        threads = [threading.Thread(target=run) for _ in range(8)]
        [one.start() for one in threads]
        [one.join() for one in threads]
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    ends[status] = ends.get(status, 0) + 1
print(json.dumps({"decoders": sorted(found), "ends": ends}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="fork is POSIX")
def test_every_decoder_in_many_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", STRESS, "100"], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {name.rpartition(".")[0] for name in told["decoders"]} >= {
        "sitepub.publish.locking.lock_record", "sitepub.publish.states.root", "sitepub.publish.states.releases",
        "sitepub.publish.bucket_mates", "sitepub.publish.states.shard_store", "sitepub.domains.hosts.claims",
        "sitepub.site.hash_cache"}
    assert told["ends"] == {"0": 100}


HASTY = "import sys; sys.setswitchinterval(1e-6); from sitepub.__main__ import main; sys.exit(main())"


def test_a_first_deploy_beside_other_sites_with_several_hosts(local_cloud: LocalCloud, home: Path, tmp_path: Path
                                                              ) -> None:
    """The way it was met: the states of the neighbours and the claims of the hosts are read side by side."""
    program = make_sitepub(local_cloud, home)

    def deploy(name: str, **inputs: object) -> None:
        folder = tmp_path / name
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "index.html").write_text(name)
        (folder / "src" / f"{name}.html").write_text(name)
        (folder / "serverless.yml").write_text(json.dumps({"component": "website", "name": name, "inputs": {
            "src": "./src", "bucketName": "first-decode", "keyPrefix": f"{name}/", **inputs}}))
        done = subprocess.run([sys.executable, "-c", HASTY, "deploy", "--local", "--yes", "--no-wait", "--json"],
                              cwd=folder, env=dict(program.environ), capture_output=True, text=True, timeout=120,
                              check=False)
        assert done.returncode in (0, 4), (done.returncode, done.stderr, done.stdout)

    for number in range(8):
        hosts = [{"host": f"h{one}.site{number}.first-decode.example.com"} for one in range(6 if number > 5 else 0)]
        deploy(f"site{number}", **({"hosts": hosts} if hosts else {}))
