"""Every page in real Chromium: no axe violation, nothing wider than the screen, valid HTML, no other origin.

Light and dark, 1280 and 360 px wide; which origin was asked and what the browser complained of, ``open_browser`` checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.everywhere import access
from tests.everywhere.places import ROLES, addresses
from tests.everywhere.site import Site
from tests.servers import Live
from tests.world.sign_in import sign_in_browser, token_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

# A page looks the same whatever database it was read from.
pytestmark = pytest.mark.sqlite

FACES = [(1280, False), (1280, True), (360, False), (360, True)]
NOT_FOR_EYES = (".json", ".csv", ".atom", ".txt", ".zip", "datei", "z", "regelblatt")
NARROWEST = 320
AT_ONCE = 8
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours."""
POST_FORM = """([path, token]) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = path;
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = 'csrf_token';
    field.value = token;
    form.append(field);
    document.body.append(form);
    form.submit();
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _places(method: str, answer: str) -> list[tuple[str, str, str]]:
    """Return rule, state and role where an answer is documented: all states as who sees most, the first as a visitor too."""
    found: list[tuple[str, str, str]] = []
    for (verb, rule, state), line in access.documented().items():
        cells = dict(zip(ROLES, line.split()[-len(ROLES) :], strict=True))
        able = [role for role in ROLES if cells[role] == answer]
        if verb == method and able and not rule.endswith(NOT_FOR_EYES):
            is_first = not found or found[-1][0] != rule
            found += [(rule, state, role) for role in dict.fromkeys((able[0], able[-1]) if is_first else able[-1:])]
    return found


def _faces(state: str) -> list[tuple[int, bool]]:
    return FACES if state in {"-", "open"} else [FACES[0], FACES[3]]


def _look(page: Page, axe: Callable[..., None], faces: list[tuple[int, bool]]) -> None:
    """Turn the open page light and dark, wide and narrow: that is quicker than opening it anew.

    From light to dark only colours change, so the second look at one width asks for these alone.
    """
    widths: set[int] = set()
    for width, dark in faces:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if dark else "light")
        axe(page, *(COLOURS if width in widths else ()))
        widths.add(width)


@pytest.fixture
def app(read_site: Site) -> Flask:
    """The site with one of everything is what ``live`` serves."""
    return read_site.app


def _path(site: Site, rule: str, state: str) -> str:
    return dict(addresses(rule, site.places))[state]


def _go_as(page: Page, role: str, site: Site, live: Live) -> None:
    if role != "visitor":
        with Session(site.engine) as session:
            sign_in_browser(page, live, session, site.places.people[role])


def _tours(method: str, answer: str) -> list[Any]:
    """Return who looks at what with one browser, a few pages at a time: opening a browser costs more than a look."""
    found = []
    for role in ROLES:
        theirs = [(rule, state) for rule, state, who in _places(method, answer) if who == role]
        parts = [theirs[start : start + AT_ONCE] for start in range(0, len(theirs), AT_ONCE)]
        found += [pytest.param(role, part, id=f"{role}-{part[0][0]}") for part in parts]
    return found


@pytest.mark.parametrize(("role", "seen"), _tours("GET", "200"))
def test_pages_have_no_barrier_and_fit(
    read_site: Site,
    live: Live,
    open_browser: Callable[..., Page],
    axe: Callable[..., None],
    role: str,
    seen: list[tuple[str, str]],
) -> None:
    page = open_browser()
    _go_as(page, role, read_site, live)
    for rule, state in seen:
        page.goto(_path(read_site, rule, state))
        _look(page, axe, _faces(state))
        page.set_viewport_size({"width": NARROWEST, "height": 640})
        assert page.evaluate(TOO_WIDE) <= 0, f"{page.url} is wider than the screen"


@pytest.mark.parametrize(("role", "seen"), _tours("POST", "422"))
def test_pages_with_mistakes_have_no_barrier(
    read_site: Site,
    live: Live,
    open_browser: Callable[..., Page],
    axe: Callable[..., None],
    role: str,
    seen: list[tuple[str, str]],
) -> None:
    page = open_browser()
    _go_as(page, role, read_site, live)
    for rule, state in seen:
        page.goto("/registrieren")
        token = page.locator("input[name=csrf_token]").first.get_attribute("value")
        with page.expect_navigation():
            page.evaluate(POST_FORM, [_path(read_site, rule, state), token])
        _look(page, axe, [FACES[0], FACES[3]])


@pytest.mark.parametrize(("rule", "state", "role"), _places("GET", "200"))
def test_a_page_is_valid_html(read_site: Site, nu: Callable[[str], None], rule: str, state: str, role: str) -> None:
    response = read_site.client(role).get(_path(read_site, rule, state))
    if response.mimetype == "text/html":
        nu(response.text)


@pytest.mark.parametrize(("rule", "state", "role"), _places("POST", "422"))
def test_a_page_with_mistakes_is_valid_html(
    read_site: Site, nu: Callable[[str], None], rule: str, state: str, role: str
) -> None:
    client = read_site.client(role)
    response = client.post(_path(read_site, rule, state), data={"csrf_token": token_of(client)})
    nu(response.text)


@pytest.mark.parametrize("path", ["/gibt-es-nicht", "/verwaltung", "/sprache"])
def test_an_error_page_has_no_barrier(
    read_site: Site,
    live: Live,
    open_browser: Callable[..., Page],
    axe: Callable[..., None],
    nu: Callable[[str], None],
    path: str,
) -> None:
    page = open_browser()
    _go_as(page, "citizen", read_site, live)
    page.goto(path)
    _look(page, axe, FACES)
    nu(read_site.client("citizen").get(path).text)
