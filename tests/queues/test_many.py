"""Moderators decide on several contributions at once, and each author is treated as if theirs had been the only one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.commands import edit_comment, withdraw_comment
from participation.discussion.facts import Stance
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.letters.commands import claim_letter
from participation.letters.jobs import send_letters
from participation.letters.models import Letter
from participation.moderation.commands import escalate
from participation.moderation.facts import UNDO_FOR, AlreadyUndone, NothingToDecide, Outcome, RuleMissing, UndoOver
from participation.moderation.models import Case, ModerationDecision, Notice
from participation.queues.commands import decide_many, undo_many
from participation.queues.facts import MOST_AT_ONCE, Chosen, How, Listed, NotForMany, NothingChosen, TooManyChosen
from participation.queues.queries import bulk_result, gathered
from participation.reviews.commands import contest
from tests.everywhere.pages import tree_of
from tests.servers import Postbox
from tests.statements import Statements
from tests.world import RoundWords, a_citizen, a_moderator, a_round
from tests.world.moderation import (
    REASON,
    a_comment,
    a_notice,
    counts_of,
    decide_so,
    decision_letters,
    publish,
    state_of,
    withhold,
)
from tests.world.sign_in import post, signed_in


def as_read(*numbers: int, version: int = 1, last_seen: int | None = None) -> list[Chosen]:
    return [Chosen(number, version, last_seen) for number in numbers]


def withhold_all(session: Session, chosen: list[Chosen], *, by: UUID, clock: StoppedClock) -> int:
    return decide_many(
        session,
        chosen=chosen,
        how=How.LIKENESS,
        by=by,
        outcome=Outcome.WITHHELD,
        rule="spam",
        reason="Werbung für Uhren.",
        clock=clock,
    )


def publish_all(session: Session, chosen: list[Chosen], *, by: UUID, clock: StoppedClock) -> int:
    return decide_many(session, chosen=chosen, how=How.PAGE, by=by, outcome=Outcome.PUBLISHED, clock=clock)


def held_comments(session: Session, round: RoundWords, clock: StoppedClock, number: int = 3) -> list[int]:
    return [
        a_comment(session, round, clock=clock, held=True, text=f"Beitrag Nummer {one} zum Platz.")
        for one in range(number)
    ]


def test_each_of_several_gets_a_decision_a_letter_and_a_line_in_the_journal(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    comments, moderator = held_comments(session, round, clock), a_moderator(session, round)
    bulk = withhold_all(session, as_read(*comments), by=moderator, clock=clock)
    assert {state_of(session, one) for one in comments} == {State.WITHHELD}
    letters = decision_letters(session)
    assert len(letters) == 3
    assert {(one.facts["outcome"], one.facts["reason"]) for one in letters} == {("withheld", "Werbung für Uhren.")}
    assert all(one.next_try_at == clock() + UNDO_FOR and one.facts["token"] for one in letters)
    told = select(JournalEntry.about, JournalEntry.details).where(JournalEntry.act == "moderation:decided")
    lines = session.execute(told).all()
    assert sorted(line.about for line in lines) == sorted(f"contribution:{one}" for one in comments)
    assert {line.details["bulk"] for line in lines} == {bulk}
    result = bulk_result(session, bulk_id=bulk, moderator=moderator, now=clock())
    assert result is not None and [line.contribution_id for line in result.lines] == comments
    assert all(line.decision_id and not line.refused for line in result.lines)


def test_of_several_everybody_gets_one_letter_in_their_language_and_of_what_was_taken_back_nobody(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock
) -> None:
    round = a_round(session)
    moderator, comments = a_moderator(session, round), []
    for language in ("de", "en"):
        author = a_citizen(session, email=f"autorin-{language}@example.org", language=language)
        comments.append(a_comment(session, round, clock=clock, who=author))
        a_notice(session, comments[-1], clock=clock, email=f"melderin-{language}@example.org", language=language)
    taken_back = withhold_all(session, as_read(*comments), by=moderator, clock=clock)
    undo_many(session, bulk_id=taken_back, by=moderator, clock=clock)
    withhold_all(session, as_read(*comments), by=moderator, clock=clock)
    clock.advance(UNDO_FOR)
    for _ in range(2):
        with app.app_context():
            send_letters()
    first, second = (one.id for one in session.execute(select(Notice).order_by(Notice.id)).scalars())
    told = {
        "autorin-de": ["Ihr Beitrag wird nicht veröffentlicht"],
        "autorin-en": ["Your contribution will not be published"],
        "melderin-de": [f"Ihre Meldung {first} ist angekommen", f"Über Ihre Meldung {first} ist entschieden"],
        "melderin-en": [f"Your report {second} has arrived", f"Your report {second} has been decided"],
    }
    for whom, subjects in told.items():
        letters = smtp.to(f"{whom}@example.org")
        assert [str(letter["Subject"]) for letter in letters] == subjects
        assert {letter["Content-Language"] for letter in letters} == {whom[-2:]}


def test_what_somebody_else_is_to_look_at_again_is_left_and_named(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    moderator, author = a_moderator(session, round), a_citizen(session)
    text = "Frau Beispiel wünscht sich mehr Bäume."
    barred, other = (
        a_comment(session, round, clock=clock, who=author, text=text),
        a_comment(session, round, clock=clock),
    )
    passages = ["Frau Beispiel"]
    made = decide_so(session, barred, Outcome.REDACTED, by=moderator, clock=clock, passages=passages)
    clock.advance(UNDO_FOR)
    token = session.execute(select(ModerationDecision.token)).scalar_one()
    contest(session, token=str(token), words="", clock=clock)
    a_notice(session, barred, clock=clock)
    bulk = withhold_all(session, [Chosen(barred, 2, made), Chosen(other, 1, None)], by=moderator, clock=clock)
    result = bulk_result(session, bulk_id=bulk, moderator=moderator, now=clock())
    assert result is not None
    assert [line.refused for line in result.lines] == ["LookAwaited", None]
    assert [state_of(session, one) for one in (barred, other)] == [State.PUBLISHED, State.WITHHELD]
    page = signed_in(app, session, moderator).get(f"/moderation/sammelentscheidungen/{bulk}").text
    assert "Solange sie wartet, entscheidet hier eine andere Person" in page


def test_what_changed_meanwhile_is_left_and_named(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    same, edited, decided, gone = (
        a_comment(session, round, clock=clock, held=True, who=author, text=f"Der Beitrag mit der Nummer {one}.")
        for one in range(4)
    )
    one, other = a_moderator(session, round), a_moderator(session, round)
    withdraw_comment(session, comment_id=gone, who=author, clock=clock)
    edit_comment(
        session, comment_id=edited, who=author, text="Mit ganz anderen Worten.", stance=Stance.NEUTRAL, clock=clock
    )
    withhold(session, decided, by=other, clock=clock)
    bulk = publish_all(session, as_read(same, edited, decided, gone), by=one, clock=clock)
    result = bulk_result(session, bulk_id=bulk, moderator=one, now=clock())
    assert result is not None
    assert {line.contribution_id: line.refused for line in result.lines} == {
        same: None,
        edited: "ChangedMeanwhile",
        decided: "DecidedMeanwhile",
        gone: "WithdrawnMeanwhile",
    }
    assert [state_of(session, one) for one in (same, edited, decided, gone)] == [
        State.PUBLISHED,
        State.HELD,
        State.WITHHELD,
        State.WITHDRAWN,
    ]


def test_taken_back_together_everything_is_as_before_and_nobody_is_told(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    public = [a_comment(session, round, clock=clock, text=f"Öffentlich, Nummer {one}.") for one in range(2)]
    answer = a_comment(session, round, clock=clock, answers=public[0], text="Eine Antwort darauf.")
    held = a_comment(session, round, clock=clock, held=True, text="Wartet noch auf die Moderation.")
    passed_on = a_comment(session, round, clock=clock, held=True, text="Weitergegeben an andere.")
    moderator = a_moderator(session, round)
    escalate(session, contribution_id=passed_on, by=moderator, why="Schwierig.", clock=clock)
    for one in public:
        a_notice(session, one, clock=clock, by=a_citizen(session).person_id)
    before = counts_of(session, round.thread_id)
    bulk = withhold_all(session, as_read(*public, answer, held, passed_on), by=moderator, clock=clock)
    assert counts_of(session, round.thread_id) != before
    assert session.execute(select(func.count()).where(Notice.settled_at.is_(None))).scalar_one() == 0
    assert undo_many(session, bulk_id=bulk, by=moderator, clock=clock) == (5, 0)
    assert counts_of(session, round.thread_id) == before and counters_that_differ(session) == []
    states = [state_of(session, one) for one in (*public, answer, held, passed_on)]
    assert states == [State.PUBLISHED, State.PUBLISHED, State.PUBLISHED, State.HELD, State.HELD]
    assert session.execute(select(func.count()).where(Notice.settled_at.is_(None))).scalar_one() == 2
    assert decision_letters(session) == []
    why = select(Case.escalated_why).where(Case.contribution_id == passed_on)
    assert session.execute(why).scalar_one() == "Schwierig."
    with pytest.raises(AlreadyUndone):
        undo_many(session, bulk_id=bulk, by=moderator, clock=clock)


def test_after_ten_minutes_or_a_first_letter_nothing_is_taken_back(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comments, moderator = held_comments(session, round, clock, 2), a_moderator(session, round)
    bulk = publish_all(session, as_read(*comments), by=moderator, clock=clock)
    clock.advance(UNDO_FOR)
    assert claim_letter(session, clock=clock) is not None
    clock.advance(-timedelta(minutes=5))
    assert undo_many(session, bulk_id=bulk, by=moderator, clock=clock) == (1, 1)
    assert sorted(state_of(session, one) for one in comments) == [State.HELD, State.PUBLISHED]
    clock.advance(timedelta(minutes=5))
    with pytest.raises(UndoOver):
        undo_many(session, bulk_id=bulk, by=moderator, clock=clock)


def test_who_decided_anew_is_not_overwritten_by_an_undo(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comments, moderator = held_comments(session, round, clock, 2), a_moderator(session, round)
    bulk = publish_all(session, as_read(*comments), by=moderator, clock=clock)
    last = session.execute(
        select(ModerationDecision.id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(Case.contribution_id == comments[0])
    ).scalar_one()
    withhold(session, comments[0], by=a_moderator(session, round), clock=clock, last_seen=last)
    assert undo_many(session, bulk_id=bulk, by=moderator, clock=clock) == (1, 1)
    assert [state_of(session, one) for one in comments] == [State.WITHHELD, State.HELD]


def test_only_its_maker_takes_it_back_or_sees_the_result(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comments, moderator = held_comments(session, round, clock, 2), a_moderator(session, round)
    bulk = publish_all(session, as_read(*comments), by=moderator, clock=clock)
    other = a_moderator(session, round)
    with pytest.raises(NothingToDecide):
        undo_many(session, bulk_id=bulk, by=other, clock=clock)
    browser = signed_in(app, session, other)
    assert browser.get(f"/moderation/sammelentscheidungen/{bulk}").status_code == 404
    assert post(browser, f"/moderation/sammelentscheidungen/{bulk}/ruecknahme").status_code == 404


def test_what_somebody_does_not_moderate_stays_untouched(session: Session, clock: StoppedClock) -> None:
    mine, theirs = a_round(session), a_round(session)
    own, foreign = held_comments(session, mine, clock, 1), held_comments(session, theirs, clock, 1)
    bulk = publish_all(session, as_read(*own, *foreign, 999_999), by=a_moderator(session, mine), clock=clock)
    assert state_of(session, own[0]) == State.PUBLISHED and state_of(session, foreign[0]) == State.HELD
    assert bulk


@pytest.mark.parametrize(
    ("outcome", "rule", "number", "fact"),
    [
        (Outcome.WITHHELD, None, 1, RuleMissing),
        (Outcome.POLICE, "law", 1, NotForMany),
        (Outcome.PUBLISHED, None, 0, NothingChosen),
        (Outcome.PUBLISHED, None, MOST_AT_ONCE + 1, TooManyChosen),
    ],
)
def test_what_cannot_be_decided_together_is_refused(
    session: Session, clock: StoppedClock, outcome: Outcome, rule: str | None, number: int, fact: type[Exception]
) -> None:
    moderator = a_moderator(session, a_round(session))
    with pytest.raises(fact):
        decide_many(
            session,
            chosen=as_read(*range(1, number + 1)),
            how=How.PAGE,
            by=moderator,
            outcome=outcome,
            rule=rule,
            reason=REASON,
            clock=clock,
        )


def test_statements_follow_threads_and_not_contributions(
    session: Session, clock: StoppedClock, statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    round = a_round(session)
    moderator = a_moderator(session, round)
    needed = []
    for number in (5, 40):
        comments = held_comments(session, round, clock, number)
        for one in comments:
            a_notice(session, one, clock=clock) if state_of(session, one) == State.PUBLISHED else None
        with statements() as deciding:
            bulk = withhold_all(session, as_read(*comments), by=moderator, clock=clock)
        with statements() as undoing:
            undo_many(session, bulk_id=bulk, by=moderator, clock=clock)
        needed.append((len(deciding), len(undoing)))
    assert needed[0] == needed[1], f"{needed} {deciding}"
    assert max(needed[0]) <= 40, needed


# ── What belongs together ─────────────────────────────────────────────────────────────────────────────────────────────
def test_by_author_only_what_waits_from_one_person_is_gathered(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    theirs = [
        a_comment(session, round, clock=clock, held=True, who=author, text=f"Noch einmal, zum {one}. Mal.")
        for one in range(3)
    ]
    held_comments(session, round, clock, 2)
    moderator = a_moderator(session, round)
    publish(session, theirs[2], by=moderator, clock=clock)
    found = gathered(session, moderator=moderator, listed=Listed.HELD, how=How.AUTHOR, numbers=theirs[:1], now=clock())
    assert [row.id for row in found.rows] == theirs[:2] and not found.more


def test_by_likeness_the_same_words_are_gathered_whoever_wrote_them(session: Session, clock: StoppedClock) -> None:
    round, elsewhere = a_round(session), a_round(session)
    spam = [
        a_comment(session, place, clock=clock, held=True, text=f"Kaufen Sie jetzt günstige Uhren bei uns im Laden{end}")
        for place, end in ((round, "!"), (round, " Nummer 7!"), (elsewhere, "!"))
    ]
    a_comment(session, round, clock=clock, held=True, text="Am Platz fehlen Bänke für ältere Leute.")
    found = gathered(
        session,
        moderator=a_moderator(session, round),
        listed=Listed.HELD,
        how=How.LIKENESS,
        numbers=spam[:1],
        now=clock(),
    )
    assert [row.id for row in found.rows] == spam[:2]


def test_of_another_round_nothing_is_gathered(session: Session, clock: StoppedClock) -> None:
    mine, theirs = a_round(session), a_round(session)
    foreign = held_comments(session, theirs, clock, 2)
    moderator = a_moderator(session, mine)
    for how in How:
        found = gathered(session, moderator=moderator, listed=Listed.HELD, how=how, numbers=foreign, now=clock())
        assert found.rows == ()


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_from_the_list_to_the_result_without_a_script(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    one, other = held_comments(session, round, clock, 2)
    browser = signed_in(app, session, a_moderator(session, round))
    page = browser.get("/moderation").text
    assert f'name="beitrag" value="{one}" form="auswahl"' in page
    preview = browser.get(f"/moderation/auswahl?liste=held&art=page&beitrag={one}&beitrag={other}").text
    assert f'value="{one}:1:" checked' in preview and f'value="{other}:1:" checked' in preview
    fields = {"outcome": "withheld", "rule": "spam", "reason": "Werbung.", "how": "page", "listed": "held"}
    sent = post(browser, "/moderation/sammelentscheidungen", **fields, chosen=[f"{one}:1:", f"{other}:1:"])
    assert sent.status_code == 303 and sent.location.startswith("/moderation/sammelentscheidungen/")
    result = browser.get(sent.location).text
    assert "Alles zurücknehmen" in result and result.count("nicht veröffentlicht") >= 3
    assert post(browser, f"{sent.location}/ruecknahme").status_code == 303
    result = browser.get(sent.location).text
    assert "2 Entscheidungen sind zurückgenommen." in result and "Alles zurücknehmen" not in result
    assert state_of(session, one) == state_of(session, other) == State.HELD


@pytest.mark.parametrize(
    "wrong", [{"reason": ""}, {"rule": ""}, {"outcome": "police"}, {"chosen": "abc"}, {"chosen": []}]
)
def test_what_is_wrong_is_named_and_the_choice_is_kept(
    session: Session, app: Flask, clock: StoppedClock, wrong: dict[str, object]
) -> None:
    round = a_round(session)
    one, other = held_comments(session, round, clock, 2)
    browser = signed_in(app, session, a_moderator(session, round))
    fields = {"outcome": "withheld", "rule": "spam", "reason": "Werbung.", "how": "author", "listed": "held"}
    fields |= {"shown": [one, other, "x"]}
    sent = post(browser, "/moderation/sammelentscheidungen", **(fields | {"chosen": [f"{one}:1:"]} | wrong))
    assert sent.status_code == 422
    assert "Werbung." in sent.text or "reason" in wrong
    assert "chosen" in wrong or f'value="{one}:1:" checked' in sent.text
    assert f'value="{other}:1:">' in sent.text and "alle, die von derselben Person warten" in sent.text
    assert ("mindestens einen Beitrag" in sent.text) == (wrong == {"chosen": []})
    assert state_of(session, one) == state_of(session, other) == State.HELD
    assert session.execute(select(func.count()).select_from(Letter)).scalar_one() == 0
    assert session.execute(select(func.count()).select_from(Contribution)).scalar_one() == 2


def test_what_its_author_changed_since_it_was_ticked_is_not_ticked_again(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    same, changed = (
        a_comment(session, round, clock=clock, held=True, who=author, text=f"Kauft {n} Bäume!") for n in (1, 2)
    )
    edit_comment(session, comment_id=changed, who=author, text="Bitte mehr Bäume.", stance=None, clock=clock)
    browser = signed_in(app, session, a_moderator(session, round))
    fields = {"outcome": "withheld", "rule": "spam", "reason": "", "how": "page", "listed": "held"}
    sent = post(browser, "/moderation/sammelentscheidungen", **fields, chosen=[f"{same}:1:", f"{changed}:1:"])
    boxes = [one for one in tree_of(sent.text).iter("input") if one.get("name") == "chosen"]
    ticked = {one.get("value"): "checked" in one.attrib for one in boxes}
    assert (sent.status_code, ticked) == (422, {f"{same}:1:": True, f"{changed}:2:": False})
    assert "Der Text wurde inzwischen geändert." in sent.text


def test_without_anything_that_waits_the_list_says_so(session: Session, app: Flask, clock: StoppedClock) -> None:
    browser = signed_in(app, session, a_moderator(session, a_round(session)))
    for query in ("", "?beitrag=1", "?beitrag=x&art=likeness", "?art=author&beitrag=99999999999999999999"):
        answer = browser.get(f"/moderation/auswahl{query}")
        assert (answer.status_code, answer.location) == (303, "/moderation?liste=held")
    narrowed = browser.get("/moderation/auswahl?liste=reported&art=page&runde=mehr&meldung=spam&ueberfaellig=1&after=7")
    assert narrowed.location == "/moderation?liste=reported&runde=mehr&art=spam&ueberfaellig=1&after=7"


def test_what_somebody_else_has_open_is_not_ticked(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    one, other = held_comments(session, round, clock, 2)
    mine, theirs = (signed_in(app, session, a_moderator(session, round)) for _ in range(2))
    seen = theirs.get(f"/moderation/auswahl?beitrag={one}&beitrag={other}").text
    opens = f"/moderation/{one}/bearbeitung"
    assert f'form="oeffnen" formaction="{opens}"' in seen and f'href="/moderation/{one}' not in seen
    assert post(theirs, opens, listed="held").location == f"/moderation/{one}?liste=held"
    page = mine.get(f"/moderation/auswahl?beitrag={one}&beitrag={other}").text
    assert f'value="{one}:1:">' in page and f'value="{other}:1:" checked' in page
