"""A visitor's copy of a page is used again as long as it is right, and never longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.contributions.facts import State
from participation.foundation.clock import StoppedClock
from participation.rounds.commands import close_early
from participation.voting.keys import KeyFolder
from tests.world import CLOSES, FIRST_KEYS, RoundWords, a_citizen, a_person, a_round
from tests.world.discussion import a_comment, a_rating, a_reply, decide
from tests.world.sign_in import post, signed_in

REASON = "Der Rat hat die Mittel gestrichen."


@pytest.fixture
def round(session: Session, office: int) -> RoundWords:
    return a_round(session, office_id=office)


def again(client: FlaskClient, path: str) -> Callable[[], int]:
    """Look at a page, and return how to look once more with the copy in hand."""
    mark = client.get(path).headers["ETag"]
    return lambda: client.get(path, headers={"If-None-Match": mark}).status_code


def test_an_unchanged_page_is_not_sent_again(client: FlaskClient, round: RoundWords) -> None:
    for path in (round.home, f"/runden/{round.slug}"):
        assert again(client, path)() == 304


def test_a_copy_is_kept_by_the_visitor_alone(client: FlaskClient, round: RoundWords) -> None:
    answer = client.get(round.home)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"] and "Set-Cookie" not in answer.headers


def test_the_next_view_after_a_comment_a_reply_or_a_decision_shows_it(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    look = again(client, round.home)
    comment = a_comment(session, round, clock=clock, text="Hier steht etwas Neues.")
    assert look() == 200 and "Hier steht etwas Neues." in client.get(round.home).text
    look = again(client, round.home)
    a_reply(session, comment, clock=clock, text="Und eine Antwort darauf.")
    assert look() == 200 and "Und eine Antwort darauf." in client.get(round.home).text
    look = again(client, round.home)
    decide(session, comment, State.WITHHELD, reason="law")
    assert look() == 200 and "Hier steht etwas Neues." not in client.get(round.home).text


def test_the_number_of_comments_on_the_page_of_the_round_follows(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    look = again(client, f"/runden/{round.slug}")
    a_comment(session, round, clock=clock)
    assert look() == 200 and "1 Kommentar<" in client.get(f"/runden/{round.slug}").text


def test_a_comment_elsewhere_changes_nothing_here(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    look = again(client, round.subjects[1].home)
    a_comment(session, round, clock=clock)
    assert look() == 304


def test_where_sums_are_hidden_a_rating_changes_nothing_that_a_visitor_could_notice(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    """A mark that changed with each rating would tell how many there are."""
    comment = a_comment(session, round, clock=clock)
    look = again(client, round.home)
    a_rating(session, comment, clock=clock)
    assert look() == 304


def test_where_sums_are_shown_the_next_view_shows_a_rating(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    round = a_round(session, shows_interim=True)
    comment = a_comment(session, round, clock=clock)
    look = again(client, round.home)
    a_rating(session, comment, clock=clock)
    assert look() == 200


def test_a_changed_name_shows_at_the_next_view(
    app: Flask, client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    who = a_citizen(session, shown_as="Ada")
    a_comment(session, round, clock=clock, who=who)
    look = again(client, round.home)
    assert post(signed_in(app, session, who.person_id), "/konto/name", name="Grace").status_code == 303
    assert look() == 200 and "Grace" in client.get(round.home).text


def test_the_clock_changes_the_page_when_the_time_left_reads_differently(
    client: FlaskClient, round: RoundWords, clock: StoppedClock
) -> None:
    clock.at = CLOSES - timedelta(days=20, hours=12)
    look = again(client, round.home)
    clock.advance(timedelta(hours=11))
    assert look() == 304
    clock.advance(timedelta(hours=2))
    assert look() == 200 and "noch 19 Tage" in client.get(round.home).text


@pytest.mark.parametrize("page", ["round", "handlungsfeld"])
def test_the_end_shows_at_once(client: FlaskClient, round: RoundWords, clock: StoppedClock, page: str) -> None:
    path = f"/runden/{round.slug}" if page == "round" else round.home
    clock.at = CLOSES - timedelta(milliseconds=1)
    look = again(client, path)
    clock.advance(timedelta(milliseconds=1))
    assert look() == 200 and "Wird ausgezählt" in client.get(path).text


def test_the_end_of_the_talk_shows_at_once_while_the_vote_goes_on(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    end = clock() + timedelta(days=5)
    round = a_round(session, closes=end, vote_closes=end + timedelta(days=30))
    clock.at = end - timedelta(milliseconds=1)
    look = again(client, round.home)
    clock.at = end
    assert look() == 200


def test_an_early_end_shows_at_once(
    client: FlaskClient,
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    staff: UUID,
    second: UUID,
    clock: StoppedClock,
) -> None:
    look = again(client, round.home)
    close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=FIRST_KEYS, clock=clock)
    assert look() == 200 and REASON in client.get(round.home).text


def test_another_language_is_another_page(client: FlaskClient, round: RoundWords) -> None:
    mark = client.get(round.home).headers["ETag"]
    english = {"If-None-Match": mark, "Accept-Language": "en-GB"}
    assert client.get(round.home, headers=english).status_code == 200


def test_another_part_of_the_thread_is_another_page(client: FlaskClient, round: RoundWords) -> None:
    mark = client.get(round.home).headers["ETag"]
    oldest = client.get(f"{round.home}?reihenfolge=aelteste", headers={"If-None-Match": mark})
    assert oldest.status_code == 200


def test_what_somebody_sees_who_is_signed_in_is_never_answered_from_a_copy(
    app: Flask, session: Session, round: RoundWords, client: FlaskClient, keys: KeyFolder
) -> None:
    mark = client.get(round.home).headers["ETag"]
    mine = signed_in(app, session, a_person(session)).get(round.home, headers={"If-None-Match": mark})
    assert mine.status_code == 200 and "ETag" not in mine.headers


def test_a_message_for_a_visitor_is_shown_and_not_kept(client: FlaskClient, round: RoundWords) -> None:
    mark = client.get(round.home).headers["ETag"]
    with client.session_transaction() as cookie:
        cookie["_flashes"] = [("success", "Danke für Ihre Meldung.")]
    answer = client.get(round.home, headers={"If-None-Match": mark})
    assert answer.status_code == 200 and "Danke für Ihre Meldung." in answer.text and "ETag" not in answer.headers
    assert client.get(round.home, headers={"If-None-Match": mark}).status_code == 304


def test_what_does_not_exist_is_never_answered_from_a_copy(client: FlaskClient, round: RoundWords) -> None:
    mark = client.get(round.home).headers["ETag"]
    missing = client.get("/runden/nichts/handlungsfelder/feld-1", headers={"If-None-Match": mark})
    assert missing.status_code == 404
