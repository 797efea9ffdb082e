"""Every page of the office stands in docs/pages.md with a picture, and is whole in both languages and sizes.

The pictures go to a folder of the test; `scripts/screenshots --office` puts them into docs/screenshots.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from central.application import close_app, create_app
from central.config import CentralConfig
from docs.sources.gallery import FOLDER, GALLERY, NO_PAGES, pictures
from tests.central.lived_plant import Lived
from tests.central.page_client import launched
from tests.central.page_pictures import Photographer, in_zone, is_painted, lived_site, picture

DOCS = Path(__file__).parents[2] / "docs"
BYTES_MAX = 8_000_000
"""Of docs/screenshots: whoever clones the repository takes them all."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lived, str]]:
    with in_zone(), lived_site(tmp_path_factory.mktemp("plant")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


def test_every_page_has_its_place_in_the_gallery(tmp_path: Path) -> None:
    app = create_app(CentralConfig(folder=tmp_path))
    routes = [each for each in app.url_map.iter_rules() if each.endpoint.startswith("pages.")]
    close_app(app)
    asked = {each.endpoint.removeprefix("pages.") for each in routes if "GET" in (each.methods or ())}
    shown = {each.endpoint for each in GALLERY if each.endpoint}
    assert asked - shown - set(NO_PAGES) == set(), "a page without a picture: docs/sources/gallery.py has the table"
    every = {each.endpoint.removeprefix("pages.") for each in routes}
    assert (shown | set(NO_PAGES)) - every == set(), "no page of the office any more"
    assert shown & set(NO_PAGES) == set()
    names = [each.name for each in GALLERY]
    assert len(names) == len(set(names))


def test_the_pictures_of_the_gallery_are_there_and_small() -> None:
    wanted = {name for each in GALLERY for name, _, _ in pictures(each)}
    kept = {path.name for path in (DOCS / FOLDER).iterdir()}
    assert wanted - kept == set(), "scripts/screenshots --office takes them"
    assert kept - wanted == set(), "pictures of nothing"
    assert sum(path.stat().st_size for path in (DOCS / "screenshots").rglob("*.png")) < BYTES_MAX


def looked_at(photographer: Photographer, folder: Path) -> list[str]:
    """Every page in both sizes; what is wrong with them."""
    for shown, width, page in photographer.tour():
        taken = picture(page)
        if not is_painted(taken):
            photographer.faults.append(f"{shown.name} {photographer.language}: {width} px wide it is blank")
        (folder / f"{shown.name}-{photographer.language}-{width}.png").write_bytes(taken)
    return photographer.faults


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_every_page_is_whole(site: tuple[Lived, str], browser: Browser, tmp_path: Path) -> None:
    assert looked_at(Photographer(browser, *site, "zh"), tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 2 * len(GALLERY)


@pytest.mark.browser
@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark"), ("en", "dark")])
def test_every_page_is_whole_in_every_manner(
    site: tuple[Lived, str],
    browser: Browser,
    tmp_path: Path,
    language: Literal["zh", "en"],
    scheme: Literal["light", "dark"],
) -> None:
    assert looked_at(Photographer(browser, *site, language, scheme), tmp_path) == []
