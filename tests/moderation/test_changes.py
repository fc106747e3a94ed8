"""Moderators see how an author changed a text, word by word; what is blacked out and whose account is gone, nobody."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.contributions.commands import delete_earlier_texts, forget
from participation.contributions.facts import KEPT_EARLIER
from participation.contributions.models import EarlierText
from participation.contributions.queries import held_about, wordings
from participation.discussion.commands import edit_comment
from participation.foundation.clock import StoppedClock
from participation.moderation.commands import undo
from participation.moderation.facts import Mark, Outcome, Piece, differences
from tests.everywhere.pages import text_of
from tests.world import RoundWords, a_citizen, a_moderator, a_round
from tests.world.moderation import a_comment, decide_so, withhold
from tests.world.sign_in import post, signed_in

BEFORE, AFTER = "Der Platz braucht Bäume, ihr Trottel!", "Der Platz braucht viele Bäume, bitte."


def changed(session: Session, round: RoundWords, clock: StoppedClock, *, ask: bool = False) -> tuple[int, Who]:
    """Let somebody write and change a text, if wanted since moderation asked for other words."""
    ada, by = a_citizen(session), a_moderator(session, round)
    comment = a_comment(session, round, clock=clock, who=ada, text=BEFORE)
    if ask:
        decide_so(session, comment, Outcome.REWORD, by=by, clock=clock)
    clock.advance(timedelta(minutes=11))
    edit_comment(session, comment_id=comment, who=ada, text=AFTER, stance=None, clock=clock)
    return comment, ada


def test_two_texts_are_compared_word_by_word() -> None:
    same, gone, new = (lambda text, mark=mark: Piece(mark, text) for mark in Mark)  # type: ignore[misc]
    assert differences("Mehr Bäume am Ring", "Mehr Bäume und Bänke am Ring") == (
        same("Mehr Bäume "),
        new("und Bänke "),
        same("am Ring"),
    )
    assert differences("Ihr Trottel habt recht", "Sie alle haben recht") == (
        gone("Ihr Trottel habt "),
        new("Sie alle haben "),
        same("recht"),
    )
    many = " ".join("ab" * 700)
    assert differences(many, many + " c") == (gone(many), new(many + " c")), "more words than anybody writes"
    assert differences("Gleich  geblieben", "Gleich geblieben") == (same("Gleich geblieben"),)


def test_the_case_shows_what_changed_and_that_other_words_were_asked_for(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment, _ = changed(session, round, clock, ask=True)
    page = signed_in(app, session, a_moderator(session, round)).get(f"/moderation/{comment}").text
    assert "<del>" in page and "<ins>" in page
    told = text_of(page)
    for words in ("Gestrichen: ihr Trottel!", "Neu: bitte.", "nach der Bitte um andere Worte"):
        assert words in told


def test_who_read_another_version_is_shown_what_is_different_now(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment, _ = changed(session, round, clock)
    browser = signed_in(app, session, a_moderator(session, round))
    fields = {"outcome": "withheld", "rule": "persons", "reason": "»Trottel« ist eine Beleidigung."}
    stale = post(browser, f"/moderation/{comment}/entscheidung", version="1", **fields)
    assert stale.status_code == 422
    seen = text_of(stale.text).split("seit Sie den Text gelesen haben")[1]
    assert seen.index("Gestrichen: ihr Trottel!") < seen.index("Entscheiden") and fields["reason"] in stale.text


def test_where_something_is_blacked_out_the_earlier_texts_are_sealed_until_that_is_undone(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    by, (comment, _) = a_moderator(session, round), changed(session, round, clock)
    given = {"by": by, "clock": clock, "version": 2, "passages": ("Bäume",)}
    made = decide_so(session, comment, Outcome.REDACTED, **given)
    assert wordings(session, contribution_id=comment, now=clock()) == ()
    undo(session, decision_id=made, by=by, clock=clock)
    assert [one.text for one in wordings(session, contribution_id=comment, now=clock())] == [BEFORE]
    withhold(session, comment, by=by, clock=clock, version=4)
    assert len(wordings(session, contribution_id=comment, now=clock())) == 1, "withholding seals nothing"


def test_earlier_texts_are_disclosed_and_go_with_the_account_and_with_time(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    (_, ada), (other, _) = changed(session, round, clock), changed(session, round, clock)
    told = [one.text for one in held_about(session, ada.person_id) if one.kind == "earlier_text"]
    assert told == [BEFORE]
    forget(session, ada.person_id, clock)
    assert session.execute(select(EarlierText.contribution_id)).scalars().all() == [other]
    clock.advance(KEPT_EARLIER)
    assert wordings(session, contribution_id=other, now=clock()) == (), "whether the job ran or not"
    assert delete_earlier_texts(session, clock=clock) == 1
    assert session.execute(select(func.count()).select_from(EarlierText)).scalar_one() == 0
