"""A plain website: deployed, changed, adopted, removed, and fetched back as a visitor sees it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from qcloud_cos import CosConfig, CosS3Client

from tests.chromium import RunChromium
from tests.conftest import LocalCloud
from tests.e2e.conftest import MakeSite, Sitepub, Visitor


def official_sdk(cloud: LocalCloud, region: str = "ap-guangzhou") -> CosS3Client:
    config = CosConfig(Region=region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key, Scheme="http",
                       IP="127.0.0.1", Port=cloud.port, ServiceDomain=f"127.0.0.1:{cloud.port}")
    return CosS3Client(config)


def objects_in(cloud: LocalCloud, bucket: str) -> dict[str, str]:
    answer = official_sdk(cloud).list_objects(Bucket=bucket)
    return {item["Key"]: item["ETag"] for item in answer.get("Contents", [])}


def test_the_website_starter_is_served_byte_for_byte_with_the_right_headers(
    sitepub: Sitepub, visitor: Visitor, tmp_path: Path
) -> None:
    made = sitepub("init", "website-starter", "my-site", cwd=tmp_path)
    assert made.code == 0, made.err
    folder = tmp_path / "my-site"
    report = sitepub.deploy(folder)
    assert report["status"] == "ok"
    files = {p.relative_to(folder / "src").as_posix(): p for p in (folder / "src").rglob("*") if p.is_file()}
    assert report["changes"]["uploaded"] == len(files) > 3
    for name, path in files.items():
        page = visitor.get(report["url"], "/" + quote(name))
        assert page.status == 200, name
        assert page.body == path.read_bytes(), name
        if name.endswith(".html"):
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert page.headers["cache-control"] == "no-cache"
        if name.endswith(".css"):
            assert page.headers["content-type"] == "text/css; charset=utf-8"
    assert visitor.get(report["url"]).body == (folder / "src" / "index.html").read_bytes()
    assert visitor.get(report["url"], "/no/such/page").status == 404


def test_chromium_shows_the_deployed_page(sitepub: Sitepub, make_site: MakeSite, chromium: RunChromium) -> None:
    site = make_site("shown", {
        "index.html": "<!doctype html><title>t</title><link rel=stylesheet href=/s.css><p id=p>no</p>"
                      "<script src=/env.js></script><script src=/a.js></script>",
        "error.html": "gone", "s.css": "#p{color:rgb(1,2,3)}",
        "a.js": "p.textContent=window.env.GREETING+' '+getComputedStyle(p).color",
    }, env={"GREETING": "你好 </script>"})
    report = sitepub.deploy(site.folder)
    with chromium() as page:
        page.open(report["url"] + "/")
        assert page.evaluate("p.textContent") == "你好 </script> rgb(1, 2, 3)"


def test_a_second_deploy_sends_nothing_and_a_change_sends_only_what_differs(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    site = make_site("again")
    first = sitepub.deploy(site.folder)
    assert first["changes"] == {"uploaded": 3, "copied": 0, "headers": 0, "deleted": 0, "unchanged": 0}
    second = sitepub.deploy(site.folder)
    assert second["changes"] == {"uploaded": 0, "copied": 0, "headers": 0, "deleted": 0, "unchanged": 3}
    assert second["bytes"] == 0
    site.write({"index.html": "<h1>Changed</h1>"})
    (site.folder / "src/css/site.css").rename(site.folder / "src/css/main.css")
    third = sitepub.deploy(site.folder)
    assert third["changes"] == {"uploaded": 1, "copied": 1, "headers": 0, "deleted": 0, "unchanged": 1}
    assert [one["key"] for one in third["retained"]] == ["css/site.css"]
    assert visitor.get(third["url"]).body == b"<h1>Changed</h1>"
    assert visitor.get(third["url"], "/css/main.css").body == b"body{}"
    assert visitor.get(third["url"], "/css/site.css").body == b"body{}", "a tab that is open may ask for it"
    plan = sitepub("plan", "--local", cwd=site.folder)
    assert "Nothing to do" in plan.out
    info = sitepub("info", "--local", cwd=site.folder)
    assert "1 file that the site has dropped, for tabs that are open, until 20" in info.out
    assert [one["key"] for one in sitepub("info", "--local", "--json", cwd=site.folder).json["retained"]] == [
        "css/site.css"]
    fourth = sitepub.deploy(site.folder, "--inputs", "releases.keepAssets=0")
    assert fourth["changes"]["deleted"] == 1 and visitor.get(third["url"], "/css/site.css").status == 404


def test_a_plan_says_until_when_a_dropped_file_is_kept_and_info_what_was_said_of_the_release(
        sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("kept")
    assert sitepub("deploy", "--local", "-m", "Two files\nand a page", cwd=site.folder).code == 0
    (site.folder / "src/css/site.css").unlink()
    plan = sitepub("plan", "--local", cwd=site.folder)
    line = next(line for line in plan.out.splitlines() if "site.css" in line)
    assert "keep" in line and "kept until 20" in line and "1 to keep for a while" in plan.out
    planned = sitepub("plan", "--local", "--json", cwd=site.folder).json
    assert planned["status"] == "planned" and [one["key"] for one in planned["retained"]] == ["css/site.css"]
    last = sitepub("info", "--local", "--json", cwd=site.folder).json["last_deploy"]
    assert last["message"] == "Two files and a page"
    assert "kept for tabs that are open" in sitepub("deploy", "--local", cwd=site.folder).err


def test_a_change_of_headers_alone_is_a_change(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("headers")
    sitepub.deploy(site.folder)
    site.configure(headers=[{"files": "css/**", "set": {"Cache-Control": "max-age=7"}}])
    report = sitepub.deploy(site.folder)
    assert report["changes"] == {"uploaded": 0, "copied": 0, "headers": 1, "deleted": 0, "unchanged": 2}
    page = visitor.get(report["url"], "/css/site.css")
    assert (page.headers["cache-control"], page.body) == ("max-age=7", b"body{}")


AWKWARD = ["plus+plus.html", "percent%41.txt", "hash#tag.txt", "question?.txt", "空 格/中文.html", "e\u0301.txt",
           "emoji-🎉.svg", "a&b=c;d.txt", "'quotes\".txt", "~tilde!*().txt", ".well-known/security.txt", "empty.bin",
           "x" * 200 + ".txt"]


def test_awkward_names_are_published_and_fetched_back(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    import unicodedata

    files: dict[str, str | bytes] = {name: "" if name == "empty.bin" else f"content of {name}" for name in AWKWARD}
    site = make_site("awkward", {"index.html": "i", "error.html": "e", **files})
    report = sitepub.deploy(site.folder)
    keys = {spelling for name in AWKWARD for spelling in (name, unicodedata.normalize("NFC", name))}
    assert report["changes"]["uploaded"] == len(keys) + 2 == len(AWKWARD) + 3
    for name, content in files.items():
        for spelling in (name, unicodedata.normalize("NFC", name)):
            page = visitor.get(report["url"], "/" + quote(spelling))
            assert (page.status, page.body) == (200, str(content).encode()), name
    assert sitepub.deploy(site.folder)["changes"]["unchanged"] == len(keys) + 2
    assert sitepub.deploy(site.folder, "--verify")["changes"]["unchanged"] == len(keys) + 2


def test_an_existing_bucket_is_adopted_and_foreign_objects_stay(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    bucket = f"adopted-{local_cloud.app_id}"
    sdk = official_sdk(local_cloud)
    sdk.create_bucket(Bucket=bucket)
    sdk.put_object(Bucket=bucket, Key="theirs/report.pdf", Body=b"not ours")
    sdk.put_object(Bucket=bucket, Key="css/site.css", Body=b"body{}")
    site = make_site("adopt", bucketName="adopted")
    report = sitepub.deploy(site.folder)
    assert report["bucket"] == bucket
    assert report["changes"]["uploaded"] == 2, "the stylesheet's content was there already"
    assert set(objects_in(local_cloud, bucket)) == {"theirs/report.pdf", "css/site.css", "index.html", "error.html"}
    (site.folder / "src/css/site.css").unlink()
    removed = sitepub("remove", "--local", cwd=site.folder)
    assert "css/site.css stays: it was there before, with the same content" in removed.err
    plan = sitepub("plan", "--local", cwd=site.folder)
    assert "left alone, it was there before, with the same content: css/site.css" in plan.out
    sitepub.deploy(site.folder)
    assert set(objects_in(local_cloud, bucket)) == {"theirs/report.pdf", "css/site.css", "index.html", "error.html"}
    removed = sitepub("remove", "--local", "--yes", "--json", cwd=site.folder)
    assert removed.code == 0, removed.err
    assert set(objects_in(local_cloud, bucket)) == {"theirs/report.pdf", "css/site.css"}, "what is not ours stays"


def test_what_was_there_before_goes_with_remove_when_the_user_says_so(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    bucket = f"moved-in-{local_cloud.app_id}"
    sdk = official_sdk(local_cloud)
    sdk.create_bucket(Bucket=bucket)
    sdk.put_object(Bucket=bucket, Key="css/site.css", Body=b"body{}")
    site = make_site("moved-in", bucketName="moved-in")
    deployed = sitepub("deploy", "--local", cwd=site.folder)
    assert "1 file of the site was in the bucket before" in deployed.err
    removed = sitepub("remove", "--local", "--yes", "--adopted", cwd=site.folder)
    assert "3 objects" in removed.err and "1 of them there before it (--adopted)" in removed.err
    assert not objects_in(local_cloud, bucket)


def test_two_stages_in_one_bucket_are_told_each_time_and_do_not_take_each_others_files(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    site = make_site("flat", bucketName="flat-share")
    sitepub.deploy(site.folder)
    site.write({"index.html": "<h1>Test</h1>"})
    told = sitepub.deploy(site.folder, "--stage", "test", "--yes")["warnings"]
    assert len(told) == 1 and "the bucket flat-share-" in told[0] and "/dev/flat (app/stage/name) too" in told[0]
    site.write({"more.html": "more"})
    told = sitepub.deploy(site.folder)["warnings"]
    assert len(told) == 1 and "/test/flat (app/stage/name) too, and 3 files have the same name" in told[0]
    removed = sitepub("remove", "--local", "--yes", cwd=site.folder)
    assert "lives in it too" in removed.out and "it belongs to " in removed.err
    assert set(objects_in(local_cloud, f"flat-share-{local_cloud.app_id}")) == {
        "index.html", "error.html", "css/site.css"}
    assert not sitepub.deploy(site.folder, "--stage", "test")["warnings"]


def test_different_content_that_is_not_ours_is_replaced_only_when_told(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    bucket = f"precious-{local_cloud.app_id}"
    sdk = official_sdk(local_cloud)
    sdk.create_bucket(Bucket=bucket)
    sdk.put_object(Bucket=bucket, Key="index.html", Body=b"precious")
    site = make_site("precious", bucketName="precious")
    refused = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert refused.code == 5
    assert "index.html" in refused.json["error"]["message"] + (refused.json["error"]["hint"] or "")
    assert list(objects_in(local_cloud, bucket)) == ["index.html"]
    sitepub.deploy(site.folder, "--yes")
    assert sdk.get_object(Bucket=bucket, Key="index.html")["Body"].get_raw_stream().read() == b"<h1>Hello</h1>"


def test_remove_takes_everything_that_sitepub_made(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    site = make_site("removed")
    report = sitepub.deploy(site.folder)
    declined = sitepub("remove", "--local", cwd=site.folder)
    assert declined.code == 5, "no terminal to ask on, and no --yes"
    assert objects_in(local_cloud, report["bucket"])
    removed = sitepub("remove", "--local", "--yes", "--json", cwd=site.folder)
    assert removed.code == 0, removed.err
    buckets = official_sdk(local_cloud).list_buckets()["Buckets"] or {"Bucket": []}
    assert report["bucket"] not in [bucket["Name"] for bucket in buckets["Bucket"]]
    again = sitepub.deploy(site.folder)
    assert again["changes"]["uploaded"] == 3


def test_two_stages_live_side_by_side(sitepub: Sitepub, make_site: MakeSite, visitor: Visitor) -> None:
    site = make_site("staged")
    dev = sitepub.deploy(site.folder)
    site.write({"index.html": "<h1>Production</h1>"})
    prod = sitepub.deploy(site.folder, "--stage", "prod")
    assert (dev["stage"], prod["stage"]) == ("dev", "prod")
    assert dev["bucket"] != prod["bucket"]
    assert visitor.get(dev["url"]).body == b"<h1>Hello</h1>"
    assert visitor.get(prod["url"]).body == b"<h1>Production</h1>"
    assert sitepub("remove", "--local", "--yes", cwd=site.folder).code == 0
    assert visitor.get(prod["url"]).body == b"<h1>Production</h1>"


def test_deleting_most_of_a_site_needs_a_word(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("guarded", {"index.html": "i", "error.html": "e", **{f"p{n}.html": f"{n}" for n in range(40)}})
    sitepub.deploy(site.folder)
    for n in range(30):
        (site.folder / f"src/p{n}.html").unlink()
    refused = sitepub("deploy", "--local", "--json", cwd=site.folder)
    assert refused.code == 5
    assert "--allow-delete" in refused.json["error"]["hint"]
    assert sitepub.deploy(site.folder, "--allow-delete")["changes"]["deleted"] == 30


def test_a_plan_changes_nothing_and_says_why(
    sitepub: Sitepub, make_site: MakeSite, local_cloud: LocalCloud
) -> None:
    site = make_site("planned")
    plan = sitepub("plan", "--local", "--detailed-exitcode", cwd=site.folder)
    assert plan.code == 2, plan.err
    for word in ("index.html", "css/site.css", "new", "create bucket"):
        assert word in plan.out
    buckets = official_sdk(local_cloud).list_buckets()["Buckets"] or {"Bucket": []}
    assert not [bucket for bucket in buckets["Bucket"] if bucket["Name"].startswith("planned")]
    sitepub.deploy(site.folder)
    assert sitepub("plan", "--local", "--detailed-exitcode", cwd=site.folder).code == 0
    assert sitepub("deploy", "--local", "--dry-run", cwd=site.folder).code == 0


def test_info_tells_what_is_live(sitepub: Sitepub, make_site: MakeSite) -> None:
    site = make_site("told")
    assert sitepub("info", "--local", "--json", cwd=site.folder).code != 0, "nothing was deployed yet"
    report = sitepub.deploy(site.folder)
    info = sitepub("info", "--local", "--json", cwd=site.folder).json
    assert (info["app"], info["stage"], info["name"]) == ("told", "dev", "told")
    assert (info["bucket"], info["region"], info["url"]) == (report["bucket"], "ap-guangzhou", report["url"])
    assert (info["files"], info["drift"]) == (3, [])
    assert info["last_deploy"]["release"] == report["release"]
    site.configure(disableErrorStatus=True)
    assert sitepub("info", "--local", "--json", cwd=site.folder).json["drift"]


def test_two_sites_in_one_bucket_hear_of_the_one_error_document(
    sitepub: Sitepub, make_site: MakeSite, visitor: Visitor
) -> None:
    first, second = (make_site(name, {"index.html": name, "404.html": f"lost in {name}"}, bucketName="one-error",
                               keyPrefix=name) for name in ("blog", "shop"))
    url = sitepub.deploy(first.folder)["url"]
    assert not sitepub("plan", "--local", "--json", cwd=first.folder).json["warnings"]
    warnings = sitepub.deploy(second.folder, "--yes")["warnings"]
    assert any("replaces blog/404.html by shop/404.html" in one for one in warnings), warnings
    assert visitor.get(url, "/nope").body == b"lost in shop"
    plan = sitepub("plan", "--local", "--json", cwd=first.folder).json
    assert any("it is shop/404.html of another site now" in one for one in plan["warnings"]), plan
    info = sitepub("info", "--local", "--json", cwd=first.folder).json
    assert any("it is shop/404.html of another site now" in one for one in info["drift"]), info
    assert sitepub("info", "--local", "--json", cwd=second.folder).json["drift"] == []
