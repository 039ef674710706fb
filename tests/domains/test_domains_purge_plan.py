from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitepub.config.bucket_settings import Website
from sitepub.config.project import Host
from sitepub.domains.edges.edge import PurgeKind, PurgeQuota
from sitepub.domains.purge.plan import (
    CachedHost,
    Paths,
    cached_host,
    common_folder,
    covered,
    encoded,
    keys_to_purge,
    named_paths,
    page_paths,
    paths_of,
    plan_purge,
)
from sitepub.errors import UsageError

SITE = Website()
PLENTY = PurgeQuota(10_000, 100)


def site(**how: Any) -> Website:
    return Website(**how)


@pytest.mark.parametrize(("key", "paths"), [
    ("index.html", ["/index.html", "/"]),
    ("a/index.html", ["/a/index.html", "/a/", "/a"]),
    ("a/b.html", ["/a/b.html"]),
    ("css/site.css", ["/css/site.css"]),
    ("关于/index.html", ["/%E5%85%B3%E4%BA%8E/index.html", "/%E5%85%B3%E4%BA%8E/", "/%E5%85%B3%E4%BA%8E"]),
    ("a b/100%.html", ["/a%20b/100%25.html"]),
    ("c#?.html", ["/c%23%3F.html"]),
    ("it's (1)+[2]~!.html", ["/it's%20(1)+[2]~!.html"]),
])
def test_a_page_is_purged_under_every_path_that_shows_it(key: str, paths: list[str]) -> None:
    assert list(page_paths(key, SITE)) == paths


def test_without_extensions_a_page_has_one_path_more() -> None:
    short = site(ignore_html_ext=True)
    assert page_paths("about.html", short) == ("/about.html", "/about")
    assert page_paths("a/index.html", short) == ("/a/index.html", "/a/", "/a", "/a/index")
    assert page_paths("a/.html", short) == ("/a/.html",)
    assert page_paths("a.css", short) == ("/a.css",)


def test_another_index_document_is_known() -> None:
    assert page_paths("a/home.htm", site(index="home.htm")) == ("/a/home.htm", "/a/", "/a")
    assert page_paths("a/index.html", site(index="home.htm")) == ("/a/index.html",)


def test_names_with_a_hash_are_left_out_unless_the_object_behind_one_changed() -> None:
    hashed = "assets/index-DiwrgTda.js"
    assert keys_to_purge(["index.html", hashed], ["b.html"], ["old.html", "assets/site.0253249f.css"]) == (
        "b.html", "index.html", "old.html")
    assert keys_to_purge([], [hashed], []) == (hashed,)
    assert keys_to_purge(["_next/static/x/page.js"], [], []) == ()


def test_a_page_for_unknown_paths_that_answers_200_makes_everything_stale() -> None:
    assert paths_of(["index.html"], site(error="index.html", disable_error_status=True)) == Paths(everything=True)
    assert paths_of(["index.html"], site(error="index.html")).everything is False
    assert paths_of(["*"], SITE).everything and not paths_of([], SITE)


@pytest.mark.parametrize(("paths", "folder"), [
    (["/a/b/", "/a/b/index.html"], "/a/b/"), (["/a/b", "/a/b/"], "/a/"), (["/a/x", "/b/x"], "/"),
    (["/"], "/"), (["/ab/x", "/a/x"], "/"), (["/posts/1.html", "/posts/2.html"], "/posts/")])
def test_the_smallest_folder_that_holds_all(paths: list[str], folder: str) -> None:
    assert common_folder(paths) == folder


def host(name: str, *schemes: str) -> CachedHost:
    return CachedHost(name, schemes or ("https",))


def shown(hosts: Sequence[CachedHost], paths: Paths, quota: PurgeQuota) -> dict[str, list[tuple[str, int]]]:
    plan = plan_purge(hosts, paths, quota)
    return {each.host: [(batch.kind.value, len(batch.addresses)) for batch in plan.of(each.host)]
            for each in hosts} | ({"left": [(name, 0) for name in plan.left]} if plan.left else {})


FIVE = Paths(tuple(f"/posts/{number}.html" for number in range(5)))


def test_addresses_as_long_as_the_quota_lasts_then_one_folder_then_nothing() -> None:
    hosts = [host("a.example", "https", "http"), host("b.example")]
    assert shown(hosts, FIVE, PLENTY) == {"a.example": [("urls", 10)], "b.example": [("urls", 5)]}
    assert shown(hosts, FIVE, PurgeQuota(9, 100)) == {"a.example": [("folders", 2)], "b.example": [("urls", 5)]}
    assert shown(hosts, FIVE, PurgeQuota(0, 3)) == {"a.example": [("folders", 2)], "b.example": [("folders", 1)]}
    assert shown(hosts, FIVE, PurgeQuota(0, 2)) == {
        "a.example": [], "b.example": [("folders", 1)], "left": [("a.example", 0)]}
    assert shown(hosts, FIVE, PurgeQuota(0, 0))["left"] == [("a.example", 0), ("b.example", 0)]


def test_large_purges_go_in_batches() -> None:
    many = Paths(tuple(f"/{number}.html" for number in range(2500)))
    assert shown([host("a.example")], many, PLENTY) == {"a.example": [("urls", 1000), ("urls", 1000), ("urls", 500)]}


def test_everything_is_one_folder() -> None:
    plan = plan_purge([host("a.example", "https", "http")], Paths(everything=True), PLENTY)
    assert [(batch.kind, batch.addresses) for batch in plan.batches] == [
        (PurgeKind.FOLDERS, ("https://a.example/", "http://a.example/"))]


def test_what_the_project_names_besides_is_purged_too() -> None:
    one = cached_host(Host("a.example", https={"switch": "on"}, settings={
        "refreshCdn": {"urls": ["https://a.example/api.json", "/feed", "img/"], "flushType": "delete"}}))
    assert one.flush_type == "delete"
    plan = plan_purge([one], Paths(("/x",)), PLENTY)
    assert [(batch.kind, batch.addresses, batch.flush_type) for batch in plan.batches] == [
        (PurgeKind.URLS, ("https://a.example/x", "https://a.example/api.json", "https://a.example/feed"), "delete"),
        (PurgeKind.FOLDERS, ("https://a.example/img/",), "delete")]


@pytest.mark.parametrize(("https", "settings", "schemes"), [
    (None, {}, ("http",)), ({"switch": "on"}, {}, ("https",)), ({"switch": "off"}, {}, ("http",)),
    ({"switch": "on"}, {"cacheKey": {"scheme": {"switch": "on"}}}, ("https", "http"))])
def test_both_schemes_only_where_the_edge_keeps_them_apart(https: Any, settings: Any, schemes: tuple[str, ...]
                                                           ) -> None:
    assert cached_host(Host("a.example", https=https, settings=settings)).schemes == schemes


NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\"), min_size=1,
                max_size=8).filter(lambda name: name not in (".", ".."))
KEYS = st.lists(NAMES, min_size=1, max_size=3).map("/".join) | st.lists(NAMES, min_size=1, max_size=2).map(
    lambda parts: "/".join([*parts, "index.html"]))
HOSTS = st.lists(st.builds(CachedHost, st.sampled_from(["a.example", "b.example", "c.example"]),
                           st.sampled_from([("https",), ("http",), ("https", "http")])),
                 min_size=1, max_size=3, unique_by=lambda one: one.host)
QUOTAS = st.builds(PurgeQuota, st.integers(0, 40), st.integers(0, 5), st.integers(1, 10), st.integers(1, 3))


@given(HOSTS, st.lists(KEYS, max_size=12), st.booleans(), QUOTAS)
def test_every_stale_address_is_purged_or_its_host_is_told_and_never_more_than_the_quota(
        hosts: list[CachedHost], keys: list[str], short: bool, quota: PurgeQuota) -> None:
    website = site(ignore_html_ext=short)
    plan = plan_purge(hosts, paths_of(keys, website), quota)
    urls = [one for batch in plan.batches if batch.kind is PurgeKind.URLS for one in batch.addresses]
    folders = [one for batch in plan.batches if batch.kind is PurgeKind.FOLDERS for one in batch.addresses]
    assert len(urls) <= quota.urls and len(folders) <= quota.folders
    assert len(set(urls)) == len(urls) and len(set(folders)) == len(folders)
    for batch in plan.batches:
        assert batch.host not in plan.left and batch.addresses
        assert len(batch.addresses) <= (quota.urls_a_call if batch.kind is PurgeKind.URLS
                                        else quota.folders_a_call)
        assert all(urlsplit(one).hostname == batch.host for one in batch.addresses)
    for each in hosts:
        if each.host in plan.left:
            continue
        for key in keys:
            # What a browser asks for when it wants this object, by the page's own rules.
            asked = {key}
            if key.endswith("/index.html"):
                asked |= {key[:-10], key[:-11]}
            if short and key.endswith(".html") and not key.endswith("/.html") and key != ".html":
                asked.add(key[:-5])
            for path in asked:
                for scheme in each.schemes:
                    address = f"{scheme}://{each.host}/{encoded(path)}"
                    assert address in urls or covered(address, folders), address
    paths = paths_of(keys, website)
    if not paths.everything and len({one for each in hosts for one in each.addresses(paths.pages)}) <= quota.urls:
        assert not folders and not plan.left


@given(st.text(max_size=30))
def test_an_encoded_path_is_ascii_and_means_the_same(text: str) -> None:
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        return
    assert encoded(text).isascii() and unquote(encoded(text)) == text
    assert not set(encoded(text)) & set(' "#<>?`{}^\\')


def test_the_command_line_means_pages_folders_and_hosts() -> None:
    found = named_paths(["/a/", "b.html", "/posts/*", "https://a.example/c/", "/%E5%85%B3/", "/关/"], ["a.example"],
                       SITE)
    assert found.pages[""] == ("/a/index.html", "/a/", "/a", "/b.html", "/%E5%85%B3/", "/%E5%85%B3/index.html",
                               "/%E5%85%B3")
    assert found.pages["a.example"] == ("/c/index.html", "/c/", "/c")
    assert found.folders == {"": ("/posts/",)}


@pytest.mark.parametrize(("word", "words"), [
    ("https://b.example/x", "not one of the project's hosts"), ("https:///x", "not one of the project's hosts"),
    ("ftp://a.example/x", "not one of"), ("/a*", "whole folder"), ("/a/*/b*", "whole folder"), ("/a/?b=*", ""),
    ("", "empty path"), ("  ", "empty path"), ("../x", "no . or .."), ("/a/../b/", "no . or .."), ("./x", "no . or .."),
    ("/a/%2e%2E/b", "no . or .."), ("https://a.example/../x", "no . or .."), ("a\\b.html", "no . or .."),
    ("C:/Program Files/Git/about/", "path of this computer"), ("c:\\about", "path of this computer"),
])
def test_a_mistake_on_the_command_line_is_told(word: str, words: str) -> None:
    if not words:
        assert named_paths([word], ["a.example"], SITE).pages[""] == ("/a/?b=*",), "a * in a query is itself"
        return
    with pytest.raises(UsageError) as told:
        named_paths([word], ["a.example"], SITE)
    assert words in told.value.message


@pytest.mark.parametrize(("word", "host", "paths"), [
    ("/a/?page=2", "", ("/a/?page=2",)), ("a.html?x=/b/ c", "", ("/a.html?x=/b/%20c",)),
    ("https://a.example/a?x=%E5%85%B3#top", "a.example", ("/a?x=%E5%85%B3",)),
    ("a.example/b.html", "a.example", ("/b.html",)), ("A.Example", "a.example", ("/index.html", "/")),
    ("https://a.example.localhost:4433/b.html", "a.example", ("/b.html",)), ("...", "", ("/...",)),
])
def test_what_a_word_of_the_command_line_means(word: str, host: str, paths: tuple[str, ...]) -> None:
    assert named_paths([word], ["a.example"], SITE).pages == {host: paths}


def test_a_query_does_not_lengthen_the_folder_that_goes_instead() -> None:
    assert common_folder(["/a/b?x=/c/d", "/a/b?x=/c/e"]) == "/a/"

