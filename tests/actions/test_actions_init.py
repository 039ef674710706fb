"""`sitepub init`: templates are copied whole or not at all; a project that is there gets a serverless.yml."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.actions.init import InitOutcome, init
from sitepub.actions.project_file import project_file
from sitepub.actions.starters import TEMPLATES, Template, project_name, yaml_text
from sitepub.config.document import Text
from sitepub.config.load import load_project
from sitepub.config.yaml12 import read_yaml
from sitepub.errors import Refused, SitepubError, UsageError
from sitepub.outside import not_written
from sitepub.site.detect.frameworks import Framework
from tests.starters.built import STARTERS
from tests.terminal.screen import Screen, sitepub

NAMES = [template.name for template in TEMPLATES]


def start(template: str | None, directory: str | None, folder: Path) -> InitOutcome:
    return init(template, Path(directory) if directory else None, folder=folder, here=folder)


def everything_below(folder: Path) -> dict[str, bytes | None]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}


@pytest.mark.parametrize("template", NAMES)
def test_a_template_is_copied_byte_for_byte_but_for_the_name(template: str, tmp_path: Path) -> None:
    outcome = start(template, "my-site", tmp_path)
    assert outcome.folder == tmp_path / "my-site"
    copied = {name for name, content in everything_below(outcome.folder).items() if content is not None}
    assert copied == set(outcome.files)
    assert {".gitignore", ".sitepub-schema.json", "README.md", "serverless.yml"} <= copied
    for name in copied - {".sitepub-schema.json", "serverless.yml", "package.json"}:
        original = STARTERS / template / ("gitignore" if name == ".gitignore" else name)
        assert (outcome.folder / name).read_bytes() == original.read_bytes()
    project = load_project(outcome.folder / "serverless.yml", environ={})
    assert (project.app, project.name) == ("my-site", "my-site")
    if "package.json" in copied:
        assert '"name": "my-site"' in (outcome.folder / "package.json").read_text(encoding="utf-8")
        assert outcome.next == ("cd my-site", "npm install", "sitepub deploy --local")
    else:
        assert outcome.next == ("cd my-site", "sitepub deploy --local")


def test_without_a_directory_the_folder_is_named_like_the_template(tmp_path: Path) -> None:
    assert start("vue-starter", None, tmp_path).folder == tmp_path / "vue-starter"


def test_the_current_folder_and_deep_ones_can_be_the_target(tmp_path: Path) -> None:
    here = tmp_path / "My Blog"
    here.mkdir()
    (here / "notes.txt").write_text("mine")
    outcome = start("website-starter", ".", here)
    assert outcome.next == ("sitepub deploy --local",)
    assert load_project(here / "serverless.yml", environ={}).app == "my-blog"
    assert (here / "notes.txt").read_text() == "mine"
    deep = start("website-starter", "a/b c", tmp_path)
    assert (deep.folder / "src" / "index.html").is_file()
    assert "b c" in deep.next[0] and deep.next[0] != "cd a/b c"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.short)
def test_a_template_has_a_short_name(template: Template, tmp_path: Path) -> None:
    assert start(template.short, None, tmp_path).folder == tmp_path / template.name
    assert start(template.short, "new", tmp_path).template == template


def test_a_target_outside_is_named_by_the_way_to_it(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    outcome = init("website-starter", Path("new"), folder=tmp_path, here=tmp_path / "here")
    assert outcome.next[0] == f"cd {Path('..') / 'new'}"


def test_a_file_in_the_way_stops_all_and_every_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "site" / "src").mkdir(parents=True)
    (tmp_path / "site" / "README.md").write_text("mine")  # stays, and is in nobody's way
    (tmp_path / "site" / "src" / "404.html").write_text("mine")
    (tmp_path / "site" / "src" / "index.html").write_text("mine")
    before = everything_below(tmp_path)
    with pytest.raises(Refused, match=r"already: src/404\.html, src/index\.html\.$"):
        start("website-starter", "site", tmp_path)
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize("name", ["serverless.yaml", "serverless.json"])
def test_another_form_of_serverless_yml_is_in_the_way_too(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    (tmp_path / "index.html").write_text("")
    for template in ("hexo-starter", None):
        with pytest.raises(Refused, match=name):
            start(template, "." if template else None, tmp_path)
    assert len(everything_below(tmp_path)) == 2


@pytest.mark.parametrize(("own", "after"), [
    (b"", b".env\n.env.*\n.DS_Store\nThumbs.db\n"), (b"*.pyc", b"*.pyc\n.env\n.env.*\n.DS_Store\nThumbs.db\n"),
    (b".env\r\n\xff\r\n", b".env\r\n\xff\r\n.env.*\r\n.DS_Store\r\nThumbs.db\r\n"),
    (b"Thumbs.db\n.DS_Store\n.env.*\n.env", b"Thumbs.db\n.DS_Store\n.env.*\n.env")])
def test_a_new_repository_takes_a_template(own: bytes, after: bytes, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("# mine")
    (tmp_path / "LICENSE").write_text("MIT")
    (tmp_path / ".gitignore").write_bytes(own)
    code, screen = sitepub("init", "website", ".", "--json", "--cwd", str(tmp_path))
    assert code == 0
    assert (tmp_path / "README.md").read_text() == "# mine" and (tmp_path / "LICENSE").read_text() == "MIT"
    assert (tmp_path / ".gitignore").read_bytes() == after
    assert (tmp_path / "serverless.yml").is_file() and (tmp_path / "src/index.html").is_file()
    assert {"README.md", ".gitignore"}.isdisjoint(screen.object["files"])
    readme, ignored = screen.object["warnings"]
    assert "README.md was there already and stays" in readme and ".gitignore was there already" in ignored


@pytest.mark.parametrize("name", ["package.json", "index.html", "src/main.jsx"])
def test_what_would_be_overwritten_in_a_repository_is_named_and_all_stays(name: str, tmp_path: Path) -> None:
    for each in ("README.md", ".gitignore", name):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text("mine")
    before = everything_below(tmp_path)
    with pytest.raises(Refused, match=f"there already: {name}\\.$"):
        start("react-starter", ".", tmp_path)
    assert everything_below(tmp_path) == before
    assert all((tmp_path / each).read_text() == "mine" for each in ("README.md", ".gitignore", name))


@pytest.mark.parametrize("place", ["site", "site/src"])
def test_a_file_where_a_folder_must_be_is_in_the_way(place: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("mine")
    before = everything_below(tmp_path)
    with pytest.raises(Refused, match="there already"):
        start("website-starter", "site", tmp_path)
    assert everything_below(tmp_path) == before


@pytest.mark.skipif(os.name == "nt", reason="symlinks need rights on Windows")
def test_a_dangling_symlink_counts_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").symlink_to("nowhere.yml")
    (tmp_path / "index.html").write_text("")
    for template in ("website-starter", None):
        with pytest.raises(Refused):
            start(template, "." if template else None, tmp_path)
    assert not (tmp_path / "nowhere.yml").exists()


def test_when_writing_fails_half_way_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def full_disk(self: Path, mode: str = "r", *args: object, **options: object) -> object:
        if self.name == "style.css" and "x" in mode:
            raise OSError(28, "No space left on device", str(self))
        return real(self, mode, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full_disk)
    with pytest.raises(SitepubError, match="No space left"):
        start("hexo-starter", "blog", tmp_path)
    assert everything_below(tmp_path) == {}


@pytest.mark.parametrize(("wrong", "right"), [
    ("hxeo", "hexo-starter"), ("React", "react-starter"), ("website_starter", "website-starter"),
    ("vue-startr", "vue-starter"),
])
def test_an_unknown_template_is_answered_with_the_nearest(wrong: str, right: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        start(wrong, None, tmp_path)
    assert caught.value.hint == f"Did you mean {right}?"


def test_a_template_like_no_other_is_answered_with_the_list(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        start("qqqq", None, tmp_path)
    assert all(name in str(caught.value.hint) for name in NAMES)


@pytest.mark.parametrize(("folder", "name"), [
    ("my-site", "my-site"), ("My Site", "my-site"), ("2026", "2026"), ("a__b..c", "a-b-c"),
    ("博客", "otherwise"), ("博客 blog", "blog"), ("-x-", "x"), ("A" * 80, "a" * 40),
])
def test_names_are_made_of_what_a_name_may_have(folder: str, name: str) -> None:
    assert project_name(folder, "otherwise") == name


@pytest.mark.parametrize("name", ["2026", "true", "null", "1e5", "0x10", "my-blog"])
def test_a_folder_whose_name_looks_like_something_else_stays_text(name: str, tmp_path: Path) -> None:
    for template in ("website-starter", "hexo-starter"):
        outcome = start(template, f"{template}/{name}", tmp_path)
        assert load_project(outcome.folder / "serverless.yml", environ={}).app == name
    (tmp_path / name).mkdir()
    (tmp_path / name / "index.html").write_text("")
    start(None, None, tmp_path / name)
    assert load_project(tmp_path / name / "serverless.yml", environ={}).name == name


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1))
def test_any_text_survives_as_a_scalar(text: str) -> None:
    document = read_yaml(Text("serverless.yml", f"a: {yaml_text(text)}\n"))
    assert document.problems == []
    assert document.root is not None
    assert document.root.entries["a"].value == text


def test_a_hexo_blog_gets_a_serverless_yml_that_builds_it(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"hexo": "^8.0.0"}}')
    (tmp_path / "_config.yml").write_text("title: x\npublic_dir: out\n")
    outcome = start(None, None, tmp_path)
    assert outcome.files == ("serverless.yml", ".sitepub-schema.json")
    assert outcome.next == ("npm install", "sitepub deploy --local")
    text = (tmp_path / "serverless.yml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=./.sitepub-schema.json\n# Hexo, recognised by ")
    project = load_project(tmp_path / "serverless.yml", environ={})
    assert project.source.hook == "npx hexo generate"
    assert project.source.dist == tmp_path / "out"
    assert project.warnings == ()


COS = "deploy:\n  type: cos\n  bucket: blog-1250000000\n  region: ap-shanghai\n"


@pytest.mark.parametrize(("deploy", "bucket", "region"), [
    (COS, "blog-1250000000", "ap-shanghai"),
    (COS + "  secretId: AKIDsecretsecretsecretsecretsecret12\n  secretKey: topsecret\n", "blog-1250000000",
     "ap-shanghai"),
    ("deploy:\n- type: git\n  repo: x\n  bucket: no\n- type: cos\n  Bucket: blog\n  Region: 'ap-beijing'\n", "blog",
     "ap-beijing"),
    ("deploy: { type: tencent-cos, bucket: blog, region: ap-nowhere, SecretKey: topsecret }\n", "blog", None),
    ("deploy:\n  type: cos\n  bucket: ../../x\n  region: 7\n", None, None),
    ("deploy:\n  type: cos\n  bucket: ${env:BUCKET}\n", None, None),
    ("deploy:\n  type: git\n  bucket: blog\n", None, None), ("deploy: ''\n", None, None), ("deploy:\n", None, None),
    ("deploy: [cos, {type: [cos]}, {type: cosmos, bucket: b}]\n", None, None), ("deploy: {type: cos\n", None, None),
])
def test_a_hexo_blog_stays_in_the_bucket_that_hexo_deployed_to(
        deploy: str, bucket: str | None, region: str | None, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"hexo": "^8.0.0"}}')
    (tmp_path / "_config.yml").write_text(f"title: x\n{deploy}")
    outcome = start(None, None, tmp_path)
    project = load_project(tmp_path / "serverless.yml", environ={})
    assert (project.bucket_name, project.region) == (bucket, region or "ap-guangzhou")
    written = (tmp_path / "serverless.yml").read_text(encoding="utf-8")
    said = " ".join(outcome.advice)
    assert "secret" not in written.lower() and "topsecret" not in said and "AKIDsecret" not in said
    assert ("sitepub login" in said) is ("topsecret" in deploy)
    assert (bucket is not None) is ("the bucket " in said)


@pytest.mark.parametrize("framework", [
    Framework("html", "Plain HTML", "index.html"),
    Framework("html", "Plain HTML", "public/index.html", src="public", error="index.html"),
    Framework("vite", "Vite (Vue)", "vite.config.ts", hook="npm run build", dist="dist", error="index.html",
              spa=True),
    Framework("next", "Next.js", "next.config.js", hook='npx next "build": # x', dist="my out",
              ignore_html_ext=True),
    Framework("hexo", "Hexo", "package.json (hexo) and _config.yml", hook="npx hexo generate", dist="public",
              error="404/index.html"),
], ids=lambda f: f"{f.id}-{f.src}")
def test_what_is_written_reads_back_as_what_was_recognised(framework: Framework, tmp_path: Path) -> None:
    file = tmp_path / "serverless.yml"
    file.write_text(project_file(framework, "x"), encoding="utf-8")
    project = load_project(file, environ={})
    assert project.warnings == ()
    assert project.source.hook == framework.hook
    assert project.source.folder == tmp_path / framework.src
    assert project.source.dist == (tmp_path / framework.dist if framework.dist else None)
    assert project.website.index == framework.index
    assert project.website.error == framework.error
    assert project.website.disable_error_status is framework.spa
    assert project.website.ignore_html_ext is framework.ignore_html_ext


def test_the_schema_is_sitepubs_own_and_is_renewed(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("")
    (tmp_path / ".sitepub-schema.json").write_text("old")
    start(None, None, tmp_path)
    assert "website" in (tmp_path / ".sitepub-schema.json").read_text(encoding="utf-8")


# The command


def test_the_list_names_every_template() -> None:
    code, screen = sitepub("init", "--list")
    assert code == 0
    assert [line.split()[0] for line in screen.printed.splitlines()] == NAMES
    code, screen = sitepub("init", "--list", "--json")
    assert [template["name"] for template in screen.object["templates"]] == NAMES


def test_the_command_says_what_to_run_next(tmp_path: Path) -> None:
    code, screen = sitepub("init", "hexo-starter", "blog", "--cwd", str(tmp_path))
    assert code == 0
    assert screen.noted.splitlines()[-3].startswith("  cd ")
    assert screen.noted.splitlines()[-2:] == ["  npm install", "  sitepub deploy --local"]
    assert (tmp_path / "blog" / "_config.yml").is_file()


def test_the_command_answers_programs(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("")
    code, screen = sitepub("init", "--json", "--cwd", str(tmp_path))
    assert code == 0
    assert (screen.object["status"], screen.object["framework"]) == ("ok", "html")
    assert screen.object["files"] == ["serverless.yml", ".sitepub-schema.json"]
    code, screen = sitepub("init", "--json", "--cwd", str(tmp_path))
    assert (code, screen.object["error"]["code"]) == (5, "AlreadyThere")


def test_the_command_names_every_file_that_it_wrote(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("")
    _code, screen = sitepub("init", "--cwd", str(tmp_path))
    assert "Written: serverless.yml and .sitepub-schema.json" in screen.printed
    code, screen = sitepub("init", "website", "--cwd", str(tmp_path))
    assert code == 0
    written = {name for name, content in everything_below(tmp_path / "website-starter").items() if content is not None}
    assert {line.strip() for line in screen.printed.splitlines()[1:]} == written


def unknown_build(folder: Path) -> Path:
    (folder / "package.json").write_text('{"scripts": {"build": "webpack"}}')
    (folder / "src").mkdir()
    for name in ("index.html", "environment.prod.ts"):
        (folder / "src" / name).write_text("a source")
    return folder


def test_sources_beside_an_unknown_build_are_never_what_is_published(tmp_path: Path) -> None:
    code, screen = sitepub("init", "--json", "--cwd", str(unknown_build(tmp_path)))
    assert code == 0 and screen.object["framework"] == "build"
    assert "Fill in src.dist" in screen.object["warnings"][0]
    source = load_project(tmp_path / "serverless.yml", environ={}).source
    assert (source.hook, source.dist) == ("npm run build", tmp_path / "dist")
    text = (tmp_path / "serverless.yml").read_text(encoding="utf-8")
    assert "# FILL IN: the folder that the hook writes" in text


@pytest.mark.parametrize(("typed", "dist"), [
    ("web/out\n", "web/out"), ("./web/\n", "web"), ("\n", "dist"), (".\n", "."),
])
def test_on_a_terminal_it_asks_for_the_folder_that_an_unknown_build_writes(
        typed: str, dist: str, tmp_path: Path) -> None:
    code, screen = sitepub("init", "--cwd", str(unknown_build(tmp_path)), screen=Screen(tty=True, typed=typed))
    assert code == 0, screen.noted
    assert "Which folder does `npm run build` write the site to? (Return: dist)" in screen.noted
    assert "FILL IN" not in (tmp_path / "serverless.yml").read_text(encoding="utf-8")
    assert load_project(tmp_path / "serverless.yml", environ={}).source.dist == tmp_path / dist


@pytest.mark.parametrize("typed", ["../out\n", "/tmp\n", "C:/x\n"])
def test_a_folder_elsewhere_is_a_mistake_and_nothing_is_written(typed: str, tmp_path: Path) -> None:
    code, screen = sitepub("init", "--cwd", str(unknown_build(tmp_path)), screen=Screen(tty=True, typed=typed))
    assert code == 2 and "not a folder below this one" in screen.noted
    assert not (tmp_path / "serverless.yml").exists()


def test_in_a_workspace_the_sites_below_are_named(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"workspaces": ["apps/*"], "scripts": {"build": "turbo run build"}}')
    for name, text in {"apps/my web": '{"dependencies": {"vite": "6", "vue": "3"}, "scripts": {"build": "vite build"}}',
                       "packages/kit": '{"scripts": {"build": "tsc"}}',
                       "node_modules/x": '{"scripts": {"a": ""}}'}.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "package.json").write_text(text)
    code, screen = sitepub("init", "--cwd", str(tmp_path), screen=Screen(tty=True, typed="1\n"))
    assert code == 2 and "apps/my web (Vite (Vue))." in screen.noted and "--cwd 'apps/my web'" in screen.noted
    assert sitepub("init", "--cwd", str(tmp_path / "apps/my web"))[0] == 0


def test_nothing_to_set_up_offers_the_templates_on_a_terminal(tmp_path: Path) -> None:
    code, screen = sitepub("init", "--cwd", str(tmp_path), screen=Screen(tty=True, typed="1\n"))
    assert code == 0, screen.noted
    assert (tmp_path / "website-starter" / "serverless.yml").is_file()


@pytest.mark.parametrize("screen", [Screen(), Screen(tty=True, typed="\n"), Screen(tty=True, typed="")])
def test_nothing_to_set_up_is_a_mistake_without_an_answer(screen: Screen, tmp_path: Path) -> None:
    code, screen = sitepub("init", "--cwd", str(tmp_path), screen=screen)
    assert code == 2
    assert all(name in screen.noted for name in NAMES)
    assert everything_below(tmp_path) == {}


def test_it_loads_no_heavy_library(tmp_path: Path) -> None:
    script = ("import sys; from sitepub.__main__ import main\n"
              "try: main()\nexcept SystemExit: pass\n"
              "print([m for m in ('rich', 'aiohttp', 'qcloud_cos', 'requests') if m in sys.modules])")
    ended = subprocess.run([sys.executable, "-c", script, "init", "website-starter", "x", "-q"], cwd=tmp_path,
                           capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("deploy", ["deploy:\n  type: ''\n", "deploy:\n  type:\n", "deploy: []\n", "deploy:\n", ""])
def test_a_hexo_blog_that_has_no_deployer_has_nothing_to_take_over(tmp_path: Path, deploy: str) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"hexo": "^7.0.0"}}')
    (tmp_path / "_config.yml").write_text(f"title: A\n{deploy}")
    code, screen = sitepub("init", "--cwd", str(tmp_path))
    assert code == 0, screen.noted
    assert "Taken from" not in screen.printed


@pytest.mark.parametrize(("place", "words"), [
    ("x" * 300, "Choose a shorter name."), ("长" * 100, "Choose a shorter name."),
    ("a/" + "y" * 300 + "/b", "Choose a shorter name.")])
def test_a_name_that_the_disk_does_not_take_says_so(tmp_path: Path, place: str, words: str) -> None:
    with pytest.raises(SitepubError) as raised:
        start("website", place, tmp_path)
    assert raised.value.hint == words
    assert everything_below(tmp_path) == {}


@pytest.mark.parametrize(("number", "words"), [
    (errno.ENOSPC, "make room"), (errno.EROFS, "read-only"), (errno.EACCES, "another folder"),
    (errno.ENOTDIR, "is a file"), (errno.EINVAL, "such a name"), (errno.EIO, "Check the disk"), (9999, "permissions")])
def test_what_to_do_depends_on_why_it_was_not_written(number: int, words: str) -> None:
    assert words in not_written(OSError(number, "no"))
