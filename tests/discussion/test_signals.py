"""What signals do where people write: a hint before, a stop with its reason after, and nothing to honest talk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.accounts.models import Intent
from participation.audiences.facts import Who
from participation.audiences.models import Audience, Participant
from participation.contributions import commands as contributions
from participation.contributions import queries
from participation.contributions.facts import Hint, ReadFirst, Signal
from participation.contributions.models import Contribution, ContributionSignal, SignalRules
from participation.contributions.signals import BURST, LITTLE_WHILE
from participation.discussion import commands
from participation.discussion.facts import Stance
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.everywhere.pages import faults_on, forms_on, text_of
from tests.statements import Statements
from tests.world import RoundWords, a_citizen, a_round
from tests.world.discussion import TEXT, a_comment, a_reply, decide, everything, fresh_thread, premoderate
from tests.world.sign_in import post, sign_in, signed_in

Noted = Callable[[], AbstractContextManager[Statements]]
RUDE = "Wer das geplant hat, ist ein Idiot."
LINKS = "Mehr steht auf https://a.example, https://b.example und https://c.example zu lesen."
SPAM = "Heute 500 Euro gewinnen: Melden Sie sich jetzt an und holen Sie den großen Bonus für neue Spieler ab."


@pytest.fixture
def me(app: Flask, session: Session, ada: Who) -> FlaskClient:
    """Ada, signed in."""
    return signed_in(app, session, ada.person_id)


def keep_rules(session: Session, round: RoundWords, clock: StoppedClock, *, first: int = 0) -> None:
    """Let the round's office keep a word list."""
    with transaction(session):
        office_id = session.get_one(Audience, round.audience_id).office_id
        words = {"de": ["Idiot*"], "en": [], "mul": []}
        session.add(SignalRules(office_id=office_id, words=words, first_contributions=first, changed_at=clock()))


def state_and_signals(session: Session, comment: int) -> tuple[str, tuple[Signal, ...]]:
    session.rollback()
    state = session.execute(select(Contribution.state).where(Contribution.id == comment)).scalar_one()
    return state, queries.signals_of(session, [comment]).get(comment, ())


def written(session: Session) -> int:
    """Return the newest contribution."""
    session.rollback()
    return session.execute(select(func.max(Contribution.id))).scalar_one()


# ── Holding ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("text", "signal"), [(RUDE, Signal.LISTED_WORD), (LINKS, Signal.LINKS)])
def test_a_text_with_a_signal_waits_uncounted_and_the_kind_is_kept(
    session: Session, round: RoundWords, clock: StoppedClock, text: str, signal: Signal
) -> None:
    keep_rules(session, round, clock)
    comment = a_comment(session, round, clock=clock)
    assert state_and_signals(session, comment) == ("published", ())
    held = a_comment(session, round, clock=clock, text=text)
    assert state_and_signals(session, held) == ("held", (signal,))
    reply = a_reply(session, comment, clock=clock, text=text)
    assert state_and_signals(session, reply) == ("held", (signal,))
    assert (fresh_thread(session, round.thread_id).comments, fresh_thread(session, round.thread_id).replies) == (1, 0)
    assert counters_that_differ(session) == []


def test_lists_of_one_office_are_not_those_of_another(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    keep_rules(session, round, clock)
    elsewhere = a_round(session)
    assert state_and_signals(session, a_comment(session, elsewhere, clock=clock, text=RUDE)) == ("published", ())


def test_the_list_is_that_of_the_language_of_the_page(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    keep_rules(session, round, clock)
    english = a_comment(session, round, clock=clock, text=RUDE, language="en")
    assert state_and_signals(session, english) == ("published", ())


def test_the_first_contributions_of_an_account_wait_until_so_many_are_public(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    keep_rules(session, round, clock, first=2)
    elsewhere = a_round(session)
    a_comment(session, elsewhere, clock=clock, who=ada)
    first, second = (a_comment(session, round, clock=clock, who=ada, text=f"{TEXT} {n}") for n in (1, 2))
    assert state_and_signals(session, first) == state_and_signals(session, second) == ("held", (Signal.FIRST,))
    decide(session, first, "published")
    third = a_comment(session, round, clock=clock, who=ada, text=f"{TEXT} 3")
    assert state_and_signals(session, third) == ("published", ())
    assert state_and_signals(session, second) == ("held", (Signal.FIRST,))


def test_to_change_a_first_contribution_later_does_not_slip_past(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    keep_rules(session, round, clock, first=1)
    first = a_comment(session, round, clock=clock, who=ada)
    decide(session, first, "published")
    commands.edit_comment(session, comment_id=first, who=ada, text=TEXT + " Neu.", stance=None, clock=clock)
    assert state_and_signals(session, first) == ("held", (Signal.FIRST,))
    assert fresh_thread(session, round.thread_id).comments == 0


def test_guests_wait_always(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    with transaction(session):
        guest = Participant(audience_id=round.audience_id, kind="guest", guest_key_hash="x", shown_as="Gast")
        session.add(guest)
        session.flush()
        found = contributions.weigh(
            session, author=guest, window_id=round.talk_window_id, text=TEXT, language="de", noticed=()
        )
    assert found == (Signal.GUEST,)


def test_what_is_like_something_withheld_here_waits(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    spam = a_comment(session, round, clock=clock, text=SPAM)
    assert state_and_signals(session, a_comment(session, round, clock=clock, text=SPAM))[0] == "published"
    decide(session, spam, "withheld", reason="spam")
    again = a_comment(session, round, clock=clock, text=SPAM.replace("500", "700"))
    assert state_and_signals(session, again) == ("held", (Signal.LIKENESS,))
    assert state_and_signals(session, a_comment(session, round, clock=clock))[0] == "published"
    elsewhere = a_comment(session, a_round(session), clock=clock, text=SPAM)
    assert state_and_signals(session, elsewhere)[0] == "published"
    decide(session, spam, "published")
    assert state_and_signals(session, a_comment(session, round, clock=clock, text=SPAM))[0] == "published"


def test_what_was_withheld_elsewhere_before_an_import_is_no_measure(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    decide(session, a_comment(session, round, clock=clock, text=SPAM), "withheld", reason="imported")
    assert state_and_signals(session, a_comment(session, round, clock=clock, text=SPAM))[0] == "published"


# ── Changing what was written ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_changed_text_is_weighed_anew(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    keep_rules(session, round, clock)
    comment = a_comment(session, round, clock=clock, who=ada)

    def edit(text: str) -> tuple[str, tuple[Signal, ...]]:
        commands.edit_comment(session, comment_id=comment, who=ada, text=text, stance=None, clock=clock)
        return state_and_signals(session, comment)

    assert edit(TEXT + " Neu.") == ("published", ())
    assert edit(RUDE) == ("held", (Signal.LISTED_WORD,))
    assert edit(LINKS) == ("held", (Signal.LINKS,))
    assert edit(TEXT) == ("held", (Signal.LINKS,)), "what waits goes on waiting, for the reason it had"
    decide(session, comment, "published")
    assert edit(TEXT + " Noch einmal.")[0] == "published"
    assert edit(RUDE + LINKS) == ("held", (Signal.LISTED_WORD, Signal.LINKS))
    decide(session, comment, "published")
    premoderate(session, round.thread_id)
    assert edit(TEXT) == ("held", ()), "an old reason is not told where everything is read"
    assert counters_that_differ(session) == []


def test_what_is_erased_or_never_seen_leaves_no_signal(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    keep_rules(session, round, clock)
    a_comment(session, round, clock=clock, who=ada, text=RUDE)
    told = [one.facts for one in queries.held_about(session, ada.person_id)]
    assert [one.get("signals") for one in told] == [["listed_word"]]
    contributions.forget(session, ada.person_id, clock)
    session.rollback()
    assert session.execute(select(func.count()).select_from(ContributionSignal)).scalar_one() == 0


# ── Hints before sending ──────────────────────────────────────────────────────────────────────────────────────────────
def test_a_hint_keeps_nothing_until_it_was_read(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    untouched = everything(session)
    text = "Rufen Sie mich an unter 0234 910-0."

    def send(read: frozenset[Hint]) -> int:
        return commands.post_comment(
            session,
            thread_id=round.thread_id,
            who=ada,
            text=text,
            stance=Stance.NEUTRAL,
            language="de",
            clock=clock,
            read=read,
        ).id

    with pytest.raises(ReadFirst) as told:
        send(frozenset({Hint.EMAIL}))
    assert [(one.kind, one.what) for one in told.value.hints] == [(Hint.PHONE, ("0234 910-0",))]
    assert everything(session) == untouched
    assert state_and_signals(session, send(frozenset({Hint.PHONE}))) == ("published", ())


def post_to(round: RoundWords) -> str:
    return f"/diskussion/{round.thread_id}/kommentare"


def test_the_page_of_a_hint_shows_the_text_and_sends_it_as_it_is(
    me: FlaskClient, session: Session, round: RoundWords
) -> None:
    typed = {"stance": "question", "text": "Wer hat die Nummer 0234 910-0 <b>gewählt</b>?", "shown_as": "Ada"}
    answer = post(me, post_to(round), **typed)
    assert answer.status_code == 422
    for part in ("Noch ist nichts abgeschickt", "Telefonnummer", "0234 910-0"):
        assert part in text_of(answer.text)
    assert faults_on(answer.text) == []
    again = next(form for form in forms_on(answer.text, post_to(round)) if form.action == post_to(round))
    assert typed.items() <= dict(again.fields).items()
    assert session.execute(select(func.count()).select_from(Contribution)).scalar_one() == 0
    assert post(me, post_to(round), **dict(again.fields)).status_code == 303
    assert state_and_signals(session, written(session)) == ("published", ())


def test_a_changed_text_is_looked_at_again_for_other_things(
    me: FlaskClient, session: Session, round: RoundWords
) -> None:
    first = post(me, post_to(round), stance="neutral", text="Meine Nummer: 0234 910-0, bitte.", shown_as="Ada")
    form = next(form for form in forms_on(first.text, post_to(round)) if form.action == post_to(round))
    changed = {**dict(form.fields), "text": "Meine Nummer: 0234 910-0, oder ada@example.org."}
    second = post(me, post_to(round), **changed)
    assert second.status_code == 422
    assert "E-Mail-Adresse" in text_of(second.text)
    form = next(form for form in forms_on(second.text, post_to(round)) if form.action == post_to(round))
    assert dict(form.fields)["hints_read"] == "email,phone"
    assert post(me, post_to(round), **dict(form.fields)).status_code == 303


def test_replies_and_edits_have_the_same_hints(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    other, own = a_comment(session, round, clock=clock), a_comment(session, round, clock=clock, who=ada)
    for path, more in (
        (f"/kommentare/{other}/antworten", {}),
        (f"/kommentare/{own}/bearbeitung", {"stance": "neutral"}),
    ):
        answer = post(me, path, text="Schreiben Sie an ada@example.org.", **more)
        assert answer.status_code == 422
        assert "Noch ist nichts abgeschickt" in text_of(answer.text)
        assert faults_on(answer.text) == []
        form = next(form for form in forms_on(answer.text, path) if form.action == path)
        assert post(me, path, **dict(form.fields)).status_code == 303


def test_what_was_typed_before_signing_in_gets_its_hint_then_and_is_sent_once(
    app: Flask, client: FlaskClient, session: Session, round: RoundWords, ada: Who
) -> None:
    """Also what the hint's own page sends after the session has ended."""
    typed = {"stance": "neutral", "text": "Nummer: 0234 910-0.", "shown_as": "Ada"}
    read = {**typed, "text": "Nummer: 0234 910-1.", "hints_read": "phone"}
    for fields, hinted in ((typed, True), (read, False)):
        kept = client.post(post_to(round), data=fields).location.rpartition("vorhaben=")[2]
        me = sign_in(app.test_client(), session, ada.person_id)
        with transaction(session):
            session.get_one(Intent, UUID(kept)).person_id = ada.person_id
        page = me.get(f"/fortsetzen/{kept}")
        if hinted:
            offered = next(form for form in forms_on(page.text, "/") if form.action == post_to(round))
            page = post(me, post_to(round), **dict(offered.fields))
            assert page.status_code == 422
            assert "Noch ist nichts abgeschickt" in text_of(page.text)
        assert me.get(f"/fortsetzen/{kept}").status_code == 200, "nothing is lost before it was sent"
        again = next(form for form in forms_on(page.text, post_to(round)) if form.action == post_to(round))
        assert post(me, post_to(round), **dict(again.fields)).status_code == 303
        assert me.get(f"/fortsetzen/{kept}").status_code == 410
    session.rollback()
    assert session.execute(select(func.count()).select_from(Contribution)).scalar_one() == 2


def test_nonsense_in_the_hidden_field_is_no_reading(me: FlaskClient, session: Session, round: RoundWords) -> None:
    for nonsense in ("", "phone;email", "Phone", "x" * 3000, ",,,"):
        answer = post(
            me, post_to(round), stance="neutral", text="Nummer: 0234 910-0.", shown_as="Ada", hints_read=nonsense
        )
        assert answer.status_code == 422


# ── What the author is told ───────────────────────────────────────────────────────────────────────────────────────────
def test_the_author_is_told_why_it_waits_and_nobody_else_sees_it(
    me: FlaskClient, client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    why = "Ihr Beitrag wird vor der Veröffentlichung geprüft, weil er drei oder mehr Links enthält."
    assert post(me, post_to(round), stance="neutral", text=LINKS, shown_as="Ada").status_code == 303
    page = text_of(me.get(round.home).text)
    assert page.count(why) == 2, "once when it was sent, once beside the text"
    assert text_of(me.get(round.home).text).count(why) == 1
    assert why in text_of(me.get(f"/kommentare/{written(session)}").text)
    assert "a.example" not in client.get(round.home).text
    decide(session, written(session), "published")
    assert why not in text_of(me.get(round.home).text)


def test_where_everything_is_read_no_one_is_singled_out(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    premoderate(session, round.thread_id)
    post(me, post_to(round), stance="neutral", text=LINKS, shown_as="Ada")
    assert state_and_signals(session, written(session)) == ("held", (Signal.LINKS,))
    page = text_of(me.get(round.home).text)
    assert "Die Moderation liest Ihren Beitrag" in page
    assert "drei oder mehr Links" not in page


def test_an_edit_that_waits_says_why(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    edited = post(me, f"/kommentare/{comment}/bearbeitung", text=LINKS, stance="neutral")
    assert edited.status_code == 303
    page = text_of(me.get(edited.location).text)
    assert "Ihre Änderung ist gespeichert." in page
    assert "geprüft, weil er drei oder mehr Links enthält." in page


def test_moderators_have_a_piece_of_page_that_names_the_kinds(app: Flask) -> None:
    with app.test_request_context("/"):
        piece = render_template("contributions/_signals.html", signals=(Signal.LINKS, Signal.FIRST))
        nothing = render_template("contributions/_signals.html", signals=())
    assert " ".join(text_of(piece).split()) == "viele Links einer der ersten Beiträge Hinweise, keine Urteile"
    assert nothing.strip() == ""


def test_the_rules_of_the_talk_tell_what_is_read_first(client: FlaskClient) -> None:
    assert "drei und mehr Links" in text_of(client.get("/netiquette").text)


# ── Bursts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
NUMBERS = count()
"""The same text again would be the same comment."""


def send(client: FlaskClient, round: RoundWords, address: str = "192.0.2.1") -> int:
    from tests.world.sign_in import token_of

    text = f"{TEXT} {next(NUMBERS)}"
    fields = {"csrf_token": token_of(client), "stance": "neutral", "text": text, "shown_as": "Ada"}
    return client.post(post_to(round), data=fields, environ_base={"REMOTE_ADDR": address}).status_code


def test_a_burst_of_one_account_waits_and_is_not_turned_away(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    for _ in range(BURST):
        assert send(me, round) == 303
        assert state_and_signals(session, written(session)) == ("published", ())
    assert send(me, round) == 303
    assert state_and_signals(session, written(session)) == ("held", (Signal.BURST,))
    clock.advance(LITTLE_WHILE)
    assert send(me, round) == 303
    assert state_and_signals(session, written(session)) == ("published", ())


@pytest.mark.parametrize(
    ("addresses", "crowded"),
    [
        (["192.0.2.1"] * 4, True),
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::4", "2001:db8:1:2::5"], True),
        (["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"], False),
        (["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], False),
    ],
)
def test_a_crowd_from_one_network_is_read_first_and_writes_on(
    app: Flask,
    session: Session,
    round: RoundWords,
    monkeypatch: pytest.MonkeyPatch,
    addresses: list[str],
    crowded: bool,
) -> None:
    monkeypatch.setattr("participation.discussion.views.CROWD", 3)
    for address in addresses:
        somebody = signed_in(app, session, a_citizen(session).person_id)
        assert send(somebody, round, address) == 303
    found = ("held", (Signal.CROWD,)) if crowded else ("published", ())
    assert state_and_signals(session, written(session)) == found


def test_a_school_that_writes_at_once_is_no_crowd(
    app: Flask, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    """Sixty pupils behind one address."""
    for _ in range(60):
        assert send(signed_in(app, session, a_citizen(session).person_id), round) == 303
        clock.advance(timedelta(seconds=5))
    session.rollback()
    assert session.execute(select(func.count()).select_from(ContributionSignal)).scalar_one() == 0


def test_who_wrote_more_than_anybody_types_keeps_the_text(
    me: FlaskClient, session: Session, round: RoundWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("participation.discussion.views.MOST_TEXTS", 0)
    late = post(me, post_to(round), stance="neutral", text="Was ich noch sagen wollte.", shown_as="Ada")
    assert late.status_code == 429
    form = next(form for form in forms_on(late.text, post_to(round)) if form.action == post_to(round))
    assert dict(form.fields)["text"] == "Was ich noch sagen wollte."


# ── Budgets ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_writing_takes_as_few_statements_as_it_took_without_signals(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who, statements: Noted
) -> None:
    """Sixteen, twenty-one and eighteen on SQLite before there were signals; PostgreSQL locks the door besides."""
    other = a_comment(session, round, clock=clock)
    post(me, post_to(round), stance="neutral", text=TEXT, shown_as="Ada")
    own = a_comment(session, round, clock=clock, who=ada)
    acts = {
        (post_to(round), 15): {"stance": "neutral"},
        (f"/kommentare/{other}/antworten", 19): {},
        (f"/kommentare/{own}/bearbeitung", 18): {"stance": "neutral"},
    }
    for (path, most), more in acts.items():
        with statements() as seen:
            assert post(me, path, text=TEXT, **more).status_code == 303
        doors = sum("advisory" in text for text in seen)
        assert len(seen) - doors <= most, str(seen)


def test_a_page_with_what_waits_takes_one_statement_more(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who, statements: Noted
) -> None:
    def visit() -> int:
        with statements() as seen:
            assert me.get(round.home).status_code == 200
        return len(seen)

    comment = a_comment(session, round, clock=clock, who=ada)
    before = visit()
    for _ in range(3):
        a_comment(session, round, clock=clock, who=ada, text=LINKS)
        a_reply(session, comment, clock=clock, who=ada, text=LINKS)
    assert visit() == before + 1
