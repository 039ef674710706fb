"""The starters as they are stored: complete, tidy, and what they say about themselves is true."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sitepub.actions.starters import TEMPLATES
from sitepub.config.load import load_project
from sitepub.site.detect.frameworks import detect
from tests.starters.built import STARTERS
from tests.starters.pages import complaints, read_page

NAMES = [template.name for template in TEMPLATES]
WEBSITE = STARTERS / "website-starter" / "src"


def stored(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "node_modules" not in path.parts]


def test_every_folder_is_a_template_and_every_template_a_folder() -> None:
    assert {path.name for path in STARTERS.iterdir() if path.is_dir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_what_every_starter_has(name: str) -> None:
    folder = STARTERS / name
    config = (folder / "serverless.yml").read_text(encoding="utf-8")
    assert config.startswith("# yaml-language-server: $schema=./.sitepub-schema.json\n")
    assert f"\napp: {name}\nname: {name}\n" in config
    assert "sitepub deploy --local" in (folder / "README.md").read_text(encoding="utf-8")
    assert ".env" in (folder / "gitignore").read_text(encoding="utf-8").splitlines()
    assert not list(folder.rglob(".gitignore")), "packaging tools take a .gitignore for their own"
    assert not list(folder.rglob("package-lock.json")), "a lock file names the registry it was made with"


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_no_secret_no_foreign_address_and_no_filler(name: str) -> None:
    for path in stored(STARTERS / name):
        text = path.read_text(encoding="utf-8")
        assert text.endswith("\n"), path
        assert "\r" not in text, path
        assert "lorem ipsum" not in text.lower(), path
        hosts = set(re.findall(r"https?://([\w.-]+)", text))
        assert hosts <= {"example.com", "api.example.com", "localhost", "www.w3.org", "www.sitemaps.org",
                         "hexo.io"}, (path, hosts)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "website-starter"])
def test_packages_come_by_name_and_version_alone(name: str) -> None:
    package = json.loads((STARTERS / name / "package.json").read_text(encoding="utf-8"))
    assert package["name"] == name
    assert package["private"] is True
    for version in (package["dependencies"] | package.get("devDependencies", {})).values():
        assert re.fullmatch(r"\^\d+\.\d+\.\d+", version)


@pytest.mark.parametrize("name", NAMES)
def test_its_serverless_yml_is_what_init_would_recognise(name: str) -> None:
    text = (STARTERS / name / "serverless.yml").read_text(encoding="utf-8")
    framework = detect(STARTERS / name)
    assert framework is not None
    said = dict(re.findall(r"^ +(\w+): +([^#\n]*?) *(?:#.*)?$", text, re.MULTILINE))
    assert said.get("hook") == framework.hook
    assert said.get("dist", "").removeprefix("./") == (framework.dist or "")
    assert said["error"] == framework.error
    assert (said.get("disableErrorStatus") == "true") is framework.spa


@pytest.mark.parametrize("name", NAMES)
def test_its_icon_is_a_picture(name: str) -> None:
    icons = list((STARTERS / name).rglob("favicon.svg"))
    assert len(icons) == 1
    assert ET.parse(icons[0]).getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("page", ["index.html", "guide/index.html", "404.html"])
def test_the_pages_of_the_website_are_sound(page: str) -> None:
    assert complaints(read_page(WEBSITE / page), social=page != "404.html") == []


def test_the_links_of_the_website_lead_somewhere() -> None:
    for path in WEBSITE.rglob("*.html"):
        for address in read_page(path).links():
            base = WEBSITE if address.startswith("/") else path.parent
            place = (base / address.lstrip("/").partition("#")[0]).resolve()
            target = place / "index.html" if address.partition("#")[0].endswith("/") else place
            assert target.is_file(), f"{path.name}: {address}"


def test_the_404_page_works_at_every_depth() -> None:
    assert all(address.startswith("/") for address in read_page(WEBSITE / "404.html").links())


STYLES = sorted(STARTERS.rglob("*.css"))


def colours(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """The custom properties for light and for dark screens."""
    light, _, rest = css.partition("@media (prefers-color-scheme: dark)")
    found = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
    bright = dict(found.findall(light))
    return bright, bright | dict(found.findall(rest))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, bright = sorted([luminance(one), luminance(other)])
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.relative_to(STARTERS).parts[0])
def test_text_has_the_contrast_that_wcag_aa_asks_for(path: Path) -> None:
    for scheme in colours(path.read_text(encoding="utf-8")):
        grounds = [scheme[name] for name in ("paper", "card", "soft") if name in scheme]
        texts = [name for name in scheme if name in {"ink", "quiet", "accent"} or name.startswith("code-")]
        for name in texts:
            for ground in grounds:
                assert contrast(scheme[name], ground) >= 4.5, (name, ground)
        if "on-accent" in scheme:
            assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.relative_to(STARTERS).parts[0])
def test_styles_show_focus_respect_reduced_motion_and_fetch_nothing(path: Path) -> None:
    css = path.read_text(encoding="utf-8")
    assert ":focus-visible" in css
    assert "url(" not in css
    assert "@import" not in css
    outside = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", css, flags=re.DOTALL)
    assert not re.search(r"\b(transition|animation|scroll-behavior)\b", outside)


def test_react_and_vue_carry_the_same_style_but_for_the_colours() -> None:
    react, vue = ((STARTERS / f"{name}-starter/src/style.css").read_text(encoding="utf-8")
                  for name in ("react", "vue"))
    assert re.sub(r"#[0-9a-f]{6}", "", react) == re.sub(r"#[0-9a-f]{6}", "", vue)


@pytest.mark.parametrize("name", NAMES)
def test_its_serverless_yml_is_read_without_a_complaint(name: str) -> None:
    project = load_project(STARTERS / name / "serverless.yml", environ={})
    assert (project.app, project.name, project.warnings) == (name, name, ())
    assert project.website.disable_error_status is (name in {"react-starter", "vue-starter"})
