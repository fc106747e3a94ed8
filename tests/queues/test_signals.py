"""Moderators see why a contribution was to be read before it is public, as hints and never as verdicts."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.orm import Session

from participation.contributions.facts import Signal
from participation.contributions.models import ContributionSignal
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.moderation.facts import UNDO_FOR
from participation.queues.facts import Listed
from participation.queues.queries import queue
from tests.world import a_moderator, a_round
from tests.world.moderation import a_comment, publish
from tests.world.sign_in import signed_in


def signalled(session: Session, contribution_id: int, *kinds: Signal) -> None:
    with transaction(session):
        session.add_all(ContributionSignal(contribution_id=contribution_id, kind=kind) for kind in kinds)


def test_signals_stand_in_the_list_and_beside_the_text(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    odd, plain = (a_comment(session, round, clock=clock, held=True) for _ in range(2))
    signalled(session, odd, Signal.LINKS, Signal.LISTED_WORD)
    moderator = a_moderator(session, round)
    rows = queue(session, moderator=moderator, listed=Listed.HELD, now=clock()).page.rows
    assert {row.id: row.signals for row in rows} == {odd: (Signal.LISTED_WORD, Signal.LINKS), plain: ()}
    browser = signed_in(app, session, moderator)
    for path in ("/moderation", f"/moderation/{odd}"):
        page = browser.get(path).text
        assert "ein Wort der Prüfliste" in page and "viele Links" in page and "Hinweise, keine Urteile" in page
    assert "Hinweise, keine Urteile" not in browser.get(f"/moderation/{plain}").text


def test_signals_never_reach_the_public_page(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    odd = a_comment(session, round, clock=clock, held=True)
    signalled(session, odd, Signal.LISTED_WORD)
    publish(session, odd, by=a_moderator(session, round), clock=clock)
    clock.advance(UNDO_FOR)
    page = app.test_client().get(round.home).text
    assert "Mehr Bäume" in page and "Prüfliste" not in page
