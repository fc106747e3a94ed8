"""The discussion as pages: what is seen by whom, and what a press of a button does."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.audiences.models import Participant
from participation.contributions.models import Contribution
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Rating
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.everywhere.pages import faults_on, forms_on, text_of, tree_of
from tests.statements import Statements
from tests.world import CLOSES, RoundWords, a_citizen, a_person, a_round
from tests.world.discussion import TEXT, a_comment, a_rating, a_reply, decide, fresh_comment, premoderate
from tests.world.sign_in import post, signed_in

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def me(app: Flask, session: Session, ada: Who) -> FlaskClient:
    """Ada, signed in."""
    return signed_in(app, session, ada.person_id)


def said(session: Session) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(Contribution)).scalar_one()


def ratings(session: Session) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(Rating)).scalar_one()


def post_to(round: RoundWords) -> str:
    return f"/diskussion/{round.thread_id}/kommentare"


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_visitor_reads_comments_and_replies_and_whose_they_are(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    a_reply(session, comment, clock=clock, text="Das finde ich auch richtig so.")
    for path in (round.home, f"/kommentare/{comment}"):
        read = client.get(path)
        assert read.status_code == 200
        words = text_of(read.text)
        for part in ("Ada Öztürk", TEXT, "Das finde ich auch richtig so.", "nicht der Stadt", "01.06.2026, 12:00 Uhr"):
            assert part in words
        assert "Set-Cookie" not in read.headers
        assert "@example.org" not in read.text


def test_a_text_carries_its_language_and_its_direction(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    a_comment(session, round, clock=clock, text="There should be more benches.", language="en")
    body = next(one for one in tree_of(client.get(round.home).text).iter("div") if one.get("class") == "comment__body")
    assert body.get("lang") == "en"
    assert body[0].get("dir") == "auto"


@pytest.mark.parametrize("path", ["/kommentare/4711", "/diskussion/4711", "/kommentare/4711/bearbeitung"])
def test_what_is_not_there_is_answered_so(me: FlaskClient, path: str) -> None:
    assert me.get(path).status_code == 404


def test_a_reply_is_shown_below_the_comment_that_it_answers(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    reply = a_reply(session, comment, clock=clock)
    assert client.get(f"/kommentare/{reply}").location == f"/kommentare/{comment}#kommentar-{reply}"


def test_paging_goes_on_with_and_without_scripts(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    made = [a_comment(session, round, clock=clock, text=f"Kommentar Nummer {n:02}.") for n in range(21)]
    first = client.get(round.home).text
    link = next(one for one in tree_of(first).iter("a") if one.get("rel") == "next" and one.get("data-hx-get"))
    plain = client.get((link.get("href") or "").partition("#")[0]).text
    quick = client.get(link.get("data-hx-get") or "", headers=FRAGMENT).text
    for answer in (plain, quick):
        assert re.findall(r'id="kommentar-(\d+)"', answer) == [str(made[0])]
    assert f'id="{(link.get("data-hx-target") or "")[1:]}"' in quick
    assert "<main" not in quick
    assert client.get(link.get("data-hx-get") or "").location.startswith(round.home + "?after=")


# ── Sums ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _with_a_striking_sum(session: Session, comment: int, thread: int) -> None:
    from participation.discussion.models import Comment, Thread

    with transaction(session):
        counted = session.get_one(Comment, comment)
        counted.agree, counted.disagree, counted.passed = 98761, 98762, 98763
        talk = session.get_one(Thread, thread)
        talk.in_favour, talk.against, talk.question, talk.neutral = 98764, 98765, 98766, 98767


def test_hidden_sums_stand_nowhere_in_any_page(
    app: Flask, me: FlaskClient, client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comments = [a_comment(session, round, clock=clock, who=who) for who in (ada, a_citizen(session))]
    for comment in comments:
        _with_a_striking_sum(session, comment, round.thread_id)
        for path in (
            round.home,
            f"{round.home}?reihenfolge=zustimmung",
            f"{round.home}?haltung=in_favour",
            f"/kommentare/{comment}",
        ):
            for somebody in (client, me):
                answer = somebody.get(path)
                assert answer.status_code == 200
                assert not re.search(r"98\.?76\d", answer.text + str(answer.headers)), path
    quick = post_quick(me, comments[1], "agree")
    assert not re.search(r"98\.?76\d", quick)


def test_shown_sums_stand_beside_buttons_and_choices(
    me: FlaskClient, session: Session, open_sums: RoundWords, clock: StoppedClock
) -> None:
    _, comment = (a_comment(session, open_sums, clock=clock) for _ in range(2))
    _with_a_striking_sum(session, comment, open_sums.thread_id)
    words = text_of(me.get(open_sums.home).text)
    for number in range(98761, 98768):
        assert f"98.{number % 1000}" in words


# ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_comment_is_posted_and_shown_at_once(me: FlaskClient, session: Session, round: RoundWords, ada: Who) -> None:
    sent = post(me, post_to(round), stance="question", text="  Wer bezahlt das?\r\n\r\nUnd wann? ", shown_as="Ada Ö.")
    assert sent.status_code == 303
    assert said(session) == 1
    written = session.execute(select(Contribution)).scalar_one()
    assert sent.location == f"{round.home}#kommentar-{written.id}"
    assert written.text == "Wer bezahlt das?\n\nUnd wann?"
    words = text_of(me.get(round.home).text)
    assert "Ada Ö." in words
    assert "veröffentlicht" in words


def test_a_second_click_leads_to_what_the_first_one_wrote(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    typed = {"text": TEXT, "stance": "in_favour", "shown_as": "Ada Ö."}
    first, second = (post(me, post_to(round), **typed) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert said(session) == 1
    comment = int(first.location.rpartition("-")[2])
    answers = [post(me, f"/kommentare/{comment}/antworten", text=TEXT) for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert said(session) == 2


def test_who_sends_again_what_was_withheld_is_told_so(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    typed = {"text": TEXT, "stance": "in_favour", "shown_as": "Ada Ö."}
    written = post(me, post_to(round), **typed).location
    decide(session, int(written.rpartition("-")[2]), "withheld", reason="spam")
    again = post(me, post_to(round), **typed)
    assert again.location == written
    assert "Diesen Beitrag hat die Moderation schon zurückgehalten." in text_of(me.get(again.location).text)


def test_the_name_is_asked_for_once_and_the_last_one_offered(
    me: FlaskClient, session: Session, round: RoundWords, ada: Who
) -> None:
    def offered() -> dict[str, str]:
        return dict(
            next(form for form in forms_on(me.get(round.home).text, round.home) if form.action == post_to(round)).fields
        )

    assert offered()["shown_as"] == "Ada Öztürk"
    unnamed = post(me, post_to(round), stance="neutral", text=TEXT)
    assert unnamed.status_code == 422
    assert "wählen Sie einen Namen" in text_of(unnamed.text)
    assert said(session) == 0
    post(me, post_to(round), stance="neutral", text=TEXT, shown_as="Ada")
    assert "shown_as" not in offered()
    assert post(me, post_to(round), stance="neutral", text=TEXT).status_code == 303


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"stance": "", "text": TEXT}, "Haltung"),
        ({"stance": "hurra", "text": TEXT}, ""),
        ({"stance": "neutral", "text": "zu kurz"}, "Bitte schreiben Sie bei »Ihr Text« mindestens 10 Zeichen."),
        ({"stance": "neutral", "text": ""}, "schreiben Sie etwas"),
        ({"stance": "neutral", "text": "ü" * 5001}, "höchstens 5.000 Zeichen"),
        ({"stance": "neutral", "text": TEXT, "shown_as": "Moderation"}, "Dieser Name geht nicht"),
    ],
)
def test_what_does_not_hold_comes_back_with_what_was_typed(
    me: FlaskClient, session: Session, round: RoundWords, fields: dict[str, str], reason: str
) -> None:
    answer = post(me, post_to(round), **fields)
    assert answer.status_code == 422
    assert reason in text_of(answer.text)
    again = next(form for form in forms_on(answer.text, post_to(round)) if form.action == post_to(round))
    assert dict(again.fields)["text"] == fields["text"]
    assert said(session) == 0


def test_what_was_typed_when_the_time_ran_out_is_given_back(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    clock.at = CLOSES
    typed = {"stance": "neutral", "text": "Was ich noch sagen wollte.", "shown_as": "Ada"}
    for path in (post_to(round), f"/kommentare/{comment}/antworten"):
        late = post(me, path, **typed)
        assert late.status_code == 409
        assert "Was ich noch sagen wollte." in text_of(late.text)
    assert said(session) == 1


def test_a_visitor_writes_first_and_signs_in_then(client: FlaskClient, session: Session, round: RoundWords) -> None:
    form = next(form for form in forms_on(client.get(round.home).text, round.home) if form.action == post_to(round))
    assert form.typed == {"text", "shown_as"}
    sent = client.post(post_to(round), data={"stance": "neutral", "text": TEXT, "shown_as": "Neu hier"})
    assert sent.status_code == 303
    assert sent.location.startswith("/anmelden?vorhaben=")
    assert said(session) == 0


def test_where_moderation_reads_first_the_author_is_told_and_sees_the_text_alone(
    app: Flask, me: FlaskClient, client: FlaskClient, session: Session, round: RoundWords
) -> None:
    premoderate(session, round.thread_id)
    post(me, post_to(round), stance="neutral", text="Nur für mich zu sehen.", shown_as="Ada")
    mine = text_of(me.get(round.home).text)
    assert "Die Moderation liest Ihren Beitrag" in mine
    assert "Nur für mich zu sehen." in mine
    assert "Nur für mich zu sehen." not in client.get(round.home).text


def test_a_reply_is_posted_and_shown_below(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    sent = post(me, f"/kommentare/{comment}/antworten", text="Das sehe ich genauso.", shown_as="Ada")
    session.rollback()
    reply = session.execute(select(func.max(Contribution.id))).scalar_one()
    assert sent.location == f"/kommentare/{comment}#kommentar-{reply}"
    assert "Das sehe ich genauso." in me.get(f"/kommentare/{comment}").text
    assert post(me, f"/kommentare/{comment}/antworten", text="kurz").status_code == 422
    assert post(me, f"/kommentare/{reply}/antworten", text="Noch eine Ebene tiefer.").status_code == 409


def test_edit_and_withdraw(me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    path = f"/kommentare/{comment}/bearbeitung"
    form = next(form for form in forms_on(me.get(path).text, path) if form.action == path)
    assert {"text": TEXT, "stance": "in_favour"}.items() <= dict(form.fields).items()
    assert post(me, path, text="kurz", stance="neutral").status_code == 422
    assert post(me, path, text="Jetzt steht es anders da.", stance="neutral").status_code == 303
    assert "bearbeitet" in text_of(me.get(round.home).text)
    a_rating(session, comment, clock=clock)
    late = post(me, path, text="Und noch einmal ganz anders.", stance="neutral")
    assert late.status_code == 409
    assert "Und noch einmal ganz anders." in text_of(late.text)
    away = f"/kommentare/{comment}/ruecknahme"
    assert "Jetzt steht es anders da." in me.get(away).text
    assert post(me, away).location == f"{round.home}#diskussion"
    assert "Jetzt steht es anders da." not in me.get(round.home).text


def test_nobody_opens_the_forms_of_what_others_wrote(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    for path in (f"/kommentare/{comment}/bearbeitung", f"/kommentare/{comment}/ruecknahme"):
        assert me.get(path).status_code == 404
        assert post(me, path, text=TEXT, stance="neutral").status_code in (403, 404)
    assert fresh_comment(session, comment).stance == Stance.IN_FAVOUR


# ── Rating ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def post_quick(client: FlaskClient, comment: int, value: str) -> str:
    from tests.world.sign_in import token_of

    data = {"csrf_token": token_of(client), "value": value}
    answer = client.post(f"/kommentare/{comment}/bewertung", data=data, headers=FRAGMENT)
    assert answer.status_code == 200
    return answer.text


def pressed(html: str, comment: int) -> list[str]:
    return [
        one.get("value", "")
        for one in tree_of(html).iter("button")
        if one.get("aria-pressed") == "true" and one.get("id", "").startswith(f"bewertung-{comment}-")
    ]


def test_each_press_is_saved_and_shown_as_pressed(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    reply = a_reply(session, comment, clock=clock)
    for one in (comment, reply):
        for value in ("agree", "pass", "disagree"):
            post(me, f"/kommentare/{one}/bewertung", value=value)
            assert pressed(me.get(round.home).text, one) == [value]
    post(me, f"/kommentare/{comment}/bewertung/ruecknahme")
    assert pressed(me.get(round.home).text, comment) == []
    assert ratings(session) == 1


def test_a_quick_press_brings_the_piece_that_changed(
    me: FlaskClient, session: Session, open_sums: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, open_sums, clock=clock)
    a_rating(session, comment, clock=clock, value=Value.AGREE)
    piece = post_quick(me, comment, "agree")
    assert "<main" not in piece
    assert f'id="bewertung-{comment}"' in piece
    assert "Gespeichert: Stimme zu." in piece
    assert pressed(piece, comment) == ["agree"]
    assert "Stimme zu 2" in text_of(piece)


def test_a_press_leads_back_to_where_it_was_pressed(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    from tests.world.sign_in import token_of

    comment = a_comment(session, round, clock=clock)

    def came_back(referrer: str) -> str:
        data = {"csrf_token": token_of(me), "value": "agree"}
        answer = me.post(f"/kommentare/{comment}/bewertung", data=data, headers={"Referer": referrer})
        assert answer.status_code == 303
        return answer.location

    here, alone = f"#kommentar-{comment}", f"/kommentare/{comment}#kommentar-{comment}"
    assert (
        came_back(f"http://localhost{round.home}?after=99&haltung=neutral")
        == f"{round.home}?after=99&haltung=neutral{here}"
    )
    assert came_back(f"http://localhost/kommentare/{comment}") == alone
    for foreign in (
        "",
        "https://boese.example" + round.home,
        "http://localhost//boese.example",
        "http://localhost/konto",
    ):
        assert came_back(foreign) == alone


@pytest.mark.parametrize("value", ["", "hurra", "AGREE", "agree\x00"])
def test_a_rating_that_is_none_is_refused(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, value: str
) -> None:
    comment = a_comment(session, round, clock=clock)
    assert post(me, f"/kommentare/{comment}/bewertung", value=value).status_code == 422
    assert ratings(session) == 0


def test_ones_own_comment_and_a_closed_talk_offer_no_buttons(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    def offers(comment: int) -> bool:
        return f'action="/kommentare/{comment}/bewertung"' in me.get(round.home).text

    mine, others = a_comment(session, round, clock=clock, who=ada), a_comment(session, round, clock=clock)
    a_rating(session, others, clock=clock, who=ada)
    assert not offers(mine)
    assert offers(others)
    clock.at = CLOSES
    assert not offers(others)
    closed = text_of(me.get(round.home).text)
    assert "Ihre Bewertung: Stimme zu" in closed
    assert "Kommentar abschicken" not in closed
    assert post(me, f"/kommentare/{others}/bewertung", value="pass").status_code == 409


def test_nobody_is_asked_to_begin_before_the_talk_does(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    coming = a_round(session, opens=clock() + timedelta(days=7), closes=clock() + timedelta(days=35))
    told = text_of(client.get(coming.home).text)
    assert "Noch hat niemand geschrieben." in told
    assert "Machen Sie den Anfang" not in told


# ── Traces ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_trace_names_the_rule_and_the_author_is_led_to_the_reason(
    me: FlaskClient, client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada, text="Das darf niemand mehr lesen.")
    decide(session, comment, "withheld", reason="private")
    page = client.get(round.home).text
    assert "Das darf niemand mehr lesen." not in page
    assert "Ada Öztürk" not in page
    assert "Regel 3: Keine privaten Daten" in text_of(page)
    assert 'href="/netiquette#regel-3"' in page
    mine = me.get(round.home).text
    assert "Das darf niemand mehr lesen." in mine
    assert 'href="/meine-beteiligung"' in mine
    for act in ("bearbeitung", "ruecknahme"):
        told = me.get(f"/kommentare/{comment}/{act}").text
        assert "Ändern und zurückziehen geht nicht mehr" in told and "für alle verborgen" not in told
        assert f'action="/kommentare/{comment}/{act}"' not in told


# ── The name ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_name_can_be_changed_and_the_page_of_visitors_changes_with_it(
    me: FlaskClient, client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    a_comment(session, round, clock=clock, who=ada)
    first = client.get(round.home)
    assert client.get(round.home, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert post(me, "/konto/name", name="Amt 5, Verwaltung").status_code == 422
    assert post(me, "/konto/name", name=" Ada   Neu ").status_code == 303
    second = client.get(round.home, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "Ada Neu" in second.text
    assert "Ada Öztürk" not in second.text


# ── Limits and budgets ────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_writes_faster_than_anybody_reads_is_slowed_down(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("participation.discussion.views.MOST_TEXTS", 2)
    texts = [f"{TEXT} Zum {number}. Mal." for number in range(3)]
    sent = [post(me, post_to(round), stance="neutral", text=text, shown_as="Ada").status_code for text in texts]
    assert sent == [303, 303, 429]
    assert said(session) == 2
    clock.advance(timedelta(hours=1))
    assert post(me, post_to(round), stance="neutral", text=TEXT).status_code == 303


def test_a_rating_stays_within_its_budget(
    me: FlaskClient,
    session: Session,
    round: RoundWords,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    comment = a_comment(session, round, clock=clock)
    post_quick(me, comment, "agree")
    with statements() as seen:
        post_quick(me, comment, "pass")
    assert len(seen) <= 20, str(seen)


def test_every_page_is_sound(
    me: FlaskClient, client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    a_reply(session, comment, clock=clock)
    own = a_comment(session, round, clock=clock, who=ada)
    for path in (
        round.home,
        f"/kommentare/{comment}",
        f"/kommentare/{own}/bearbeitung",
        f"/kommentare/{own}/ruecknahme",
        "/konto/name",
        "/netiquette",
    ):
        answer = me.get(path)
        assert answer.status_code == 200
        assert faults_on(answer.text) == []
        ids = [one.get("id") for one in tree_of(answer.text).iter() if one.get("id")]
        assert len(ids) == len(set(ids)), path


def test_a_participant_is_made_by_acts_alone(
    app: Flask, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment, somebody = a_comment(session, round, clock=clock), a_person(session)
    reader = signed_in(app, session, somebody)
    for path in (round.home, f"/kommentare/{comment}", f"/kommentare/{comment}#antworten"):
        reader.get(path)
    found = select(func.count()).select_from(Participant).where(Participant.person_id == somebody)
    assert session.execute(found).scalar_one() == 0
