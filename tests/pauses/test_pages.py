"""Pages about pauses: what somebody reads who may not write, and what officials see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.letters.commands import claim_letter
from participation.letters.jobs import written
from participation.moderation.models import ModerationDecision
from participation.pauses import commands
from participation.pauses.commands import confirm
from participation.pauses.facts import LADDER
from participation.pauses.models import LegalBasis
from tests.everywhere.pages import forms_on, text_of
from tests.statements import Statements
from tests.world import a_round, a_staff_member
from tests.world.moderation import a_comment, publish
from tests.world.pauses import REASON, Trouble, trouble
from tests.world.sign_in import post, signed_in


@pytest.fixture
def case(session: Session, clock: StoppedClock) -> Trouble:
    return trouble(session, a_round(session), clock)


def test_who_tries_to_write_keeps_the_text_and_finds_reason_and_remedy(
    app: Flask, session: Session, clock: StoppedClock, case: Trouble
) -> None:
    theirs = a_comment(session, case.round, clock=clock, text="Mehr Licht am Bahnhof.")
    case.pause(session, clock)
    author = signed_in(app, session, case.author.person_id)
    typed = "Ich will aber etwas sagen."
    for path in (f"/diskussion/{case.round.thread_id}/kommentare", f"/kommentare/{theirs}/antworten"):
        answer = post(author, path, text=typed, stance="neutral")
        assert answer.status_code == 403
        assert "02.06.2026, 12:10 Uhr nichts schreiben" in text_of(answer.text)
        assert typed in answer.text
        assert 'href="/schreibpausen"' in answer.text
    told = text_of(author.get("/schreibpausen").text)
    for words in (REASON, "Regel 1", "§ 7 Satzung", "02.06.2026, 12:10 Uhr", "Überprüfung verlangen"):
        assert words in told


def test_the_way_from_proposal_to_second_look(app: Flask, session: Session, clock: StoppedClock, case: Trouble) -> None:
    comment = case.insult(session, clock)
    one, other, third = (signed_in(app, session, person) for person in (case.one, case.other, case.third))
    assert f"/moderation/{comment}/schreibpause" in one.get(f"/moderation/{comment}").text
    answer = post(one, f"/moderation/{comment}/schreibpause", rule="persons", reason=REASON)
    assert answer.status_code == 303
    path = answer.location
    late = post(third, f"/moderation/{comment}/schreibpause", rule="persons", reason="Auch mein Grund.")
    assert late.status_code == 422 and "Auch mein Grund." in late.text
    assert "/bestaetigung" not in one.get(path).text
    assert post(one, f"{path}/bestaetigung").status_code == 403
    assert "/bestaetigung" in other.get(path).text
    assert post(other, f"{path}/bestaetigung").status_code == 303
    author = signed_in(app, session, case.author.person_id)
    asking = path.replace("/moderation", "") + "/ueberpruefung"
    assert post(author, asking, words="").status_code == 422
    assert post(author, asking, words="Das war Satire.").status_code == 303
    clock.advance(timedelta(hours=30))
    for listed in ("/moderation?liste=pauses", "/moderation/schreibpausen"):
        assert "seit 30 Stunden" in text_of(third.get(listed).text)
    assert "Schreibpausen (1, 1 überfällig)" in text_of(third.get("/moderation").text)
    opened = post(third, f"/moderation/{comment}/bearbeitung", schreibpause=path.rpartition("/")[2], listed="pauses")
    assert opened.location == path and "Gerade offen bei einer anderen Person" in other.get(path).text
    assert "Das war Satire." in third.get(path).text
    assert "Ergebnis" not in text_of(other.get(path).text)
    assert post(third, f"{path}/ueberpruefung", outcome="reversed", reason="").status_code == 422
    assert post(third, f"{path}/ueberpruefung", outcome="reversed", reason="Stimmt, Satire.").status_code == 303
    late = post(third, f"{path}/ueberpruefung", outcome="upheld", reason="Keine Satire.")
    assert late.status_code == 422 and "Keine Satire." in late.text
    assert "Schreibpausen (" not in text_of(third.get("/moderation").text)
    assert "Stimmt, Satire." in text_of(author.get("/schreibpausen").text)


def test_every_page_says_that_it_ended_because_the_contribution_is_public_again(
    app: Flask, session: Session, clock: StoppedClock, case: Trouble
) -> None:
    comment = case.insult(session, clock)
    made = case.propose(session, clock, comment)
    confirm(session, pause_id=made, by=case.other, clock=clock)
    cited = session.execute(select(ModerationDecision.id)).scalar_one()
    session.rollback()
    clock.advance(timedelta(hours=2))
    publish(session, comment, by=case.third, clock=clock, last_seen=cited)
    third, author = (signed_in(app, session, person) for person in (case.third, case.author.person_id))
    asking = f"/schreibpausen/{made}/ueberpruefung"
    seen = [third.get(path).text for path in ("/moderation/schreibpausen", f"/moderation/schreibpausen/{made}")]
    seen += [author.get(path).text for path in ("/schreibpausen", asking)]
    for page in map(text_of, seen):
        assert "Vorzeitig beendet" in page and "wieder öffentlich ist" in page
        assert "01.06.2026, 14:10 Uhr" in page and "Überprüfung verlangen</a>" not in page
    assert "nichts mehr zu überprüfen" in seen[-1] and "Um Überprüfung bitten" not in seen[-1]
    late = post(author, asking, words="Das war Satire.")
    assert late.status_code == 422 and "neu entschieden wurde" in late.text and "Das war Satire." in late.text


def test_of_pauses_of_others_nothing_is_said(app: Flask, session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.pause(session, clock)
    stranger = signed_in(app, session, a_staff_member(session, office_id=a_round(session).office_id))
    assert stranger.get(f"/moderation/schreibpausen/{made}").status_code == 404
    assert stranger.get(f"/schreibpausen/{made}/ueberpruefung").status_code == 404
    assert post(stranger, f"/schreibpausen/{made}/ueberpruefung", words="Ich.").status_code == 404
    assert stranger.get(f"/verwaltung/schreibpausen/{case.round.office_id}").status_code == 404


def fields_of(html: str, path: str) -> dict[str, str]:
    return dict(next(form.fields for form in forms_on(html, path) if form.action == path))


def test_staff_switches_pauses_on_and_off(app: Flask, session: Session, clock: StoppedClock) -> None:
    case = trouble(session, a_round(session), clock, allowed=False)
    comment = case.insult(session, clock)
    one = signed_in(app, session, case.one)
    assert "ausgeschaltet" in text_of(one.get(f"/moderation/{comment}/schreibpause").text)
    refused = post(one, f"/moderation/{comment}/schreibpause", rule="persons", reason=REASON)
    assert refused.status_code == 422
    staff = signed_in(app, session, a_staff_member(session, office_id=case.round.office_id))
    path = f"/verwaltung/schreibpausen/{case.round.office_id}"
    typed = post(staff, path, reference="", text_de="Erlaubt es.")
    assert typed.status_code == 422
    assert "Erlaubt es." in typed.text
    assert post(staff, path, reference="§ 7", text_de="Erlaubt es.").status_code == 303
    assert "§ 7" in text_of(staff.get("/verwaltung/schreibpausen").text)
    late = post(staff, path, seen="", reference="§ 8", text_de="Erlaubt mehr.")
    assert late.status_code == 422 and "inzwischen geändert" in late.text, "who read none does not write over one"
    assert "<strong>§ 7</strong>" in late.text and "Erlaubt mehr." in late.text
    read = fields_of(staff.get(path).text, path)
    clock.advance(timedelta(minutes=1))
    assert post(staff, path, **fields_of(late.text, path)).status_code == 303
    assert post(staff, path, **read | {"reference": "§ 9"}).status_code == 422
    session.rollback()
    assert session.execute(select(LegalBasis.reference)).scalar_one() == "§ 8"
    assert post(one, f"/moderation/{comment}/schreibpause", rule="persons", reason=REASON).status_code == 303
    shown = fields_of(staff.get(path).text, path)
    assert post(staff, f"{path}/abschaltung").status_code == 303
    removed = post(staff, path, **shown)
    assert removed.status_code == 422 and "Sie wurde entfernt." in removed.text and "§ 8" in removed.text
    session.rollback()
    assert session.execute(select(LegalBasis)).first() is None


@pytest.mark.parametrize(("language", "words"), [("de", "Sie können für eine Zeit"), ("en", "You cannot write")])
def test_the_letter_is_in_the_language_of_its_reader(
    app: Flask, session: Session, clock: StoppedClock, case: Trouble, language: str, words: str
) -> None:
    with transaction(session):
        session.execute(update(Person).where(Person.id == case.author.person_id).values(language=language))
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    commands.review(
        session, pause_id=made, by=case.third, outcome=commands.Outcome.UPHELD, reason="Darum.", clock=clock
    )
    with app.test_request_context():
        due = [claim_letter(session, clock=clock) for _ in range(20)]
        mails = [written(one, app.extensions["settings"]) for one in due if one and one.template.startswith("pauses/")]
    told, asked, reviewed = (mail.get_content() for mail in mails)
    assert mails[0]["Subject"].startswith(words)
    for expected in (REASON, "§ 7 Satzung", "/schreibpausen", "12:10"):
        assert expected in told
    assert "12:10" in asked and "/schreibpausen" in asked
    assert "Darum." in reviewed


def test_the_lists_cost_the_same_however_long(
    app: Flask,
    session: Session,
    clock: StoppedClock,
    case: Trouble,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    one, author = signed_in(app, session, case.one), signed_in(app, session, case.author.person_id)
    spent = []
    for _ in range(2):
        case.pause(session, clock)
        clock.advance(LADDER[1] + timedelta(minutes=1))
        for client, path in ((one, "/moderation/schreibpausen"), (author, "/schreibpausen")):
            with statements() as seen:
                assert client.get(path).status_code == 200
            spent.append(len(seen))
    assert spent[:2] == spent[2:]
    assert max(spent) <= 4
