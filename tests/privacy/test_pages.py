"""Everybody reads what they did here and what became of it; nobody else does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from participation.accounts.commands import password_hash
from participation.accounts.models import Person
from participation.contributions.facts import NETIQUETTES
from participation.discussion.commands import rate_comment, withdraw_comment
from participation.discussion.facts import Value
from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.foundation.db import transaction
from participation.moderation.facts import CONTESTABLE, UNDO_FOR, Outcome
from participation.moderation.models import ModerationDecision
from participation.privacy.queries import own_contributions
from participation.reviews.commands import contest, review
from participation.reviews.facts import CONTEST_FOR, ReviewOutcome
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.windows.models import Window
from tests.statements import Statements
from tests.world import CLOSES, RoundWords, a_citizen, a_moderator, a_round, an_admin
from tests.world.moderation import REASON, a_comment, a_notice, decide_so, publish, withhold
from tests.world.sign_in import post, signed_in
from tests.world.voting import a_vote, ballots_and_roll, keys_of

PATH = "/meine-beteiligung"
PAGES = (PATH, f"{PATH}/auskunft", f"{PATH}/auskunft.json", "/konto/loeschung")
PASSWORD = "Schwarzer-Kaffee-17"


@pytest.fixture
def round(session: Session) -> RoundWords:
    """A round in which somebody takes part."""
    return a_round(session)


@pytest.fixture
def keys(round: RoundWords, settings: Settings) -> KeyFolder:
    """The keys of its contest, where the application looks for them."""
    return keys_of(round, settings.key_dir)


def test_visitors_are_asked_to_sign_in(app: Flask) -> None:
    for path in (*PAGES, f"{PATH}/stimmen/1"):
        answer = app.test_client().get(path)
        assert answer.status_code in {302, 303} and "/anmelden" in answer.location


def test_who_did_nothing_yet_is_told_where_to_begin(session: Session, app: Flask) -> None:
    page = signed_in(app, session, a_citizen(session).person_id).get(PATH)
    assert page.status_code == 200 and "noch nicht beteiligt" in page.text


def test_own_contributions_stand_there_with_what_became_of_them(
    session: Session, app: Flask, round: RoundWords, clock: StoppedClock
) -> None:
    who, moderator = a_citizen(session, shown_as="Ada aus Langendreer"), a_moderator(session, round)
    gone = a_comment(session, round, clock=clock, who=who, text="Der zurückgezogene Text.")
    withheld = a_comment(session, round, clock=clock, who=who, text="Der zurückgehaltene Text.")
    read = a_comment(session, round, clock=clock, who=who, held=True, text="Der gelesene Text.")
    withdraw_comment(session, comment_id=gone, who=who, clock=clock)
    withhold(session, withheld, by=moderator, clock=clock, rule="private", reason="Eine Telefonnummer steht darin.")
    publish(session, read, by=moderator, clock=clock)
    clock.advance(UNDO_FOR)
    page = signed_in(app, session, who.person_id).get(PATH).text
    for shown in (
        "Ada aus Langendreer",
        "Zurückgezogen",
        "Der zurückgehaltene Text.",
        "Regel 3: Keine privaten Daten",
        "Eine Telefonnummer steht darin.",
        "gelesen und veröffentlicht",
    ):
        assert shown in page, shown
    a_comment(session, round, clock=clock, who=who, held=True, text="Der wartende Text.")
    assert "bevor er veröffentlicht wird" in signed_in(app, session, who.person_id).get(PATH).text


@pytest.mark.parametrize("outcome", sorted(CONTESTABLE))
def test_rule_law_and_reason_of_every_outcome_are_told_once_it_cannot_be_undone(
    session: Session, app: Flask, round: RoundWords, clock: StoppedClock, outcome: Outcome
) -> None:
    who = a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=who, text="Mehr Bäume am Platz, sagt Frau Beispiel.")
    more = {
        Outcome.REDACTED: {"passages": ("Frau Beispiel",)},
        Outcome.DUPLICATE: {"duplicate_of": a_comment(session, round, clock=clock)},
        Outcome.MOVED: {"moved_to": round.subjects[1].thread_id},
    }.get(outcome, {})
    decide_so(session, comment, outcome, by=a_moderator(session, round), clock=clock, law="§ 185 StGB", **more)
    has_place = outcome in (Outcome.DUPLICATE, Outcome.MOVED)
    told = [REASON, "Regel 6: Alles an seinem Platz" if has_place else "Regel 3: Keine privaten Daten"]
    told += [] if has_place else ["§ 185 StGB"]
    mine = signed_in(app, session, who.person_id)
    paths = (PATH, f"{PATH}/beitraege/{round.slug}")
    clock.advance(UNDO_FOR - timedelta(seconds=1))
    for path in paths:
        page = mine.get(path).text
        assert "hat gerade entschieden" in page and not [words for words in told if words in page]
    assert REASON not in mine.get(f"{PATH}/auskunft").text and REASON not in mine.get(f"{PATH}/auskunft.json").text
    clock.advance(timedelta(seconds=1))
    for path in paths:
        page = mine.get(path).text
        assert [words for words in told if words not in page] == [] and "/netiquette/fassungen/2#regel-" in page
        assert "Drohung" not in page, "that a threat is secured is told to nobody"
    assert REASON in mine.get(f"{PATH}/auskunft").text


def test_bars_and_a_place_each_have_their_reason_and_their_own_second_look(
    session: Session, app: Flask, round: RoundWords, clock: StoppedClock
) -> None:
    who, by, second = a_citizen(session), a_moderator(session, round), a_moderator(session, round)
    comment = a_comment(session, round, clock=clock, who=who, text="Mehr Bäume am Platz, sagt Frau Beispiel.")
    why = {"reason": "Ein Name steht darin.", "passages": ("Frau Beispiel",)}
    bars = decide_so(session, comment, Outcome.REDACTED, by=by, clock=clock, **why)
    clock.advance(UNDO_FOR)
    there = {"reason": "Es geht um Verkehr.", "moved_to": round.subjects[1].thread_id}
    moved = decide_so(session, comment, Outcome.MOVED, by=by, clock=clock, version=2, last_seen=bars, **there)
    session.rollback()
    tokens = [str(session.get_one(ModerationDecision, one).token) for one in (moved, bars)]
    mine = signed_in(app, session, who.person_id)

    def told() -> list[list[str]]:
        signs = ("gerade entschieden", "um Verkehr", "Name steht", *tokens, "verlangen", "Wird überprüft", "bestätigt")
        pages = [mine.get(path).text for path in (PATH, f"{PATH}/beitraege/{round.slug}")]
        assert pages[0].count("Überprüfung verlangen") == pages[1].count("Überprüfung verlangen")
        return [re.findall("|".join(signs), page) for page in pages]

    still, place, name = "gerade entschieden", ["um Verkehr"], ["Name steht"]
    assert told() == [[still, *name, tokens[1], "verlangen"]] * 2
    clock.advance(UNDO_FOR)
    assert told() == [[*place, tokens[0], "verlangen", *name, tokens[1], "verlangen"]] * 2
    asked = contest(session, token=tokens[1], words="", clock=clock)
    assert told() == [[*place, tokens[0], "verlangen", *name, "Wird überprüft", tokens[1]]] * 2
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.UPHELD, reason="Es bleibt.", clock=clock)
    clock.advance(CONTEST_FOR)
    assert told() == [[*place, tokens[0], *name, "bestätigt", tokens[1]]] * 2


def test_a_rule_keeps_the_number_it_had_when_the_decision_was_made(
    session: Session, app: Flask, round: RoundWords, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, moderator = a_citizen(session), a_moderator(session, round)
    comment = a_comment(session, round, clock=clock, who=who)
    receipt = a_notice(session, comment, clock=clock)
    made = withhold(session, comment, by=moderator, clock=clock, rule="private")
    clock.advance(timedelta(days=1))
    monkeypatch.setitem(NETIQUETTES, 3, (replace(NETIQUETTES[1][2], number=1),))
    mine, work = (signed_in(app, session, one) for one in (who.person_id, moderator))
    token = session.get_one(ModerationDecision, made).token
    pages = [mine.get(path) for path in (PATH, f"/ueberpruefung/{token}", f"/meldungen/{receipt.token}")]
    pages += [mine.get("/moderationsprotokoll"), work.get(f"/moderation/{comment}")]
    for page in pages:
        assert "Regel 3: Keine privaten Daten" in page.text, page.request.path


def test_the_newest_stand_in_front_and_all_on_their_own_page(
    session: Session, app: Flask, round: RoundWords, clock: StoppedClock
) -> None:
    who = a_citizen(session)
    texts = [f"Mein Beitrag mit der Nummer {number:02}." for number in range(23)]
    for text in texts:
        a_comment(session, round, clock=clock, who=who, text=text)
    browser = signed_in(app, session, who.person_id)
    front = browser.get(PATH).text
    assert "Alle 23 Beiträge" in front and texts[-1] in front and texts[10] not in front
    first = browser.get(f"{PATH}/beitraege/{round.slug}").text
    assert texts[-1] in first and texts[3] in first and texts[2] not in first
    seen: list[str] = []
    after: int | None = None
    while after is not None or not seen:
        page = own_contributions(session, person_id=who.person_id, audience_id=round.audience_id, after=after, size=5)
        seen += [one.text for one in page.rows]
        after = page.after
    assert seen == texts[::-1]


def test_nobody_sees_what_others_did(session: Session, app: Flask, round: RoundWords, clock: StoppedClock) -> None:
    a_comment(session, round, clock=clock, held=True, text="Nur für meine Augen bestimmt.")
    stranger = a_citizen(session)
    browser = signed_in(app, session, stranger.person_id)
    assert browser.get(f"{PATH}/beitraege/{round.slug}").status_code == 404
    assert browser.get(f"{PATH}/bewertungen/{round.slug}").status_code == 404
    a_comment(session, round, clock=clock, who=stranger)
    assert "Nur für meine Augen" not in "".join(browser.get(path).text for path in PAGES)


def test_own_ratings_stand_behind_a_link(session: Session, app: Flask, round: RoundWords, clock: StoppedClock) -> None:
    who = a_citizen(session)
    kept, gone = (a_comment(session, round, clock=clock, text=f"Bewerteter Text {n}.") for n in "ab")
    for comment in (kept, gone):
        rate_comment(session, comment_id=comment, who=who, value=Value.DISAGREE, clock=clock)
    rate_comment(session, comment_id=kept, who=a_citizen(session), value=Value.AGREE, clock=clock)
    withhold(session, gone, by=a_moderator(session, round), clock=clock)
    browser = signed_in(app, session, who.person_id)
    front, page = browser.get(PATH).text, browser.get(f"{PATH}/bewertungen/{round.slug}")
    assert "Ihre 2 Bewertungen ansehen" in front and "stimme nicht zu" not in front
    assert page.text.count("Stimme nicht zu") == 2 and page.headers["Cache-Control"] == "no-store"
    assert "Stimme zu" not in page.text
    assert "Bewerteter Text a." in page.text and "Bewerteter Text b." not in page.text


# ── Votes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_choice_stands_behind_its_own_click_and_only_until_the_close(
    session: Session, app: Flask, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock, choice=Choice.AGAINST)
    browser = signed_in(app, session, who.person_id)
    path = f"{PATH}/stimmen/{round.question_id}"
    front = browser.get(PATH).text
    assert path in front and "dagegen" not in front.lower()
    shown = browser.get(path)
    assert "dagegen" in shown.text.lower() and shown.headers["Cache-Control"] == "no-store"
    clock.at = CLOSES
    assert path not in browser.get(PATH).text
    over = browser.get(path)
    assert over.status_code == 200 and "dagegen" not in over.text.lower() and "beendet" in over.text


def test_who_did_not_vote_has_no_choice_to_show(
    session: Session, app: Flask, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    a_vote(session, round, keys=keys, clock=clock)
    browser = signed_in(app, session, a_citizen(session).person_id)
    draft = a_round(session)
    with transaction(session):
        session.get_one(Window, draft.vote_window_id).published_at = None
    paths = [f"{PATH}/stimmen/{question}" for question in (round.question_id, draft.question_id, 99999)]
    assert [browser.get(path).status_code for path in paths] == [404, 404, 404]
    assert len({browser.get(path).text.replace(path, "") for path in paths}) == 1


def test_choices_are_in_no_other_page_and_not_in_the_disclosure(
    session: Session, app: Flask, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock, choice=Choice.ABSTAIN)
    browser = signed_in(app, session, who.person_id)
    pages = "".join(browser.get(path).text for path in PAGES)
    assert "enthaltung" not in pages.lower()


# ── Disclosure ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_disclosure_holds_what_every_room_knows(
    session: Session, app: Flask, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_citizen(session, email="ada@example.org", shown_as="Ada")
    a_comment(session, round, clock=clock, who=who, text="Ein Text von mir selbst.")
    other = a_comment(session, round, clock=clock)
    rate_comment(session, comment_id=other, who=who, value=Value.PASS, clock=clock)
    a_notice(session, other, clock=clock, by=who.person_id, text="Meine eigene Meldung.")
    a_vote(session, round, keys=keys, clock=clock, who=who)
    browser = signed_in(app, session, who.person_id)
    answer = browser.get(f"{PATH}/auskunft.json")
    assert answer.mimetype == "application/json" and answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    held = json.loads(answer.text)["held"]
    kinds = {(one["room"], one["kind"]) for one in held}
    assert kinds >= {
        ("accounts", "account"),
        ("audiences", "participant"),
        ("contributions", "comment"),
        ("discussion", "rating"),
        ("moderation", "notice"),
        ("voting", "roll_entry"),
    }
    page = browser.get(f"{PATH}/auskunft").text
    for shown in ("ada@example.org", "Ein Text von mir selbst.", "Meine eigene Meldung.", "Ihre Bewertungen"):
        assert shown in page and shown in answer.get_data(as_text=True) + page, shown
    for words in ("Deutsch", "veröffentlicht", "unsicher"):
        assert f"<dd>{words}</dd>" in page, words


# ── Deleting the account ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_page_says_what_goes_and_what_stays(
    session: Session, app: Flask, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    a_comment(session, round, clock=clock, who=who)
    a_comment(session, round, clock=clock, who=who, held=True, text="Das liest noch niemand.")
    browser = signed_in(app, session, who.person_id)
    page = browser.get("/konto/loeschung").text
    gone, stays = page.split("Das bleibt, ohne Ihren Namen")
    assert "1 Stimme in Abstimmungen, die noch laufen" in gone and "1 Beitrag, der noch nicht" in gone
    assert "1 Beitrag. Daneben steht dann" in stays
    clock.at = CLOSES
    assert "1 Stimme in beendeten Abstimmungen" in browser.get("/konto/loeschung").text


def test_the_word_deletes_and_signs_out(session: Session, app: Flask, round: RoundWords, clock: StoppedClock) -> None:
    who = a_citizen(session, shown_as="Ada aus Langendreer")
    comment = a_comment(session, round, clock=clock, who=who)
    browser = signed_in(app, session, who.person_id)
    wrong = post(browser, "/konto/loeschung", typed="ja bitte")
    assert wrong.status_code == 422 and "nicht gelöscht" in wrong.text
    assert "Bitte tippen Sie das Wort »löschen«." in post(browser, "/konto/loeschung", typed=" ").text
    answer = post(browser, "/konto/loeschung", typed=" Löschen ")
    assert answer.status_code == 303
    assert "Ihr Konto ist gelöscht" in browser.get(answer.location).text
    assert browser.get("/konto").status_code in {302, 303}
    session.rollback()
    assert session.get_one(Person, who.person_id).email is None
    page = app.test_client().get(f"/kommentare/{comment}").text
    assert "Gelöschtes Konto" in page and "Ada aus Langendreer" not in page


def test_who_has_a_password_confirms_by_it(session: Session, app: Flask) -> None:
    who = a_citizen(session)
    with transaction(session):
        session.get_one(Person, who.person_id).password_hash = password_hash(PASSWORD)
    browser = signed_in(app, session, who.person_id)
    for typed in ("löschen", "Schwarzer-Kaffee-18", ""):
        answer = post(browser, "/konto/loeschung", typed=typed)
        assert answer.status_code == 422 and PASSWORD not in answer.text
    session.rollback()
    assert session.get_one(Person, who.person_id).email is not None
    assert post(browser, "/konto/loeschung", typed=PASSWORD).status_code == 303
    session.rollback()
    assert session.get_one(Person, who.person_id).email is None


def test_guessing_the_password_ends(session: Session, app: Flask) -> None:
    browser = signed_in(app, session, a_citizen(session).person_id)
    answers = [post(browser, "/konto/loeschung", typed="falsch").status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2


def test_the_last_admin_is_told_why_not(session: Session, app: Flask) -> None:
    admin = an_admin(session)
    browser = signed_in(app, session, admin)
    answer = post(browser, "/konto/loeschung", typed="löschen")
    assert answer.status_code == 409 and "letzte Administration" in answer.text
    assert browser.get("/konto").status_code == 200


def test_reading_changes_nothing(
    session: Session, app: Flask, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    browser = signed_in(app, session, who.person_id)
    for path in PAGES:
        assert browser.get(path).status_code == 200
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    session.rollback()
    assert session.get_one(Person, who.person_id).email is not None


def test_ten_rounds_cost_no_more_statements_than_one(
    session: Session,
    app: Flask,
    settings: Settings,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    who = a_citizen(session)
    for _ in range(10):
        round = a_round(session)
        a_vote(session, round, keys=keys_of(round, settings.key_dir), clock=clock, who=who)
        for _ in range(4):
            last = a_comment(session, round, clock=clock, who=who)
        withhold(session, last, by=a_moderator(session, round), clock=clock)
    clock.advance(UNDO_FOR)
    browser = signed_in(app, session, who.person_id)
    with statements() as seen:
        page = browser.get(PATH).text
    assert page.count("<h2 id=") == page.count("Überprüfung verlangen") == 10
    assert len(seen) <= 10, str(seen)
