"""The example, walked through by following every link: pages are valid, without barriers, and fit on a small phone.

``test_faces`` looks at each address in each state with little in it; here the pages are as long as in real life. Of each
address the longest page is opened in Chromium, the longest and the shortest go to the HTML checker.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from tests.engines import Databases
from tests.everywhere.access import Route, routes
from tests.everywhere.example_town import Loaded, Town, a_town
from tests.servers import Live
from tests.world.sign_in import sign_in_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

PEOPLE = {"visitor": "public", "buergerin": "citizen", "leitung": "staff", "moderation": "moderator", "admin": "admin"}
"""Who walks, and as what."""

LINK = re.compile(r'<a\b[^>]*?\shref="([^"]*)"')
READING = [route for route in routes() if route.method == "GET"]
PARTS = [READING[start : start + 8] for start in range(0, len(READING), 8)]
"""A few pages at a time: opening a browser costs more than a look."""
# A page looks the same whatever database it was read from; what it answers is tested on both elsewhere.
pytestmark = pytest.mark.sqlite

MOST = 6
"""Pages of one address that one person opens; there are some hundred comments alike."""

NO_PAGE = {"front.healthz", "front.readyz", "rounds.rule_sheet", "discussion.thread"}
FILES = {
    "archives.download",
    "log.checkpoint",
    "log.public_key",
    "log.receipt_file",
    "openness.feed",
    "openness.log_as_csv",
    "privacy.disclosure_file",
    "results.as_csv",
    "results.as_json",
    "results.comments_as_csv",
    "results.votes_as_csv",
}
NO_LINK = {
    "accounts.letter_sent": "comes after a form",
    "accounts.link": "stands in a mail",
    "accounts.resume": "comes after signing in",
    "letters.mailbox": "is there in development alone",
    "reviews.decision": "stands in a mail, and with one's own contribution where something was decided against it",
    "log_desk.contests": "is there for who audits, whom the example has not",
    "log_desk.sample": "is there for who audits, whom the example has not",
    "moderation_desk.sealed": "is there for who opens seals, whom the example has not",
    "moderation_desk.sealed_threat": "is there for who opens seals, whom the example has not",
    "moderation.notice_status": "comes after a form, and stands in a mail",
    "openness.report": "is there once decisions are a day old",
    "pauses.contest_form": "is there once somebody is paused",
    "pauses.mine": "is there once somebody is paused",
    "pauses_desk.proposal": "is there once an office has named its legal basis",
    "pauses_desk.show": "is there once somebody was proposed to be paused",
    "queues_desk.bulk_result": "comes after a form",
    "queues_desk.case": "is opened with a button, which marks it for the others",
    "results_desk.tie": "is there once a count ends in a tie",
    "reviews_desk.review": "is there once an author asks for it",
    "rounds.index": "is what is left of the address of a round, cut short",
    "voting.question": "is shown where a vote had a mistake",
}
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Seen:
    """What one person came across."""

    pages: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """HTML by path, by endpoint."""
    broken: list[str] = field(default_factory=list)
    """Links that led nowhere, and where they stand."""


def _walk(town: Town, name: str) -> Seen:
    client, seen, found_on = town.client(name), Seen(), {"/": "the beginning"}
    waiting = ["/"]
    for path in waiting:
        endpoint = _endpoint(town, path)
        if len(seen.pages[endpoint]) >= MOST:
            continue
        answer = client.get(path, buffered=True)
        if answer.status_code != 200:
            seen.broken += [f"{path} on {found_on[path]}: {answer.status}"] * (answer.status_code != 303)
        elif answer.mimetype == "text/html":
            seen.pages[endpoint][path] = answer.text
            new = [link for link in _links(answer.text) if link not in found_on]
            found_on |= dict.fromkeys(new, path)
            waiting += new
    return seen


def _endpoint(town: Town, path: str) -> str:
    """Return which page an address means; ``nothing`` if none."""
    with suppress(HTTPException):
        return str(town.app.url_map.bind("localhost").match(path.partition("?")[0], method="GET")[0])
    return "nothing"


def _links(html: str) -> list[str]:
    links = (unescape(link).partition("#")[0] for link in LINK.findall(html))
    return [link for link in dict.fromkeys(links) if link.startswith("/") and not link.startswith("/static/")]


@pytest.fixture(scope="module")
def town(loaded: Loaded, database_store: Databases) -> Iterator[Town]:
    """One copy for all tests of this file, which only read."""
    with a_town(loaded, database_store) as town:
        yield town


class Walks(dict[str, Seen]):
    """What each person comes across, once somebody asks."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def __missing__(self, name: str) -> Seen:
        self[name] = _walk(self.town, name)
        return self[name]


@pytest.fixture(scope="module")
def walks(town: Town) -> Walks:
    """What each person comes across."""
    return Walks(town)


@pytest.fixture
def app(town: Town) -> Flask:
    """The example is what ``live`` serves."""
    return town.app


def _pages(walks: Walks, route: Route) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield who looks at a page and what they saw: visitor and citizen where everybody may, else one who may."""
    able = [name for name, role in PEOPLE.items() if role in route.who]
    for name in ("visitor", "buergerin") if route.is_public else able[:1]:
        if walks[name].pages.get(route.endpoint):
            yield name, walks[name].pages[route.endpoint]


@pytest.mark.parametrize("name", PEOPLE)
def test_no_link_leads_nowhere(walks: Walks, name: str) -> None:
    assert len(walks[name].pages) > 10
    assert not walks[name].broken


def test_every_page_is_reached_by_links(walks: Walks) -> None:
    reached = {endpoint for name in PEOPLE for endpoint, pages in walks[name].pages.items() if pages}
    wanted = {route.endpoint for route in READING} - NO_PAGE - FILES
    assert wanted - reached == set(NO_LINK)


@pytest.mark.parametrize("route", READING, ids=str)
def test_long_and_short_pages_are_valid(walks: Walks, nu: Callable[[str], None], route: Route) -> None:
    for _, pages in _pages(walks, route):
        sizes = sorted(pages.values(), key=len)
        for html in dict.fromkeys((sizes[0], sizes[-1])):
            nu(html)


@pytest.mark.parametrize("routes", PARTS, ids=lambda routes: str(routes[0]))
def test_the_longest_pages_have_no_barrier_and_fit(
    walks: Walks,
    town: Town,
    live: Live,
    open_browser: Callable[..., Page],
    axe: Callable[..., None],
    routes: list[Route],
) -> None:
    opened: dict[str, Page] = {}
    for name, pages in (found for route in routes for found in _pages(walks, route)):
        page = opened.get(name) or opened.setdefault(name, _browser_of(name, town, live, open_browser))
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(max(pages, key=lambda path: len(pages[path])))
        axe(page)
        page.emulate_media(color_scheme="dark")
        axe(page, "color-contrast")
        page.set_viewport_size({"width": 360, "height": 740})
        axe(page)
        page.emulate_media(color_scheme="light")
        axe(page, "color-contrast")
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate(TOO_WIDE) <= 0, f"{page.url} is wider than a small phone"


def _browser_of(name: str, town: Town, live: Live, open_browser: Callable[..., Page]) -> Page:
    page = open_browser()
    if name != "visitor":
        with Session(town.engine) as session:
            sign_in_browser(page, live, session, town.person(name))
    return page
