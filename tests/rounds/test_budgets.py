"""How many SQL statements the public pages take, however large a round is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.rounds.models import Subject
from participation.voting.keys import KeyFolder
from tests.statements import Statements
from tests.world import RoundWords, a_person, a_round
from tests.world.discussion import a_comment, a_rating, a_reply
from tests.world.sign_in import signed_in

Noted = Callable[[], AbstractContextManager[Statements]]
LIST, FIELD, REPEATED, HOME = 6, 8, 2, 3
SIGNED_IN = 2
"""Who is there: the session's person and their roles."""


def visit(client: FlaskClient, path: str, noted: Noted, **headers: str) -> tuple[int, Statements]:
    client.get("/healthz")
    with noted() as seen:
        answer = client.get(path, headers=headers)
    return answer.status_code, seen


@pytest.mark.parametrize("handlungsfelder", [10, 1000])
def test_the_page_of_a_round_takes_six_statements_at_most(
    client: FlaskClient, session: Session, statements: Noted, handlungsfelder: int
) -> None:
    round = a_round(session, handlungsfelder=handlungsfelder)
    status, seen = visit(client, f"/runden/{round.slug}", statements)
    assert (status, len(seen) <= LIST) == (200, True), seen
    assert client.get(f"/runden/{round.slug}").text.count("lines__link") == handlungsfelder
    status, seen = visit(client, "/", statements)
    assert (status, len(seen) <= HOME) == (200, True), seen


def test_the_page_of_a_round_takes_as_few_for_who_is_signed_in(app: Flask, session: Session, statements: Noted) -> None:
    round = a_round(session, handlungsfelder=10)
    client = signed_in(app, session, a_person(session))
    status, seen = visit(client, f"/runden/{round.slug}", statements)
    assert (status, len(seen) <= LIST) == (200, True), seen


def talk(session: Session, round: RoundWords, clock: StoppedClock, comments: int) -> None:
    for number in range(comments):
        made = a_comment(session, round, clock=clock)
        if number % 5 == 0:
            a_reply(session, made, clock=clock)
            a_rating(session, made, clock=clock)


@pytest.mark.parametrize("comments", [0, 30])
def test_a_handlungsfeld_takes_eight_statements_at_most(
    client: FlaskClient, session: Session, statements: Noted, clock: StoppedClock, comments: int
) -> None:
    round = a_round(session, handlungsfelder=3)
    talk(session, round, clock, comments)
    status, seen = visit(client, round.home, statements)
    assert (status, len(seen) <= FIELD) == (200, True), seen


def test_a_handlungsfeld_takes_a_few_more_for_who_is_signed_in(
    app: Flask, session: Session, statements: Noted, clock: StoppedClock
) -> None:
    round = a_round(session, keys=KeyFolder(app.extensions["settings"].key_dir))
    talk(session, round, clock, 12)
    client = signed_in(app, session, a_person(session))
    status, seen = visit(client, round.home, statements)
    assert (status, len(seen) <= FIELD + SIGNED_IN + 3) == (200, True), seen


@pytest.mark.parametrize("page", ["round", "handlungsfeld"])
def test_a_repeated_view_takes_two_statements_at_most(
    client: FlaskClient, session: Session, statements: Noted, page: str
) -> None:
    round = a_round(session, handlungsfelder=3)
    path = f"/runden/{round.slug}" if page == "round" else round.home
    mark = client.get(path).headers["ETag"]
    status, seen = visit(client, path, statements, **{"If-None-Match": mark})
    assert (status, len(seen) <= REPEATED) == (304, True), seen


def test_the_neighbours_of_a_handlungsfeld_are_the_ones_before_and_after(client: FlaskClient, session: Session) -> None:
    round = a_round(session, handlungsfelder=3)
    first, middle, last = (client.get(subject.home).text for subject in round.subjects)
    assert 'rel="prev"' not in first and f'href="{round.subjects[1].home}" rel="next"' in first
    assert f'href="{round.subjects[0].home}" rel="prev"' in middle
    assert f'href="{round.subjects[2].home}" rel="next"' in middle
    assert f'href="{round.subjects[1].home}" rel="prev"' in last and 'rel="next"' not in last


def test_positions_of_subjects_follow_one_another(session: Session) -> None:
    """The neighbours are found by arithmetic, so there must be no gap."""
    round = a_round(session, handlungsfelder=4)
    with transaction(session):
        positions = session.query(Subject.position).filter_by(round_id=round.id).order_by(Subject.position).all()
    assert [row[0] for row in positions] == [1, 2, 3, 4]
