"""Anybody may report what is public; a notice hides nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.models import Participant
from participation.contributions.facts import State
from participation.foundation.clock import StoppedClock
from participation.moderation.facts import AlreadyReported, NothingToReport
from participation.moderation.models import Notice
from participation.moderation.views import MOST_NOTICES
from tests.world import BEFORE, CLOSES, a_citizen, a_moderator, a_participant, a_person, a_round
from tests.world.moderation import a_comment, a_notice, publish, state_of, withhold
from tests.world.sign_in import post, signed_in


def path(comment: int) -> str:
    return f"/beitraege/{comment}/meldung"


def notices(session: Session) -> list[Notice]:
    session.rollback()
    return list(session.execute(select(Notice).order_by(Notice.id)).scalars())


def test_a_visitor_reports_and_the_comment_stays_public(
    session: Session, client: FlaskClient, clock: StoppedClock
) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    assert "Mehr Bäume" in client.get(path(comment)).text
    answer = post(client, path(comment), kind="insult", text="Das ist gemein.")
    assert answer.status_code == 303
    assert "bleibt er sichtbar" in client.get(answer.location).text
    (notice,) = notices(session)
    assert (notice.participant_id, notice.kind, notice.text) == (None, "insult", "Das ist gemein.")
    assert state_of(session, comment) == State.PUBLISHED


def test_ten_notices_hide_nothing(session: Session, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    for _ in range(10):
        a_notice(session, comment, clock=clock)
    assert state_of(session, comment) == State.PUBLISHED


def test_who_takes_part_is_named_once_while_the_notice_is_open(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, person = a_comment(session, round, clock=clock), a_person(session)
    participant = a_participant(session, audience_id=round.audience_id, person_id=person)
    a_notice(session, comment, clock=clock, by=person)
    with pytest.raises(AlreadyReported):
        a_notice(session, comment, clock=clock, by=person)
    assert [notice.participant_id for notice in notices(session)] == [participant]
    publish(session, comment, by=a_moderator(session, round), clock=clock)
    a_notice(session, comment, clock=clock, by=person)
    assert len(notices(session)) == 2


def test_a_notice_makes_nobody_a_participant(session: Session, clock: StoppedClock) -> None:
    comment, person = a_comment(session, a_round(session), clock=clock), a_person(session)
    a_notice(session, comment, clock=clock, by=person)
    assert notices(session)[0].participant_id is None
    count = select(func.count()).select_from(Participant).where(Participant.person_id == person)
    assert session.execute(count).scalar_one() == 0


def test_a_second_notice_of_the_same_person_is_named_on_the_page(
    session: Session, app: object, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment, reporter = a_comment(session, round, clock=clock, who=author), a_citizen(session)
    a_comment(session, round, clock=clock, who=reporter)
    browser = signed_in(app, session, reporter.person_id)  # type: ignore[arg-type]
    assert post(browser, path(comment), kind="spam", text="").status_code == 303
    again = post(browser, path(comment), kind="spam", text="Und noch einmal.")
    assert again.status_code == 422
    assert "schon gemeldet" in again.text and "Und noch einmal." in again.text


def test_reporting_goes_on_after_the_close(session: Session, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    clock.at = CLOSES + timedelta(days=30)
    a_notice(session, comment, clock=clock)
    assert len(notices(session)) == 1


def test_only_what_is_public_can_be_reported(session: Session, client: FlaskClient, clock: StoppedClock) -> None:
    round = a_round(session)
    held = a_comment(session, round, clock=clock, held=True, text="Noch ungelesen und darum geheim.")
    gone = a_comment(session, round, clock=clock, text="Zurückgehalten und darum geheim.")
    withhold(session, gone, by=a_moderator(session, round), clock=clock)
    for comment in (held, gone, 999_999):
        with pytest.raises(NothingToReport):
            a_notice(session, comment, clock=clock)
        answers = client.get(path(comment)), post(client, path(comment), kind="spam", text="")
        assert [answer.status_code for answer in answers] == [404, 404]
        assert "geheim" not in answers[0].text + answers[1].text
    assert notices(session) == []


def test_a_comment_of_a_draft_cannot_be_reported(session: Session, client: FlaskClient, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session, published=BEFORE), clock=clock)
    clock.at = BEFORE - timedelta(days=1)
    assert client.get(path(comment)).status_code == 404


def test_what_is_missing_is_named_and_what_was_typed_stays(
    session: Session, client: FlaskClient, clock: StoppedClock
) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    nothing = post(client, path(comment), text="Mein Satz.")
    assert nothing.status_code == 422 and "Mein Satz." in nothing.text
    assert "Bitte wählen Sie, worum es geht." in nothing.text
    other = post(client, path(comment), kind="other", text=" ")
    assert other.status_code == 422 and "in einem Satz" in other.text
    assert post(client, path(comment), kind="bogus", text="x").status_code == 422
    assert notices(session) == []


def test_a_flood_of_notices_from_one_address_ends(session: Session, client: FlaskClient, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    answers = [post(client, path(comment), kind="spam", text="").status_code for _ in range(MOST_NOTICES + 1)]
    assert answers == [303] * MOST_NOTICES + [429]
    assert len(notices(session)) == MOST_NOTICES


def test_a_notice_needs_its_token(session: Session, client: FlaskClient, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    assert client.post(path(comment), data={"kind": "spam"}).status_code == 400
    assert notices(session) == []
