"""Threats kept for the police: read by those of the Bedrohungsmanagement alone, journaled when opened, gone after their time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.moderation.commands import open_sealed
from participation.moderation.facts import KEPT_THREAT, SEEN_FOR, NothingSealed, Outcome, ReasonMissing
from participation.moderation.models import SealedOpening
from participation.reviews.commands import delete_sealed
from tests.world import RoundWords, a_moderator, a_round, a_staff_member, an_official
from tests.world.moderation import a_comment, decide_so
from tests.world.sign_in import post, signed_in

THREAT = "Ich weiß, wo Sie wohnen, und komme vorbei."


def a_threat(session: Session, round: RoundWords, clock: StoppedClock) -> int:
    comment = a_comment(session, round, clock=clock, text=THREAT)
    return decide_so(session, comment, Outcome.POLICE, by=a_moderator(session, round), clock=clock)


def test_it_is_read_only_after_it_was_opened_for_a_purpose_and_that_is_written_down(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    decision, keeper = (
        a_threat(session, round, clock),
        an_official(session, Role.SAFEGUARD, audience_id=round.audience_id),
    )
    browser, path = signed_in(app, session, keeper), f"/moderation/versiegelt/{decision}"
    assert path in browser.get("/moderation/versiegelt").text
    for page in ("/moderation/versiegelt", path):
        assert "wo Sie wohnen" not in browser.get(page).text
    assert session.execute(select(SealedOpening)).first() is None, "looking at the page opens nothing"
    assert post(browser, f"{path}/oeffnung", purpose=" ").status_code == 422
    assert post(browser, f"{path}/oeffnung", purpose="Az. 23/2026").status_code == 303
    opened = browser.get(path)
    assert "wo Sie wohnen" in opened.text and "Az. 23/2026" in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    session.rollback()
    lines = session.execute(select(JournalEntry).where(JournalEntry.act == "moderation:opened_sealed")).scalars().all()
    assert [(line.actor_id, line.details) for line in lines] == [(keeper, {"decision": decision})]
    clock.advance(SEEN_FOR)
    assert "wo Sie wohnen" not in browser.get(path).text


def test_who_opened_it_sees_it_and_nobody_else(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    decision = a_threat(session, round, clock)
    one, other = (an_official(session, Role.SAFEGUARD, audience_id=round.audience_id) for _ in range(2))
    open_sealed(session, decision_id=decision, by=one, purpose="Az. 1", clock=clock)
    page = signed_in(app, session, other).get(f"/moderation/versiegelt/{decision}").text
    assert "wo Sie wohnen" not in page and "von einer anderen Person" in page


def test_moderators_staff_auditors_and_the_same_role_of_another_round_get_nothing(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round, elsewhere = a_round(session), a_round(session)
    decision = a_threat(session, round, clock)
    path = f"/moderation/versiegelt/{decision}"
    auditor = an_official(session, Role.AUDIT, audience_id=round.audience_id)
    for person in (a_moderator(session, round), a_staff_member(session, office_id=round.office_id), auditor):
        browser = signed_in(app, session, person)
        assert browser.get(path).status_code == post(browser, f"{path}/oeffnung", purpose="x").status_code == 403
    stranger = an_official(session, Role.SAFEGUARD, audience_id=elsewhere.audience_id)
    browser = signed_in(app, session, stranger)
    assert browser.get(path).status_code == post(browser, f"{path}/oeffnung", purpose="x").status_code == 404
    assert path not in browser.get("/moderation/versiegelt").text
    assert session.execute(select(SealedOpening)).first() is None


def test_what_was_only_blacked_out_is_no_threat(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, text="Rufen Sie mich an: 0234 555 0100, bitte.")
    made = decide_so(
        session, comment, Outcome.REDACTED, by=a_moderator(session, round), clock=clock, passages=("0234 555 0100",)
    )
    keeper = an_official(session, Role.SAFEGUARD, audience_id=round.audience_id)
    with pytest.raises(NothingSealed):
        open_sealed(session, decision_id=made, by=keeper, purpose="Az. 1", clock=clock)


def test_after_its_time_it_is_gone_even_before_the_job_ran(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    decision, keeper = (
        a_threat(session, round, clock),
        an_official(session, Role.SAFEGUARD, audience_id=round.audience_id),
    )
    clock.advance(KEPT_THREAT - timedelta(minutes=1))
    open_sealed(session, decision_id=decision, by=keeper, purpose="Az. 1", clock=clock)
    with pytest.raises(ReasonMissing):
        open_sealed(session, decision_id=decision, by=keeper, purpose="", clock=clock)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(NothingSealed):
        open_sealed(session, decision_id=decision, by=keeper, purpose="Az. 1", clock=clock)
    assert delete_sealed(session, clock=clock) == 1
    assert signed_in(app, session, keeper).get(f"/moderation/versiegelt/{decision}").status_code == 404
