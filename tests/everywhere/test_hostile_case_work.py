"""The corpus of hostile text goes through the fields of moderators, and of who contests what they decided."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.brakes.facts import LONGEST_REASON
from participation.moderation.models import ModerationDecision
from participation.pauses.models import WritingPause
from participation.reviews.models import Review
from tests.browsers import OpenBrowser
from tests.everywhere.hostile import comments_of, harmless, long_round, open_all, packed, pages_of, send_all
from tests.everywhere.pages import tree_of
from tests.servers import Live
from tests.world import RoundWords, a_citizen, an_official
from tests.world.discussion import a_comment
from tests.world.sign_in import sign_in_browser, signed_in

pytestmark = pytest.mark.sqlite

RULED = {"rule": "spam", "reason": "Das ist Werbung.", "version": "1", "last_seen": "", "listed": "held"}


def test_what_moderators_and_authors_type(
    live: Live, session: Session, corpus: list[str], open_browser: OpenBrowser
) -> None:
    made, author = long_round(session, live), a_citizen(session, shown_as="Ada").person_id
    moderator, other = (an_official(session, Role.MODERATOR, office_id=made.office_id) for _ in range(2))
    work = signed_in(live.app, session, moderator)
    texts = packed(corpus, 1900)
    comments = comments_of(session, made, author, 2 * len(texts) + len(corpus) + 1)
    for number, why in zip(comments, texts, strict=False):
        assert send_all(work, live, f"/moderation/{number}/weitergabe", [{"why": why}]) == 1
    decided = comments[len(texts) :]
    laws = sum(
        send_all(work, live, f"/moderation/{number}/entscheidung", [{**RULED, "outcome": "withheld", "law": law}])
        for number, law in zip(decided, corpus, strict=False)
    )
    assert laws > 700
    _contest_and_review(live, session, texts, other)
    shown = [f"/moderation/{number}" for number in comments[:: len(comments) // 40]]
    lists = [
        path for name in ("escalated", "decided", "reviews") for path in pages_of(work, f"/moderation?liste={name}")
    ]
    harmless(work, *lists, *shown)
    page = open_browser()
    sign_in_browser(page, live, session, moderator)
    open_all(page, [*lists[::5], *shown[::5]])


def _contest_and_review(live: Live, session: Session, texts: list[str], reviewer: UUID) -> None:
    session.rollback()
    tokens = session.execute(
        select(ModerationDecision.token).order_by(ModerationDecision.id).limit(len(texts))
    ).scalars()
    letters = [f"/ueberpruefung/{token}" for token in tokens]
    visitor, second = live.app.test_client(), signed_in(live.app, session, reviewer)
    for path, words in zip(letters, texts, strict=True):
        assert send_all(visitor, live, path, [{"words": words}]) == 1
    session.rollback()
    reviews = list(session.execute(select(Review.id)).scalars())
    assert len(reviews) == len(texts)
    paths = [f"/moderation/ueberpruefungen/{number}" for number in reviews]
    for path, reason in zip(paths, texts, strict=True):
        assert send_all(second, live, path, [{"outcome": "upheld", "reason": reason}]) == 1
    harmless(second, *paths)
    harmless(visitor, *letters)


def test_what_is_typed_about_pauses_and_seals(
    live: Live, session: Session, corpus: list[str], open_browser: OpenBrowser
) -> None:
    made, author = long_round(session, live), a_citizen(session, shown_as="Ada").person_id
    moderator, second, third = (an_official(session, Role.MODERATOR, office_id=made.office_id) for _ in range(3))
    staff = an_official(session, Role.STAFF, office_id=made.office_id)
    work, office = (signed_in(live.app, session, one) for one in (moderator, staff))
    others = [signed_in(live.app, session, one) for one in (second, author, third)]
    texts = packed(corpus, 1900)
    threat, *comments = comments_of(session, made, author, len(texts) + 1)
    basis = f"/verwaltung/schreibpausen/{made.office_id}"
    for text, line in zip(texts, corpus, strict=False):
        inputs = tree_of(office.get(basis).text).iter("input")
        seen = next(one.get("value") or "" for one in inputs if one.get("name") == "seen")
        typed = {"seen": seen, "reference": f"§ {line}"[:200], "text_de": text, "text_en": text}
        assert send_all(office, live, basis, [typed]) == 1
        harmless(office, basis)
    pauses = [_a_pause(live, session, work, others, *one) for one in zip(comments, texts, strict=True)]
    harmless(work, *pauses, *pages_of(work, "/moderation/schreibpausen"))
    harmless(others[1], "/schreibpausen", "/meine-beteiligung/auskunft")
    _open_a_seal(live, session, work, made, threat, corpus)
    page = open_browser()
    sign_in_browser(page, live, session, moderator)
    open_all(page, pauses[::10])


def _a_pause(
    live: Live, session: Session, work: FlaskClient, others: list[FlaskClient], number: int, reason: str
) -> str:
    """Propose a pause; another confirms it, the author contests it, a third lifts it, so that the next can be proposed.

    Return its page.
    """
    second, author, third = others
    withheld = {**RULED, "outcome": "withheld"}
    assert send_all(work, live, f"/moderation/{number}/entscheidung", [withheld]) == 1
    assert send_all(work, live, f"/moderation/{number}/schreibpause", [{"rule": "spam", "reason": reason}]) == 1
    session.rollback()
    pause = session.execute(select(func.max(WritingPause.id))).scalar_one()
    path = f"/moderation/schreibpausen/{pause}"
    assert send_all(second, live, f"{path}/bestaetigung", [{}]) == 1
    assert send_all(author, live, f"/schreibpausen/{pause}/ueberpruefung", [{"words": reason}]) == 1
    assert send_all(third, live, f"{path}/ueberpruefung", [{"outcome": "reversed", "reason": reason}]) == 1
    return path


def _open_a_seal(
    live: Live, session: Session, work: FlaskClient, made: RoundWords, threat: int, corpus: list[str]
) -> None:
    police = {**RULED, "outcome": "police", "rule": "law", "reason": "Das ist eine Drohung."}
    assert send_all(work, live, f"/moderation/{threat}/entscheidung", [police]) == 1
    session.rollback()
    path = f"/moderation/versiegelt/{session.execute(select(func.max(ModerationDecision.id))).scalar_one()}"
    keeper = signed_in(live.app, session, an_official(session, Role.SAFEGUARD, office_id=made.office_id))
    assert send_all(keeper, live, f"{path}/oeffnung", ({"purpose": text} for text in corpus[::4])) > 150
    harmless(keeper, path, "/moderation/versiegelt")


def test_what_officials_keep_for_one_another(live: Live, session: Session, corpus: list[str]) -> None:
    """Several inputs in each text, since the pages show them all the same way."""
    made = long_round(session, live)
    staff, moderator = (an_official(session, role, office_id=made.office_id) for role in (Role.STAFF, Role.MODERATOR))
    office, moderation = (signed_in(live.app, session, one) for one in (staff, moderator))
    texts = packed(corpus, 900)
    half = len(texts) // 2 + 1
    kept = f"/moderation/textbausteine/{made.office_id}"
    templates = (
        {"title": f"{number} {corpus[number]}"[:80], "outcome": "", "rule": "", "text_de": german, "text_en": english}
        for number, (german, english) in enumerate(zip(texts[:half], texts[-half:], strict=True))
    )
    assert send_all(office, live, kept, templates) == half
    several = [a_comment(session, made, clock=live.clock, text=f"Dazu steht viel, Nummer {one}.") for one in range(3)]
    notes, tasks = packed(corpus, 2000), packed(corpus, 500)
    assert send_all(moderation, live, f"/moderation/{several[0]}/notizen", ({"note": one} for one in notes)) == len(
        notes
    )
    for number, comment in enumerate(several):
        some = ({"task": one, "for_whom": ""} for one in tasks[number::3])
        assert send_all(moderation, live, f"/moderation/{comment}/aufgaben", some) == len(tasks[number::3])
    harmless(office, kept, f"{kept}/1", f"{kept}/{half}")
    harmless(moderation, *(f"/moderation/{comment}" for comment in several))
    harmless(moderation, *pages_of(moderation, "/moderation?liste=tasks"))


def test_reasons_for_many_passages_and_brakes(live: Live, session: Session, corpus: list[str]) -> None:
    made, author = long_round(session, live), a_citizen(session, shown_as="Ada").person_id
    work = signed_in(live.app, session, an_official(session, Role.MODERATOR, office_id=made.office_id))
    visitor, texts = live.app.test_client(), packed(corpus, 1900)
    kept, *comments = comments_of(session, made, author, len(texts) + 1)
    # None of these passages stands in the text: the page names the first and shows all again.
    redacted = {**RULED, "outcome": "redacted"}
    wrong = ({**redacted, "passages": text} for text in (*texts, *corpus[::16]))
    assert send_all(work, live, f"/moderation/{kept}/entscheidung", wrong) == 0
    for number, reason in zip(comments, texts, strict=True):
        many = {"chosen": f"{number}:1:", "how": "page", "listed": "held", "outcome": "withheld"}
        assert (
            send_all(work, live, "/moderation/sammelentscheidungen", [many | {"rule": "spam", "reason": reason}]) == 1
        )
    bulks = range(1, len(texts) + 1)
    harmless(work, *(f"/moderation/sammelentscheidungen/{number}" for number in bulks))
    brake = f"/moderation/diskussionen/{made.thread_id}/notbremse"
    for reason in packed(corpus, LONGEST_REASON)[::4]:
        # Each ends before the next: the clock goes on by more than its hour.
        live.clock.advance(timedelta(hours=1))
        pulled = {"kind": "slow", "hours": "1", "reason_de": reason, "reason_en": reason, "seen": ""}
        assert send_all(work, live, brake, [pulled]) == 1
        harmless(work, brake, "/moderation/notbremsen")
        harmless(visitor, made.home)
