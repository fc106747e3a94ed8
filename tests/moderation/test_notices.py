"""Anybody may report what is public; a notice hides nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.models import Participant
from participation.contributions.facts import State
from participation.discussion.commands import edit_comment, withdraw_comment
from participation.discussion.models import Thread
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.letters.jobs import send_letters
from participation.moderation import jobs
from participation.moderation.facts import UNDO_FOR, AlreadyReported, NothingToReport, NoticeEnd, Outcome
from participation.moderation.models import Notice
from participation.moderation.views import MOST_NOTICES
from participation.privacy.commands import erase
from participation.voting.keys import KeyFolder
from tests.servers import Postbox
from tests.world import BEFORE, CLOSES, a_citizen, a_moderator, a_participant, a_person, a_round
from tests.world.moderation import REASON, a_comment, a_notice, decide_so, publish, state_of, withhold
from tests.world.sign_in import post, signed_in, token_of


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
    (notice,) = notices(session)
    assert answer.location == f"/meldungen/{notice.token}"
    assert "bleibt er sichtbar" in client.get(answer.location).text
    assert (notice.participant_id, notice.kind, notice.text) == (None, "insult", "Das ist gemein.")
    assert state_of(session, comment) == State.PUBLISHED


def test_a_receipt_is_found_by_its_own_address_alone(
    session: Session, client: FlaskClient, clock: StoppedClock
) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    one, other = (a_notice(session, comment, clock=clock, text=f"Text {number}.") for number in (1, 2))
    page = client.get(f"/meldungen/{one.token}")
    assert f"<dd>{one.number}</dd>" in page.text and "Text 1." in page.text and "Text 2." not in page.text
    assert page.headers["X-Robots-Tag"] == "noindex" and len(one.token) >= 22 and one.token != other.token
    for guessed in (str(one.number), one.token[:-1], "x"):
        assert client.get(f"/meldungen/{guessed}").status_code == 404


def test_the_outcome_is_told_once_it_cannot_be_undone(
    session: Session, client: FlaskClient, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    receipt = a_notice(session, comment, clock=clock)
    withhold(session, comment, by=a_moderator(session, round), clock=clock)
    waiting = client.get(f"/meldungen/{receipt.token}").text
    assert "Wartet auf eine Entscheidung" in waiting and "nicht mehr öffentlich" not in waiting
    clock.advance(UNDO_FOR)
    told = client.get(f"/meldungen/{receipt.token}").text
    assert "nicht mehr öffentlich" in told and "Achten Sie die anderen" in told and REASON not in told


WHAT_BECAME = {
    Outcome.PUBLISHED: "Er bleibt öffentlich.",
    Outcome.WITHHELD: "Er wird nicht mehr öffentlich gezeigt.",
    Outcome.REDACTED: "Er bleibt öffentlich, aber Stellen darin sind geschwärzt.",
    Outcome.REWORD: "Er ist nicht öffentlich, bis er mit anderen Worten geschrieben ist.",
    Outcome.DUPLICATE: "Er bleibt öffentlich und ist mit einem anderen verknüpft.",
    Outcome.MOVED: "Er bleibt öffentlich, bei einem anderen Thema.",
    Outcome.POLICE: "Er wird nicht mehr öffentlich gezeigt.",
}


@pytest.mark.parametrize("outcome", Outcome)
def test_who_reported_reads_what_became_of_it(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock, outcome: Outcome
) -> None:
    round = a_round(session)
    original, comment = (a_comment(session, round, clock=clock, text=f"Mehr Bäume, Nummer {n}.") for n in range(2))
    where = path(comment)
    assert post(app.test_client(), where, kind="spam", text="", email="melderin@example.org").status_code == 303
    more = {
        Outcome.REDACTED: {"passages": ("Bäume",)},
        Outcome.DUPLICATE: {"duplicate_of": original},
        Outcome.MOVED: {"moved_to": round.subjects[1].thread_id},
    }.get(outcome, {})
    decide_so(session, comment, outcome, by=a_moderator(session, round), clock=clock, **more)
    clock.advance(UNDO_FOR)
    with app.app_context():
        send_letters()
    told, token = smtp.to("melderin@example.org")[-1], notices(session)[0].token
    assert WHAT_BECAME[outcome] in " ".join(told.get_content().split())
    assert WHAT_BECAME[outcome] in app.test_client().get(f"/meldungen/{token}").text


def test_who_leaves_an_address_gets_two_letters_in_their_language_and_the_address_goes(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    visitor = app.test_client()
    fields = {"kind": "spam", "text": "", "email": "melderin@example.org"}
    headers = {"Accept-Language": "en"}
    given = {"csrf_token": token_of(visitor), **fields}
    assert visitor.post(path(comment), data=given, headers=headers).status_code == 303
    a_notice(session, comment, clock=clock)
    with app.app_context():
        send_letters()
        publish(session, comment, by=a_moderator(session, round), clock=clock)
        send_letters()
        assert len(smtp.letters) == 1, "nothing leaves while it can be undone"
        clock.advance(UNDO_FOR)
        send_letters()
        jobs.forget_old()
    received, decided = smtp.to("melderin@example.org")
    (first, _) = notices(session)
    assert str(received["Subject"]) == f"Your report {first.id} has arrived"
    assert str(decided["Subject"]) == f"Your report {first.id} has been decided"
    for letter in (received, decided):
        assert f"/meldungen/{first.token}" in letter.get_content() and letter["Content-Language"] == "en"
    clock.advance(timedelta(seconds=1))
    with app.app_context():
        jobs.forget_old()
    assert notices(session)[0].email is None


@pytest.mark.parametrize("way", ["withdrawn", "erased"])
def test_what_is_withdrawn_ends_its_notices_and_who_reported_is_told(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock, tmp_path: Path, way: str
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment, other = (a_comment(session, round, clock=clock, who=author, text=f"Baum {n} fehlt.") for n in (1, 2))
    visitor, headers = app.test_client(), {"Accept-Language": "en"}
    given = {"csrf_token": token_of(visitor), "kind": "spam", "text": "", "email": "melderin@example.org"}
    assert visitor.post(path(comment), data=given, headers=headers).status_code == 303
    a_notice(session, other, clock=clock)
    first = notices(session)[0]
    with pytest.raises(IntegrityError), transaction(session):
        session.execute(update(Notice).values(ended=NoticeEnd.WITHDRAWN))
    if way == "withdrawn":
        withdraw_comment(session, comment_id=comment, who=author, clock=clock)
    else:
        with transaction(session):
            session.get_one(Thread, round.thread_id).premoderated = True
        edit_comment(session, comment_id=comment, who=author, text="Ein Baum fehlt.", stance=None, clock=clock)
        erase(session, person_id=author.person_id, clock=clock, keys=KeyFolder(tmp_path))
    status = f"/meldungen/{first.token}"
    assert "zurückgezogen, bevor die Moderation entschieden hat" in app.test_client().get(status).text
    with app.app_context():
        for _ in range(2):
            jobs.settle_withdrawn()
            send_letters()
    subjects = [str(letter["Subject"]) for letter in smtp.to("melderin@example.org")]
    assert subjects == [f"Your report {first.id} has arrived", f"Your report {first.id} is closed"]
    ended, waits = notices(session)
    assert (ended.settled_at, ended.ended, ended.decision_id) == (clock(), NoticeEnd.WITHDRAWN, None)
    assert waits.settled_at is None
    assert "zurückgezogen, bevor die Moderation entschieden hat" in app.test_client().get(status).text
    clock.advance(UNDO_FOR + timedelta(seconds=1))
    with app.app_context():
        jobs.forget_old()
    assert notices(session)[0].email is None


def test_an_address_that_is_none_is_named(session: Session, client: FlaskClient, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    answer = post(client, path(comment), kind="spam", text="Mein Satz.", email="keine Adresse")
    assert answer.status_code == 422 and "Mein Satz." in answer.text and "keine Adresse" in answer.text
    assert notices(session) == []


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
