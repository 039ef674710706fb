from __future__ import annotations

import hashlib
import os
import socket
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitepub.config.bucket_settings import HeaderRule
from sitepub.errors import ConfigError, ExitCode, SiteError
from sitepub.site.keys import name_problem
from sitepub.site.scan import Scanner, scan
from sitepub.site.snapshot import Snapshot, headers_hash
from tests.amount import times
from tests.site.sample import nobody, project, write

posix = pytest.mark.skipif(os.name == "nt", reason="names or links that Windows has not")


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names that others do not keep")


def scanned(folder: Path, root: Path | None = None, *, environ: dict[str, str] | None = None,
            cache: Path | None = None, source: dict[str, Any] | None = None, **values: Any) -> Snapshot:
    made = project(root or folder, source={"folder": folder, **(source or {})}, **values)
    return scan(made, folder, environ=environ or {}, cache_file=cache)


def refusal(folder: Path, **values: Any) -> SiteError:
    with pytest.raises(SiteError) as caught:
        scanned(folder, **values)
    assert caught.value.exit_code == ExitCode.USAGE
    return caught.value


def warnings_of(snapshot: Snapshot) -> str:
    return "\n".join(problem.message for problem in snapshot.warnings)


CHARACTERS = st.characters(exclude_characters="/\\", exclude_categories=["Cc", "Cs"])
NAME = st.text(CHARACTERS, min_size=1, max_size=12).map(lambda name: f"n{name}n")
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join)


@posix
@settings(max_examples=times(60))
@given(st.dictionaries(PATH, st.binary(max_size=3000), max_size=12), st.sampled_from(["", "a/", "中/"]))
def test_the_snapshot_is_the_folder_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], prefix: str
) -> None:
    folder = tmp_path_factory.mktemp("site")
    written: dict[str, bytes] = {}
    for name, content in files.items():
        key = unicodedata.normalize("NFC", name)
        parents = [key.rsplit("/", depth)[0] for depth in range(1, key.count("/") + 1)]
        if set(parents) & set(written) or any(f"{other}/".startswith(f"{key}/") for other in written):
            continue
        write(folder, {key: content})
        written[key] = content
    snapshot = scanned(folder, key_prefix=prefix)
    assert set(snapshot.files) == {prefix + key for key in written}
    for key, content in written.items():
        file = snapshot.files[prefix + key]
        assert file.path is not None
        assert file.path.read_bytes() == content
        assert (file.size, file.md5) == (len(content), hashlib.md5(content).hexdigest())
        assert file.headers_hash == headers_hash(file.headers)
        assert "Content-Type" in file.headers
    assert snapshot.total_bytes == sum(map(len, written.values()))


AWKWARD = ["plus+plus.html", "percent%41.txt", "hash#tag.txt", "question?.txt", "空 格/中文.html",
           "emoji-🎉.svg", "a&b=c;d.txt", "'quotes\".txt", "~tilde!*().txt", ".well-known/security.txt",
           ".nojekyll", "empty.bin", "x" * 200 + ".txt", " leading and trailing .txt", "UPPER.TXT",
           "no-extension", "Thumbs.db.txt", "node_modules.md"]


@posix
def test_awkward_names_are_keys_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, {name: "" if name == "empty.bin" else name for name in AWKWARD})
    assert set(scanned(tmp_path).files) == set(AWKWARD)


@posix
def test_decomposed_names_become_composed_keys_and_stay_as_they_are(tmp_path: Path) -> None:
    decomposed = "e\u0301te\u0301/a\u0308.txt"
    try:
        write(tmp_path, {decomposed: "x"})
    except OSError:
        pytest.skip("this file system takes no such names")
    files = scanned(tmp_path, key_prefix="v1/").files
    assert set(files) == {"v1/été/ä.txt", f"v1/{decomposed}"}, "links may be written in the file's own bytes"
    for file in files.values():
        assert file.path is not None
        assert file.path.read_text() == "x"


@posix
@pytest.mark.parametrize("name", [
    "\u1112\u1161\u11ab\u1100\u1173\u11af.html", "a\u0323\u0302/index.html", "\u0c46\u0c56.png", "\u212b.txt",
    "\u2126/\u03a9.txt", "re\u0301sume\u0301.pdf", "\u304b\u3099.jpg", "nai\u0308ve/cafe\u0301/x.html",
])
def test_a_file_answers_under_both_spellings_of_its_name(tmp_path: Path, name: str) -> None:
    try:
        write(tmp_path, {name: "x", "plain.txt": "y"})
    except OSError:
        pytest.skip("this file system takes no such names")
    composed = unicodedata.normalize("NFC", name)
    files = scanned(tmp_path).files
    assert set(files) == {composed, name, "plain.txt"}
    assert len({file.md5 for file in (files[name], files[composed])}) == 1
    assert files[name].headers == files[composed].headers


@posix
def test_a_second_spelling_that_is_too_long_for_a_key_is_left_out(tmp_path: Path) -> None:
    name = "/".join(["e\u0301" * 60] * 6)
    write(tmp_path, {name: "x"})
    assert set(scanned(tmp_path).files) == {unicodedata.normalize("NFC", name)}


@linux
def test_two_names_that_become_one_key_are_both_named(tmp_path: Path) -> None:
    write(tmp_path, {"\u00e9.txt": "1", "e\u0301.txt": "2", "ok.txt": ""})
    error = refusal(tmp_path)
    assert "'\\xe9.txt'" in error.message
    assert "'e\\u0301.txt'" in error.message


@linux
def test_every_name_that_cannot_be_a_key_is_told_at_once(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"back\\slash.txt", b"new\nline.txt", b"latin-\xe9.txt", b"\x7f.txt", b"c1\xc2\x85.txt"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"")
    deep = tmp_path / ("中" * 80) / ("文" * 80) / ("长" * 80)
    deep.mkdir(parents=True)
    (deep / ("x" * 140 + ".txt")).write_bytes(b"")
    error = refusal(tmp_path)
    told = "\n".join(problem.message for problem in error.problems)
    assert len(error.problems) == 6
    for words in ("backslash", "U+000A", "not valid UTF-8", "U+007F", "U+0085", "867 bytes"):
        assert words in told
    told.encode("utf-8")
    assert "\n" not in error.problems[0].message
    left = refusal(tmp_path, source={"exclude": ("*.txt", "!back*")})
    assert [problem.message for problem in left.problems] == [left.message]
    assert "backslash" in left.message


def test_a_key_of_850_bytes_is_taken_and_one_more_is_not(tmp_path: Path) -> None:
    name = "a" * 100 + ".txt"
    write(tmp_path, {name: ""})
    room = 850 - len(name) - 1
    assert len(next(iter(scanned(tmp_path, key_prefix="p" * room + "/"))).key) == 850
    assert "851 bytes" in refusal(tmp_path, key_prefix="p" * (room + 1) + "/").message


NEVER = [".git/config", "sub/.git/HEAD", ".svn/entries", ".hg/store", ".env", ".env.prod", "sub/.env.local",
         ".envrc", ".DS_Store", "sub/.DS_Store", "Thumbs.db", "sub/thumbs.db", "desktop.ini",
         "node_modules/a/index.js", "serverless.yml", "serverless.yaml", "serverless.json", ".sitepubignore",
         ".sitepub/cache", "notes.txt~", ".page.html.swp", "#page.html#", "._page.html"]
TOOLS = [".gitignore", ".github/workflows/ci.yml", ".vscode/settings.json", "sub/.gitkeep", ".editorconfig"]


def test_what_is_no_part_of_a_site_is_not_published_by_default(tmp_path: Path) -> None:
    site = ["index.html", "sub/node_modules/x.js", ".well-known/acme/token", "sub/git",
            "env.txt"]
    write(tmp_path, dict.fromkeys([*NEVER, *TOOLS, *site], ""))
    assert set(scanned(tmp_path).files) == set(site)
    everything = scanned(tmp_path, source={"include": ("*", ".git/", "node_modules/")})
    assert set(everything.files) == {*site, *TOOLS, "node_modules/a/index.js"}, "scrap and secrets are not meant by *"


def test_the_projects_own_file_is_not_published_from_a_folder_above_it(tmp_path: Path) -> None:
    names = ["index.html", "blog/serverless.yml", "blog/node_modules/a.js", "blog/a.html"]
    write(tmp_path, dict.fromkeys(names, ""))
    assert set(scanned(tmp_path, root=tmp_path / "blog").files) == {"index.html", "blog/a.html"}


def test_patterns_are_those_of_gitignore_and_later_ones_win(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(["index.html", "a.tmp", "keep.tmp", "drafts/a.html", "drafts/b.html",
                                   "x/drafts/c.html", "src/main.ts", "docs/src/y.ts", "ü.map"], ""))
    write(tmp_path, {".sitepubignore": "# comment\n\n*.tmp\n!keep.tmp\n*.map\n"})
    found = scanned(tmp_path, source={"exclude": ("drafts/", "./src/**"), "include": ("drafts/b.html",)})
    assert set(found.files) == {"index.html", "keep.tmp", "drafts/b.html", "docs/src/y.ts"}
    assert set(scanned(tmp_path, source={"exclude": ("/drafts/",)}).files) == {
        "index.html", "keep.tmp", "x/drafts/c.html", "src/main.ts", "docs/src/y.ts"}


def test_the_ignore_file_beside_the_project_counts_for_the_built_folder(tmp_path: Path) -> None:
    write(tmp_path, {".sitepubignore": "*.map\n/only-here.txt\n", "dist/index.html": "", "dist/a.map": "",
                     "dist/sub/only-here.txt": "", "dist/only-here.txt": ""})
    assert set(scanned(tmp_path / "dist", root=tmp_path).files) == {"index.html", "sub/only-here.txt"}


def test_patterns_that_are_none_are_told_with_their_line(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", ".sitepubignore": "ok\n!\n"})
    error = refusal(tmp_path, source={"exclude": ("!",)})
    assert [problem.position and problem.position.line for problem in error.problems] == [2, None]


def test_an_index_document_that_is_left_out_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", "a.txt": ""})
    assert "leave out the index document" in refusal(tmp_path, source={"exclude": ("*.html",)}).message


@posix
def test_links_inside_the_folder_are_followed_under_their_own_name(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.txt": "a", "real/deep/b.txt": "b"})
    (tmp_path / "file.txt").symlink_to("real/a.txt")
    (tmp_path / "folder").symlink_to("real")
    snapshot = scanned(tmp_path)
    assert set(snapshot.files) == {"real/a.txt", "real/deep/b.txt", "file.txt", "folder/a.txt",
                                   "folder/deep/b.txt"}
    assert snapshot.files["file.txt"].md5 == snapshot.files["real/a.txt"].md5
    assert not snapshot.warnings


@posix
def test_links_out_of_the_folder_are_skipped_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"site/index.html": "", "outside/secret.txt": "s", "site-twin/x.txt": "x"})
    (tmp_path / "site/file").symlink_to("../outside/secret.txt")
    (tmp_path / "site/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "site/twin").symlink_to("../site-twin")
    (tmp_path / "site/broken").symlink_to("nowhere")
    snapshot = scanned(tmp_path / "site")
    assert set(snapshot.files) == {"index.html"}
    told = warnings_of(snapshot)
    assert told.count("outside of the published folder") == 3
    assert "broken is a symbolic link that leads nowhere" in told


@posix
def test_links_that_lead_in_circles_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/x.txt": "x", "other/y.txt": "y"})
    (tmp_path / "a/b/up").symlink_to("..")
    (tmp_path / "a/b/root").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "other/to-a").symlink_to("../a")
    (tmp_path / "a/to-other").symlink_to("../other")
    snapshot = scanned(tmp_path)
    assert set(snapshot.files) == {"a/b/x.txt", "other/y.txt", "a/to-other/y.txt", "other/to-a/b/x.txt"}
    told = warnings_of(snapshot)
    assert told.count("leads back to") >= 4
    assert "self is a symbolic link that leads to itself" in told


@posix
def test_a_link_does_not_publish_what_is_never_published(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", ".env": "SECRET=1", ".git/config": "x", "keys/id_rsa": "k"})
    (tmp_path / "settings.txt").symlink_to(".env")
    (tmp_path / "repo").symlink_to(".git")
    (tmp_path / "config.txt").symlink_to(".git/config")
    (tmp_path / "harmless.txt").symlink_to("keys/id_rsa")
    error = refusal(tmp_path)
    assert {problem.message.split()[0] for problem in error.problems} == {"keys/id_rsa", "harmless.txt"}
    snapshot = scanned(tmp_path, source={"exclude": ("keys", "harmless.txt")})
    assert set(snapshot.files) == {"index.html"}
    assert warnings_of(snapshot).count("never published") == 3


@posix
def test_pipes_and_sockets_are_skipped_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"index.html": ""})
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        snapshot = scanned(tmp_path)
    assert set(snapshot.files) == {"index.html"}
    assert "pipe is neither a file nor a folder" in warnings_of(snapshot)
    assert "socket is neither" in warnings_of(snapshot)


@posix
def test_all_unreadable_files_are_named() -> None:
    with nobody() as folder:
        write(folder, {"a.txt": "", "b/c.txt": "", "d.txt": "", "ok.txt": ""})
        for name in ("a.txt", "d.txt"):
            (folder / name).chmod(0)
        assert {problem.message.split(" ")[0] for problem in refusal(folder).problems} == {"a.txt", "d.txt"}
        (folder / "b").chmod(0)
        try:
            assert "b cannot be read" in refusal(folder).message
        finally:
            (folder / "b").chmod(0o700)


def test_env_js_is_an_extra_file_and_the_folder_stays_clean(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "", "js/env.js": "theirs"})
    snapshot = scanned(tmp_path, env={"A": 1}, source={"env_path": "js"}, key_prefix="p/")
    assert set(snapshot.files) == {"p/index.html", "p/js/env.js"}
    assert snapshot.files["p/js/env.js"].data == b'window.env = {"A":1};\n'
    assert "js/env.js of the folder is not published" in warnings_of(snapshot)
    assert (tmp_path / "js/env.js").read_text() == "theirs"
    assert scanned(tmp_path).files["js/env.js"].data is None


def test_header_rules_see_the_path_below_the_web_root(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.css": "", "b.css": ""})
    rule = HeaderRule("/a/*.css", {"Cache-Control": "max-age=9"})
    snapshot = scanned(tmp_path, key_prefix="p/", headers=(rule,))
    assert snapshot.files["p/a/b.css"].headers["Cache-Control"] == "max-age=9"
    assert snapshot.files["p/b.css"].headers["Cache-Control"] != "max-age=9"
    with pytest.raises(ConfigError):
        scanned(tmp_path, headers=(HeaderRule("*", {"X-Nope": "1"}),))


SECRET = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"


@pytest.mark.parametrize("where", ["environ", "dotenv"])
def test_a_file_that_holds_the_accounts_secret_key_is_refused(tmp_path: Path, where: str) -> None:
    write(tmp_path / "site", {"index.html": "", "app.js": f"const key='{SECRET}'",
                              "big.bin": b"x" * (1 << 20) + SECRET.encode()})
    values: dict[str, Any] = {"environ": {"TENCENTCLOUD_SECRET_KEY": SECRET}} if where == "environ" else {
        "dotenv": {"TENCENT_SECRET_KEY": SECRET}}
    cache = tmp_path / "cache"
    scanned(tmp_path / "site", cache=cache)
    for _ in range(2):
        error = refusal(tmp_path / "site", cache=cache, **values)
        told = "\n".join(problem.message for problem in error.problems)
        assert "app.js" in told
        assert "big.bin" in told
        assert SECRET not in told
        assert "src.allowSecrets" in (error.hint or "")
    assert len(scanned(tmp_path / "site", source={"allow_secrets": ("app.js", "*.bin")}, **values)) == 3


def test_a_secret_across_two_blocks_is_found(tmp_path: Path) -> None:
    write(tmp_path, {"big.bin": b"x" * ((1 << 20) - 5) + SECRET.encode() + b"y" * (1 << 20)})
    assert "big.bin" in refusal(tmp_path, environ={"TENCENTCLOUD_SECRET_KEY": SECRET}).message


def test_a_file_that_changes_all_the_time_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"steady.txt": "x", "busy.txt": "x"})
    real_read = os.read

    def read(descriptor: int, count: int) -> bytes:
        data = real_read(descriptor, count)
        if os.path.sameopenfile(descriptor, busy.fileno()):
            busy.write(b"more")
            busy.flush()
        return data

    with (tmp_path / "busy.txt").open("ab") as busy:
        monkeypatch.setattr(os, "read", read)
        error = refusal(tmp_path)
    assert error.message == "busy.txt changed while it was read"


def test_a_file_that_changes_once_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"page.html": "first"})
    real_read = os.read
    calls: list[int] = []

    def read(descriptor: int, count: int) -> bytes:
        data = real_read(descriptor, count)
        if not calls:
            (tmp_path / "page.html").write_text("second, longer")
        calls.append(count)
        return data

    monkeypatch.setattr(os, "read", read)
    file = scanned(tmp_path).files["page.html"]
    assert (file.md5, file.size) == (hashlib.md5(b"second, longer").hexdigest(), 14)


@pytest.mark.parametrize("others", [0, 400])
def test_names_that_pages_speak_of_are_found_however_many_there_are(tmp_path: Path, others: int) -> None:
    page = """<script src="/js/app-C0vGh6yI.js?v=1"></script><link href='x/site-B7k2Qz9w.css'>
<img srcset="/i/a-Kq3Zx8Vb.png 1x,/i/b-Kq3Zx8Vc.png 2x"><style>a{background:url(i/c-Zk9Qw3Vb.png)}</style>
<a href=/i/%E5%9B%BE-Xk3Zq8Vb.png>"""
    named = ["js/app-C0vGh6yI.js", "x/site-B7k2Qz9w.css", "i/a-Kq3Zx8Vb.png", "i/b-Kq3Zx8Vc.png", "i/c-Zk9Qw3Vb.png",
             "i/图-Xk3Zq8Vb.png"]
    silent = [f"i/p{number}-Yq3Zx8V{number % 10}.png" for number in range(others)]
    scanner = Scanner(project(write(tmp_path, {"index.html": page})), tmp_path, {})
    found = scanner.find_hashed_names(["index.html", *named, *silent])
    assert len(found.asked) >= others
    assert [path for path in named if path not in found] == []
    assert not [path for path in silent if path in found.named]


@linux
@pytest.mark.parametrize("name", ["测试.html", "我的 照片.png", "第1篇——简介.md", "关于（我）.html", "README副本.txt"])
def test_a_name_in_gbk_is_read_and_can_be_converted(tmp_path: Path, name: str) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name.encode("gbk"))).write_bytes(b"")
    error = refusal(tmp_path)
    assert f"is not valid UTF-8; in GBK it is {name}" in error.message
    assert "convmv -f gbk" in (error.hint or "")


@pytest.mark.parametrize("name", [b"caf\xe9.html", b"\xff.txt", b"a\x80", b"\xa1", b"\xfc\xe4.md"])
def test_a_name_that_is_no_gbk_either_is_not_guessed(name: bytes) -> None:
    assert name_problem(name.decode("utf-8", "surrogateescape")) == "is not valid UTF-8"
