"""The state of a round at every moment, and what is missing before it is published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from participation.rounds.facts import (
    MORE_TO_COME,
    Effect,
    Level,
    PartDraft,
    RoundDraft,
    State,
    outlook,
    state_of,
    what_is_missing,
)
from participation.windows.facts import WindowTimes

TICK = timedelta(milliseconds=1)
PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)


def berlin(text: str) -> datetime:
    """Return a moment written as wall time in Bochum."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def window(opens: str, closes: str, *, closed: str | None = None, published: bool = True) -> WindowTimes:
    return WindowTimes(
        PUBLISHED if published else None, berlin(opens), berlin(closes), berlin(closed) if closed else None
    )


TALK = window("2026-03-02 08:00", "2026-03-29 18:00")
VOTE = window("2026-04-07 08:00", "2026-04-20 23:59:59.999")
BOTH = (TALK, VOTE)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2025-12-31 23:00", State.DRAFT),
        ("2026-03-02 07:59:59.999", State.COMING),
        ("2026-03-02 08:00", State.RUNNING),
        ("2026-03-29 17:59:59.999", State.RUNNING),
        ("2026-03-29 18:00", State.BETWEEN),
        ("2026-04-07 07:59:59.999", State.BETWEEN),
        ("2026-04-07 08:00", State.RUNNING),
        ("2026-04-20 23:59:59.998", State.RUNNING),
        ("2026-04-20 23:59:59.999", State.COUNTING),
        ("2027-01-01 00:00", State.COUNTING),
    ],
)
def test_a_round_with_a_pause_between_talk_and_vote(at: str, state: State) -> None:
    assert state_of(BOTH, None, berlin(at)) is state


def test_on_29_march_the_hour_that_does_not_exist_takes_nothing_from_the_end() -> None:
    night = WindowTimes(PUBLISHED, berlin("2026-03-28 20:00"), berlin("2026-03-29 03:00"), None)
    assert state_of([night], None, datetime(2026, 3, 29, 0, 59, 59, 999000, tzinfo=UTC)) is State.RUNNING
    assert state_of([night], None, datetime(2026, 3, 29, 1, tzinfo=UTC)) is State.COUNTING


def test_on_25_october_the_hour_that_comes_twice_ends_a_round_once() -> None:
    first = ZoneInfo("Europe/Berlin")
    ends = datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=first).astimezone(UTC)
    night = WindowTimes(PUBLISHED, berlin("2026-10-24 20:00"), ends, None)
    again = datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=first).astimezone(UTC)
    assert state_of([night], None, ends - TICK) is State.RUNNING
    assert state_of([night], None, ends) is State.COUNTING
    assert state_of([night], None, again) is State.COUNTING


def test_a_result_is_out_from_its_moment_on_and_never_before_the_end() -> None:
    out = berlin("2026-05-04 10:00")
    assert state_of(BOTH, out, out - TICK) is State.COUNTING
    assert state_of(BOTH, out, out) is State.RELEASED
    assert state_of(BOTH, berlin("2026-03-03 10:00"), berlin("2026-03-04 10:00")) is State.RUNNING


def test_a_round_that_was_closed_early_is_over_at_once() -> None:
    closed = [replace(window, closed_at=berlin("2026-03-10 12:00")) for window in BOTH]
    assert state_of(closed, None, berlin("2026-03-10 12:00")) is State.COUNTING


def test_one_window_that_nobody_knows_of_makes_a_draft() -> None:
    hidden = window("2026-04-07 08:00", "2026-04-20 18:00", published=False)
    assert state_of((TALK, hidden), None, berlin("2026-03-10 12:00")) is State.DRAFT
    assert state_of((), None, PUBLISHED) is State.DRAFT


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2026-02-01 12:00", "2026-03-02 08:00"),
        ("2026-03-10 12:00", "2026-03-29 18:00"),
        ("2026-04-01 12:00", "2026-04-07 08:00"),
        ("2026-04-10 12:00", "2026-04-20 23:59:59.999"),
        ("2026-04-21 12:00", "2026-05-04 18:00"),
    ],
)
def test_the_next_step_names_its_moment(at: str, moment: str) -> None:
    assert outlook(BOTH, None, berlin("2026-05-04 18:00"), berlin(at)).at == berlin(moment)


def test_before_a_pause_the_page_says_that_it_goes_on() -> None:
    ahead = outlook(BOTH, None, None, berlin("2026-03-10 12:00"))
    assert ahead.goes_on and ahead.step == MORE_TO_COME


def test_a_vote_that_begins_while_people_still_talk_makes_no_pause() -> None:
    overlapping = window("2026-03-20 08:00", "2026-04-20 18:00")
    ahead = outlook((TALK, overlapping), None, None, berlin("2026-03-10 12:00"))
    assert (ahead.goes_on, ahead.at) == (False, overlapping.closes_at)


def test_nothing_counts_down_once_all_is_over() -> None:
    assert outlook(BOTH, None, berlin("2026-05-04 18:00"), berlin("2026-04-21 12:00")).until is None


# ── What is missing ───────────────────────────────────────────────────────────────────────────────────────────────────
NOW = berlin("2026-02-01 12:00")
WHOLE = RoundDraft(
    title={"de": "Titel", "en": "Title"},
    summary={"de": "Worum", "en": "What"},
    mandate={"de": "Beschluss"},
    influence={"de": "Reihenfolge"},
    decided_by={"de": "Rat"},
    level=Level.CONSULTATION,
    concept_version_id=1,
    talk=PartDraft(TALK.opens_at, TALK.closes_at, Effect.INFORMS),
    vote=PartDraft(VOTE.opens_at, VOTE.closes_at, Effect.RECOMMENDS),
)


def missing(draft: RoundDraft, fields: int = 3) -> dict[str, bool]:
    return {gap.about: gap.blocks for gap in what_is_missing(draft, handlungsfelder=fields, now=NOW)}


def test_nothing_is_missing_in_a_whole_draft() -> None:
    assert missing(WHOLE) == {}


@pytest.mark.parametrize(
    ("change", "about", "blocks"),
    [
        ({"title": {"de": ""}}, "title_de", True),
        ({"summary": {"de": "", "en": "x"}}, "summary_de", True),
        ({"level": None}, "level", True),
        ({"decided_by": {"de": ""}}, "decided_by_de", True),
        ({"concept_version_id": None}, "concept_version_id", True),
        ({"mandate": {"de": ""}}, "mandate_de", False),
        ({"influence": {"de": ""}}, "influence_de", False),
        ({"summary": {"de": "x"}}, "title_en", False),
        ({"release_by": VOTE.closes_at - TICK}, "release_by", True),
        ({"talk": PartDraft(NOW - timedelta(days=40), NOW)}, "talk_closes_at", True),
        ({"talk": PartDraft(NOW, NOW + timedelta(days=30))}, "talk_opens_at", False),
        ({"talk": PartDraft(TALK.closes_at, TALK.opens_at)}, "talk_closes_at", True),
        ({"vote": PartDraft(TALK.opens_at - TICK, VOTE.closes_at)}, "vote_opens_at", False),
        ({"talk": PartDraft(TALK.opens_at, TALK.opens_at + timedelta(days=20))}, "talk_closes_at", False),
    ],
)
def test_what_is_missing_is_named_with_the_field_that_mends_it(
    change: dict[str, object], about: str, blocks: bool
) -> None:
    assert missing(replace(WHOLE, **change))[about] is blocks  # type: ignore[arg-type]


def test_a_version_without_handlungsfelder_cannot_be_asked_about() -> None:
    assert missing(WHOLE, fields=0) == {"concept_version_id": True}


def test_three_weeks_over_the_night_of_29_march_are_three_weeks() -> None:
    opens, closes = berlin("2026-03-16 08:00"), berlin("2026-04-06 08:00")
    assert closes - opens == timedelta(days=21) - timedelta(hours=1)
    assert missing(replace(WHOLE, talk=PartDraft(opens, closes))) == {}


def test_what_begins_at_once_is_named() -> None:
    both = replace(WHOLE, talk=PartDraft(NOW, TALK.closes_at), vote=PartDraft(NOW, VOTE.closes_at))
    named = {gap.about: gap.sentence for gap in what_is_missing(both, handlungsfelder=3, now=NOW)}
    assert named["talk_opens_at"].startswith("Die Diskussion beginnt sofort")
    assert named["vote_opens_at"].startswith("Die Abstimmung beginnt sofort")


def test_blocks_stand_before_warnings() -> None:
    gaps = what_is_missing(replace(WHOLE, mandate={"de": ""}, level=None), handlungsfelder=0, now=NOW)
    assert [gap.blocks for gap in gaps] == [True, True, False]


def test_the_result_is_due_fourteen_days_after_the_last_close_unless_named() -> None:
    assert WHOLE.due == VOTE.closes_at + timedelta(days=14)
    assert replace(WHOLE, vote=None).due == TALK.closes_at + timedelta(days=14)
    assert replace(WHOLE, release_by=NOW).due == NOW
