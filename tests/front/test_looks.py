"""Every component and every page of the front room: accessible, valid, fitting on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.browsers import OpenBrowser
from tests.front.pattern import PAGES

# These pages read no table.
pytestmark = pytest.mark.sqlite

EVERYTHING = (
    *(f"/muster/{name}" for name in PAGES),
    "/",
    "/impressum",
    "/datenschutz",
    "/barrierefreiheit",
    "/teilnahmebedingungen",
    "/gibt-es-nicht",
)
LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]
TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth"
# Links inside running text may be smaller; labels belong to their boxes; a card is pressed as a whole.
SMALL = """[...document.querySelectorAll('a, button, select, summary, input:not([type=hidden])')]
    .filter((e) => e.offsetParent && !e.closest('p, .prose, dd, td, th, .kern-form-check, .error-summary, .card, .skip'))
    .filter((e) => e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize(("width", "dark"), LOOKS, ids=[f"{w}-{'dark' if d else 'light'}" for w, d in LOOKS])
def test_axe_finds_nothing(open_browser: OpenBrowser, axe: Callable[..., None], width: int, dark: bool) -> None:
    page = open_browser(width=width, dark=dark)
    for address in EVERYTHING:
        page.goto(address)
        axe(page)


@pytest.mark.parametrize("address", EVERYTHING)
def test_the_html_is_valid(client: FlaskClient, nu: Callable[[str], None], address: str) -> None:
    nu(client.get(address).text)


def test_nothing_is_wider_than_a_small_phone(open_browser: OpenBrowser) -> None:
    page = open_browser(width=320)
    wide = [address for address in EVERYTHING if page.goto(address) and page.evaluate(TOO_WIDE)]
    assert not wide


def test_what_one_presses_on_a_phone_is_large_enough(open_browser: OpenBrowser) -> None:
    page = open_browser(width=360)
    small = {address: page.evaluate(SMALL) for address in EVERYTHING if page.goto(address)}
    assert not {address: found for address, found in small.items() if found}


def test_a_first_visit_weighs_less_than_150_kilobytes(client: FlaskClient) -> None:
    from participation.foundation.assets import FIRST_VISIT, asset_url

    page = client.get("/")
    files = [client.get(asset_url(name), headers={"Accept-Encoding": "gzip"}) for name in FIRST_VISIT]
    assert all(file.status_code == 200 for file in files)
    assert len(page.data) + sum(len(file.data) for file in files) < 150 * 1024
