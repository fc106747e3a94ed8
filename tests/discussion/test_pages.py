"""The discussion as pages: what is seen by whom, and what a press of a button does."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from tests.world import a_citizen, a_round
from tests.world.discussion import a_comment, a_reply
from tests.world.sign_in import post, signed_in


def test_a_visitor_reads_comments_and_replies(client: FlaskClient, session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, who=a_citizen(session, shown_as="Ada Öztürk"))
    a_reply(session, comment, clock=clock, text="Das finde ich auch richtig so.")
    read = client.get(round.home)
    assert read.status_code == 200
    assert "Ada Öztürk" in read.text
    assert "Das finde ich auch richtig so." in read.text


def test_all_pages(app: Flask, session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    who = a_citizen(session, shown_as="Ada Öztürk")
    mine = a_comment(session, round, clock=clock, who=who)
    me = signed_in(app, session, who.person_id)
    for path in (
        round.home,
        f"/kommentare/{mine}",
        f"/kommentare/{mine}/bearbeitung",
        f"/kommentare/{mine}/ruecknahme",
        "/konto/name",
        "/netiquette",
    ):
        assert me.get(path).status_code == 200, path
    assert post(me, f"/diskussion/{round.thread_id}/kommentare", text="kurz").status_code == 422
