"""Two projects with one name: which one made the last release, and when that is worth a question."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from sitepub.config.repository.git import commit_of, has_commit
from sitepub.publish.plan import Action, Phase, Plan, Reason, Step
from sitepub.publish.project.git_remote import canonical
from sitepub.publish.project.mark import ProjectMark, computer_id, project_here
from sitepub.publish.project.same_project import Kin, kin_of, marks_after, other_project
from sitepub.publish.states.manifest import Entry
from sitepub.publish.states.state import VERSION, ReleaseInfo, State
from tests.publish.sites import site_file
from tests.publish.state_forms import decode, encode
from tests.publish.test_publish_git import git, repository


@pytest.mark.parametrize("address", [
    "https://github.com/ann/blog", "https://github.com/ann/blog.git", "https://github.com/Ann/Blog.git/",
    "git@github.com:ann/blog.git", "ssh://git@github.com/ann/blog.git", "ssh://git@github.com:22/ann/blog",
    "https://ann:secret@github.com/ann/blog", "https://oauth2:glpat-x@github.com:443/ann/blog.git?token=x#y",
    "git://GitHub.com/ann/blog.git", "github.com:ann/blog", "git@github.com:/ann/blog.git",
])
def test_one_repository_has_one_name_however_it_is_written(address: str) -> None:
    assert canonical(address, Path("/x")) == "github.com/ann/blog"


@pytest.mark.parametrize(("address", "name"), [
    ("", ""), ("https://", ""), ("https://host/", ""), ("../up.git", "file:/up"),
    ("/srv/git/a.git/", "file:/srv/git/a"),
    ("file:///srv/git/a", "file:/srv/git/a"), ("C:/git/a", "file:/x/C:/git/a"), ("git@[::1]:a/b", "[::1]/a/b"),
    ("https://gitlab.com/g/sub/p.git", "gitlab.com/g/sub/p"),
])
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_other_forms_of_addresses(address: str, name: str) -> None:
    assert canonical(address, Path("/x")) == name


def state_of(*marks: ProjectMark, commit: str | None = None) -> State:
    release = ReleaseInfo(id="r", at="2026-11-20T21:30:00+00:00", by="ann@laptop", commit=commit)
    return State(version=VERSION, app="a", stage="dev", name="a", region="ap-x", bucket="b-1", projects=marks,
                 release=release)


def kin(folder: Path, state: State) -> Kin:
    return kin_of(project_here(folder), state, lambda commit: has_commit(folder, commit))


def project_at(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "serverless.yml").write_text("name: a\n")
    return folder


def cloned(source: Path, target: Path, *options: str, origin: str | None = None) -> Path:
    git(source.parent, "clone", "-q", *options, source.as_uri(), str(target))
    if origin is not None:
        git(target, "remote", "set-url", "origin", origin)
    return target


def as_elsewhere(mark: ProjectMark) -> ProjectMark:
    return msgspec.structs.replace(mark, computer="0123456789abcdef")


@pytest.mark.usefixtures("home")
class TestKin:
    def test_clones_of_one_repository_are_one_project(self, tmp_path: Path) -> None:
        repository(tmp_path / "one")
        git(tmp_path / "one", "remote", "add", "origin", "https://ann:secret@git.example.com/ann/blog.git")
        mark = as_elsewhere(project_here(tmp_path / "one").mark)
        assert b"secret" not in encode(state_of(mark)) and "example" not in mark.repository
        two = cloned(tmp_path / "one", tmp_path / "two", "--depth=1", origin="git@git.example.com:ann/blog.git")
        assert kin(two, state_of(mark)) is Kin.SAME
        git(two, "worktree", "add", "-q", str(tmp_path / "tree"))
        assert kin(tmp_path / "tree", state_of(mark)) is Kin.SAME
        other = cloned(tmp_path / "one", tmp_path / "three", "--depth=1", origin="git@git.example.com:ann/shop.git")
        assert kin(other, state_of(mark)) is Kin.UNKNOWN

    def test_a_fork_and_a_clone_without_a_remote_know_the_commit_of_the_release(self, tmp_path: Path) -> None:
        repository(tmp_path / "one")
        git(tmp_path / "one", "remote", "add", "origin", "https://example.com/ann/blog")
        commit = commit_of(tmp_path / "one")
        assert commit is not None
        state = state_of(as_elsewhere(project_here(tmp_path / "one").mark), commit=commit.id + "+")
        fork = cloned(tmp_path / "one", tmp_path / "fork", origin="https://example.com/bob/blog")
        git(fork, "gc", "-q")
        assert kin(fork, state) is Kin.SAME
        git(fork, "remote", "remove", "origin")
        assert kin(fork, state) is Kin.SAME
        repository(tmp_path / "strange", subject="another")
        assert kin(tmp_path / "strange", state) is Kin.UNKNOWN

    def test_two_folders_of_one_repository_are_two_projects_and_one_that_moved_is_not(self, tmp_path: Path) -> None:
        repository(tmp_path / "one")
        git(tmp_path / "one", "remote", "add", "origin", "https://example.com/ann/mono")
        shop, blog = project_at(tmp_path / "one/sites/shop"), project_at(tmp_path / "one/sites/blog")
        commit = commit_of(shop)
        assert commit is not None
        state = state_of(as_elsewhere(project_here(shop).mark), commit=commit.id)
        assert kin(shop, state) is Kin.SAME
        assert kin(blog, state) is Kin.OTHER
        shutil.rmtree(shop)
        assert kin(blog, state) is Kin.SAME

    def test_without_git_a_folder_on_this_computer_tells(self, tmp_path: Path) -> None:
        one, two = project_at(tmp_path / "one"), project_at(tmp_path / "two")
        state = state_of(project_here(one).mark)
        assert kin(one, state) is Kin.SAME
        assert kin(two, state) is Kin.OTHER
        shutil.rmtree(two)
        one.rename(two)
        assert kin(two, state) is Kin.UNKNOWN
        assert kin(project_at(one), state_of(as_elsewhere(project_here(one).mark))) is Kin.UNKNOWN

    def test_a_project_that_is_put_under_git_later_is_known_by_its_folder(self, tmp_path: Path) -> None:
        project_at(tmp_path / "one")
        state = state_of(project_here(tmp_path / "one").mark)
        repository(tmp_path / "one")
        git(tmp_path / "one", "remote", "add", "origin", "https://example.com/ann/blog")
        assert kin(tmp_path / "one", state) is Kin.SAME
        known = marks_after(state.projects, project_here(tmp_path / "one").mark, Kin.SAME, asked=False)
        assert len(known) == 2
        clone = cloned(tmp_path / "one", tmp_path / "two", origin="https://example.com/ann/blog")
        assert kin(clone, state_of(*known)) is Kin.SAME

    def test_another_repository_in_the_same_folder_is_not_taken_for_the_project(self, tmp_path: Path) -> None:
        repository(tmp_path / "one")
        git(tmp_path / "one", "remote", "add", "origin", "https://example.com/ann/blog")
        state = state_of(project_here(tmp_path / "one").mark)
        git(tmp_path / "one", "remote", "set-url", "origin", "https://example.com/ann/shop")
        assert kin(tmp_path / "one", state) is Kin.UNKNOWN

    def test_a_checkout_without_git_is_known_by_what_the_build_server_says(self, tmp_path: Path) -> None:
        repository(tmp_path / "one")
        git(tmp_path / "one", "remote", "add", "origin", "git@github.com:ann/blog.git")
        state = state_of(as_elsewhere(project_here(tmp_path / "one").mark))
        place = project_at(tmp_path / "runner/blog")
        environ = {**os.environ, "GITHUB_WORKSPACE": str(place), "GITHUB_SERVER_URL": "https://github.com",
                   "GITHUB_REPOSITORY": "Ann/blog"}
        assert kin_of(project_here(place, environ), state, lambda _: False) is Kin.SAME
        for changed in ({"GITHUB_REPOSITORY": "ann/shop"}, {"GITHUB_WORKSPACE": str(tmp_path / "elsewhere")},
                        {"GITHUB_REPOSITORY": ""}):
            assert kin_of(project_here(place, environ | changed), state, lambda _: False) is Kin.UNKNOWN
        gitlab = {**os.environ, "CI_PROJECT_DIR": str(place), "CI_PROJECT_URL": "https://github.com/ann/blog"}
        assert kin_of(project_here(place, gitlab), state, lambda _: False) is Kin.SAME

    def test_a_state_of_an_older_version_is_taken_over(self, tmp_path: Path) -> None:
        assert kin(project_at(tmp_path / "one"), state_of()) is Kin.SAME
        assert decode(encode(state_of()), "") == state_of()
        assert b"projects" not in msgspec.json.encode(state_of())

    @pytest.mark.skipif(os.name == "nt", reason="names of bytes")
    def test_folders_whose_names_are_no_text_and_places_that_cannot_be_kept(
            self, tmp_path: Path, home: Path) -> None:
        place = project_at(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")))
        state = state_of(project_here(place).mark)
        assert decode(encode(state), "") == state and kin(place, state) is Kin.SAME
        shutil.rmtree(home / "sitepub")
        (home / "sitepub").write_text("a file where a folder must be")
        mark = project_here(place).mark
        assert mark == ProjectMark()
        assert kin(place, state_of(mark)) is Kin.UNKNOWN

    def test_a_computer_keeps_its_number(self, home: Path) -> None:
        assert len(computer_id()) == 16 and computer_id() == computer_id()
        (home / "sitepub/cache/computer-id").write_text("not a number")
        assert computer_id() == ""


def plan_of(live: str, deleted: str = "", changed: str = "", headers: str = "") -> Plan:
    files = {key: site_file(key, b"new") for key in (changed + " " + headers).split()}
    known = {key: Entry("0" * 32 if key not in headers.split() else files[key].md5, 1, "") for key in live.split()}
    steps = [Step(Action.DELETE, key, Phase.DELETIONS, Reason.REMOVED) for key in deleted.split()]
    steps += [Step(Action.UPLOAD, key, Phase.PAGES, Reason.CONTENT, files[key]) for key in files]
    return Plan(tuple(steps), known=known)


@pytest.mark.parametrize(("plan", "unknown", "other"), [
    (plan_of("a.html b.html c.html", deleted="b.html c.html", changed="a.html"), True, True),
    (plan_of("a.html b.html x.css y.css z.css", changed="a.html b.html"), True, True),
    (plan_of("a.html b.html x.css", changed="a.html"), False, True),
    (plan_of("a.html x.css", changed="a.html"), True, True),
    (plan_of("a.html b.html c.html", changed="a.html new.html"), False, True),
    (plan_of("a.html b.html c.html", changed="new.html"), False, False),
    (plan_of("a.html x.css y.css", deleted="x.css y.css"), False, True),
    (plan_of("a.html b.html", headers="a.html b.html"), False, False),
    (plan_of("a.pdf b.pdf c.pdf", deleted="a.pdf b.pdf"), True, True),
])
def test_what_would_be_lost_decides_whether_it_is_worth_a_question(plan: Plan, unknown: bool, other: bool) -> None:
    state = state_of(ProjectMark(computer="1", folder="/w/blog"))
    assert (other_project(Kin.UNKNOWN, state, state, plan) is not None) is unknown
    found = other_project(Kin.OTHER, state, state, plan)
    assert (found is not None) is other
    if found is not None:
        assert 0 < found.lost <= found.live
        assert "/w/blog, ann@laptop, 2026-11-20" in found.words
    assert other_project(Kin.SAME, state, state, plan) is None


def test_a_project_with_another_bucket_asks_only_when_it_is_another_one() -> None:
    found = msgspec.structs.replace(state_of(ProjectMark(computer="1", folder="/w/blog")),
                                    manifest={"a.html": Entry("0" * 32, 1, "")})
    moved = msgspec.structs.replace(found, bucket="c-1", manifest={})
    plan = plan_of("", changed="a.html")
    assert other_project(Kin.UNKNOWN, found, moved, plan) is None
    other = other_project(Kin.OTHER, found, moved, plan)
    assert other is not None and "move out of the bucket b-1" in other.words


def test_marks_are_kept_the_last_one_last_and_only_so_many() -> None:
    marks = [ProjectMark(computer=str(number), folder="/x") for number in range(30)]
    known: tuple[ProjectMark, ...] = ()
    for mark in marks:
        known = marks_after(known, mark, Kin.SAME, asked=False)
    assert known == tuple(marks[10:])
    assert marks_after(known, marks[12], Kin.UNKNOWN, asked=False)[-1] == marks[12]
    assert marks_after(known, marks[0], Kin.OTHER, asked=False) == known
    assert marks_after(known, marks[0], Kin.OTHER, asked=True) == (marks[0],)
