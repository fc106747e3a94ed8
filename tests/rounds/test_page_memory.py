"""Visitors are answered from memory, and nobody ever gets somebody else's page or yesterday's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.headers import PageMemory
from tests.statements import Statements
from tests.world import RoundWords, a_citizen, a_round
from tests.world.discussion import a_comment
from tests.world.sign_in import signed_in


@pytest.fixture
def round(session: Session, office: int) -> RoundWords:
    return a_round(session, office_id=office)


def test_the_second_visitor_costs_one_statement_and_reads_the_same(
    app: Flask, round: RoundWords, statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    for path in (round.home, f"/runden/{round.slug}"):
        first = app.test_client().get(path)
        with statements() as seen:
            second = app.test_client().get(path)
        assert len(seen) == 1, seen
        assert (second.status_code, second.data, second.mimetype) == (200, first.data, first.mimetype)
        assert second.headers["ETag"] == first.headers["ETag"]
        assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_a_change_is_seen_by_the_very_next_visitor(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    assert "Das ist neu hier." not in client.get(round.home).text
    a_comment(session, round, clock=clock, text="Das ist neu hier.")
    assert "Das ist neu hier." in client.get(round.home).text


def test_languages_and_parts_of_a_thread_are_kept_apart(client: FlaskClient, round: RoundWords) -> None:
    german = client.get(round.home).text
    english = client.get(round.home, headers={"Accept-Language": "en"}).text
    assert 'lang="de"' in german and '<html lang="en"' in english
    assert client.get(round.home).text == german
    assert client.get(f"{round.home}?haltung=against").text != german


def test_the_page_of_somebody_signed_in_is_never_remembered(app: Flask, session: Session, round: RoundWords) -> None:
    own = signed_in(app, session, a_citizen(session).person_id).get(round.home)
    assert "csrf_token" in own.text and "ETag" not in own.headers
    assert "csrf_token" not in app.test_client().get(round.home).text


def test_what_is_gone_is_not_remembered(client: FlaskClient, session: Session, office: int) -> None:
    draft = a_round(session, office_id=office, published=None)
    assert [client.get(f"/runden/{draft.slug}").status_code for _ in range(2)] == [404, 404]


def test_the_memory_is_bounded_and_lets_go_what_nobody_asks_for() -> None:
    memory = PageMemory(pages=2)
    memory.keep("a", b"1")
    memory.keep("b", b"2")
    assert memory.find("a") == b"1"
    memory.keep("c", b"3")
    assert (memory.find("a"), memory.find("b"), memory.find("c")) == (b"1", None, b"3")
