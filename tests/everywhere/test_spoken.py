"""What somebody hears who does not see the page: role, name and state of the key flows, in the example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.engines import Databases
from tests.everywhere.example_town import FIELD, Loaded, Town, a_town
from tests.servers import Live
from tests.world.sign_in import sign_in_browser

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    As = Callable[..., Page]


@pytest.fixture
def town(loaded: Loaded, database_store: Databases) -> Iterator[Town]:
    """A copy of the example of this test's own."""
    with a_town(loaded, database_store) as town:
        yield town


@pytest.fixture
def app(town: Town) -> Flask:
    """The example is what ``live`` serves."""
    return town.app


@pytest.fixture
def as_(town: Town, live: Live, open_browser: Callable[..., Page]) -> As:
    """Opens a browser in which somebody of the example is signed in: ``as_("buergerin")``."""

    def make(name: str, **how: object) -> Page:
        page = open_browser(**how)
        with Session(town.engine) as session:
            sign_in_browser(page, live, session, town.person(name))
        return page

    return make


def _hears(where: Locator, text: str) -> None:
    """Say that a part of the page is told so; lines that are left out may stand between."""
    from playwright.sync_api import expect

    expect(where).to_match_aria_snapshot(text)


def _says(page: Page, text: str) -> None:
    """Say that the live region speaks a change."""
    from playwright.sync_api import expect

    expect(page.locator("#ansage")).to_have_text(text)


def _has_focus(where: Locator) -> None:
    from playwright.sync_api import expect

    expect(where).to_be_focused()


# ── Voting ────────────────────────────────────────────────────────────────────────────────────────────────────────────
UNTOUCHED = """
- 'region "Ihre Stimme: Energie & Wärme"':
  - 'heading "Ihre Stimme: Energie & Wärme" [level=2]'
  - paragraph: /Ein Konto, eine Stimme. Das Ergebnis ist eine Empfehlung/
  - group "Ihre Stimme":
    - /children: equal
    - button "Dafür" [pressed=false]
    - button "Dagegen" [pressed=false]
    - button "Enthaltung" [pressed=false]
  - paragraph: /Jeder Klick wird sofort gespeichert/
"""
IN_FAVOUR = """
- 'region "Ihre Stimme: Energie & Wärme"':
  - group "Ihre Stimme":
    - /children: equal
    - button "Dafür" [pressed=true]
    - button "Dagegen" [pressed=false]
    - button "Enthaltung" [pressed=false]
  - button "Stimme zurückziehen"
  - paragraph: "/Gespeichert: Dafür. Ändern oder zurückziehen können Sie bis/"
"""


def test_a_vote_is_told_with_its_state_and_focus_stays(as_: As) -> None:
    page = as_("buergerin")
    page.goto(FIELD)
    vote = page.locator("#abstimmung")
    _hears(vote, UNTOUCHED)
    vote.get_by_role("button", name="Dafür").press("Enter")
    _says(page, "Gespeichert: Dafür.")
    _hears(vote, IN_FAVOUR)
    _has_focus(vote.get_by_role("button", name="Dafür"))
    vote.get_by_role("button", name="Stimme zurückziehen").press("Enter")
    _says(page, "Sie haben hier keine Stimme abgegeben.")
    _hears(vote, UNTOUCHED)


def test_without_javascript_a_vote_is_told_by_the_page(as_: As) -> None:
    page = as_("buergerin", javascript=False)
    page.goto(FIELD)
    page.locator("#abstimmung").get_by_role("button", name="Dafür").press("Enter")
    page.wait_for_url("**#abstimmung")
    _hears(page.locator("#abstimmung"), IN_FAVOUR)


# ── Talking ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_comment_is_told_with_its_author_stance_and_what_can_be_done(as_: As) -> None:
    page = as_("buergerin")
    page.goto(FIELD)
    _hears(
        page.locator(".comments > li", has_text="Will the map of solar roofs"),
        """
        - article:
          - heading "Daniel" [level=3]
          - text: Frage
          - link /Uhr$/
          - paragraph: /Will the map of solar roofs/
          - group "Beitrag von Daniel bewerten":
            - button "Stimme zu" [pressed=false]
            - button "Stimme nicht zu" [pressed=false]
            - button "Unsicher" [pressed=false]
          - link "Antworten auf den Kommentar von Daniel"
          - link /Melden.*Beitrag von Daniel/
        """,
    )


def test_a_rating_is_told_with_its_state_and_focus_stays(as_: As) -> None:
    page = as_("buergerin")
    page.goto(FIELD)
    daniel = page.locator(".comments > li", has_text="Will the map of solar roofs")
    daniel.get_by_role("button", name="Unsicher").press("Enter")
    _hears(
        daniel.get_by_role("group", name="Beitrag von Daniel bewerten"),
        """
        - group "Beitrag von Daniel bewerten":
          - button "Stimme zu" [pressed=false]
          - button "Stimme nicht zu" [pressed=false]
          - button "Unsicher" [pressed=true]
        """,
    )
    _says(page, "Gespeichert: Unsicher.")
    _has_focus(daniel.get_by_role("button", name="Unsicher"))


FORM = """
- heading "Kommentar schreiben"
- paragraph: /Schreiben können Sie bis/
- group "Ihre Haltung":
  - radio "Dafür"
  - radio "Dagegen"
  - radio "Frage"
  - radio "Neutral"
- textbox "Ihr Text"
- paragraph: /5.000 Zeichen/
- paragraph:
  - text: "Neben Ihrem Beitrag steht:"
  - strong: Bürgerin aus Ehrenfeld
- button "Kommentar abschicken"
"""


def test_the_form_for_a_comment_is_told_and_its_mistakes_come_first(as_: As) -> None:
    page = as_("buergerin")
    page.goto(FIELD)
    _hears(page.locator("#schreiben"), FORM)
    page.get_by_role("button", name="Kommentar abschicken").press("Enter")
    page.wait_for_url("**/kommentare")
    summary = page.get_by_role("alert", name="Bitte prüfen Sie Ihre Eingaben")
    _hears(
        summary,
        """
        - alert "Bitte prüfen Sie Ihre Eingaben":
          - heading "Bitte prüfen Sie Ihre Eingaben" [level=2]
          - list:
            - listitem:
              - link "Bitte wählen Sie Ihre Haltung."
            - listitem:
              - link "Bitte schreiben Sie etwas."
        """,
    )
    _has_focus(summary)
    text = page.get_by_role("textbox", name="Ihr Text")
    _hears(text, '- textbox "Ihr Text" [invalid=true]')
    summary.get_by_role("link", name="Bitte schreiben Sie etwas.").press("Enter")
    _has_focus(text)
    described = " ".join(page.locator(f"#{one}").inner_text() for one in _ids(text, "aria-describedby"))
    assert "Bitte schreiben Sie etwas." in described and "5.000" in described


def _ids(where: Locator, attribute: str) -> list[str]:
    return (where.get_attribute(attribute) or "").split()


# ── Moderating ────────────────────────────────────────────────────────────────────────────────────────────────────────
CASE = """
- heading /^Beitrag \\d+$/ [level=1]
- text: Wird geprüft
- region "Der Text":
  - article:
    - heading "Ruhrpottpoet" [level=3]
    - text: Dafür
    - paragraph: /Die Stadt als Zwilling/
- region "Entscheiden":
  - group "Entscheidung":
    - radio "Veröffentlichen"
    - radio "Zurückhalten"
  - group /Verletzte Regel der Netiquette/:
    - radio /1. Achten Sie die anderen/
    - radio /2. Kein Hass gegen Gruppen/
  - textbox /Begründung/
  - button "Entscheidung speichern"
"""


def test_a_decision_of_the_moderators_is_told(as_: As) -> None:
    page = as_("moderation")
    page.goto("/moderation")
    poet = page.get_by_role("region").filter(has_text="Ruhrpottpoet")
    _hears(
        poet,
        """
        - region /Beitrag \\d+/:
          - text: /Wird geprüft/
          - article:
            - heading "Ruhrpottpoet" [level=2]
          - 'button /Veröffentlichen: Beitrag/'
          - 'button /Zurückhalten …: Beitrag/'
          - 'button /Im Zusammenhang öffnen: Beitrag/'
        """,
    )
    poet.get_by_role("button", name="Im Zusammenhang öffnen").press("Enter")
    _hears(page.locator("main"), CASE)
    page.get_by_role("radio", name="Zurückhalten", exact=True).check()
    page.get_by_role("button", name="Entscheidung speichern").press("Enter")
    summary = page.get_by_role("alert", name="Bitte prüfen Sie Ihre Eingaben")
    summary.wait_for()
    _hears(page.locator("main"), '- radio "Zurückhalten" [checked]')
    page.get_by_role("radio", name="1. Achten Sie die anderen").check()
    page.get_by_role("textbox", name="Begründung").fill("Der Satz »zweimal Bochum« verspottet niemanden; nur ein Test.")
    page.get_by_role("button", name="Entscheidung speichern").press("Enter")
    page.wait_for_url("**/moderation?**")
    assert not page.get_by_role("region").filter(has_text="Ruhrpottpoet").count()
