"""What anybody hands in: its states, who may set them, the one visibility rule, the name beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.facts import NameNotUsable, Who
from participation.audiences.models import Participant
from participation.contributions import commands, queries
from participation.contributions.facts import (
    NETIQUETTE,
    NETIQUETTES,
    ChangedMeanwhile,
    Rule,
    State,
    rule_by_slug,
    why_unfit,
)
from participation.contributions.models import Contribution
from participation.discussion.commands import edit_comment, withdraw_comment
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Missing
from participation.windows.models import Window
from tests.house import translations
from tests.world import CLOSES, RoundWords, a_citizen, a_round
from tests.world.discussion import TEXT, a_comment


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


def set_state(session: Session, comment: int, state: State, version: int, reason: str | None = None) -> None:
    with transaction(session):
        commands.set_state(session, contribution_id=comment, state=state, reason_kind=reason, expected_version=version)


def public(session: Session, clock: StoppedClock) -> list[int]:
    session.rollback()
    rows = select(Contribution.id).join(Window, Window.id == Contribution.window_id)
    return list(session.execute(rows.where(queries.is_public(clock())).order_by(Contribution.id)).scalars())


# ── Visibility ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _held(session: Session, comment: int, round: RoundWords) -> None:
    session.get_one(Contribution, comment).state = State.HELD


def _withheld(session: Session, comment: int, round: RoundWords) -> None:
    written = session.get_one(Contribution, comment)
    written.state, written.reason_kind = State.WITHHELD, "spam"


def _withdrawn(session: Session, comment: int, round: RoundWords) -> None:
    session.get_one(Contribution, comment).state = State.WITHDRAWN


def _sealed(session: Session, comment: int, round: RoundWords) -> None:
    session.get_one(Contribution, comment).sealed = True


def _never_published(session: Session, comment: int, round: RoundWords) -> None:
    session.get_one(Window, round.talk_window_id).published_at = None


def _published_later(session: Session, comment: int, round: RoundWords) -> None:
    session.get_one(Window, round.talk_window_id).published_at = CLOSES


@pytest.mark.parametrize("hidden", [_held, _withheld, _withdrawn, _sealed, _never_published, _published_later])
def test_each_thing_that_hides_a_contribution_hides_it_alone(
    session: Session, round: RoundWords, clock: StoppedClock, hidden: Callable[[Session, int, RoundWords], None]
) -> None:
    comment = a_comment(session, round, clock=clock)
    assert public(session, clock) == [comment]
    with transaction(session):
        hidden(session, comment, round)
    assert public(session, clock) == []


def test_what_is_public_stays_so_after_the_close(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    comment = a_comment(session, round, clock=clock)
    clock.at = CLOSES + timedelta(days=400)
    assert public(session, clock) == [comment]


# ── States ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_state_is_set_on_the_version_that_was_read(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    ada = a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=ada)
    edit_comment(session, comment_id=comment, who=ada, text=TEXT + " Neu.", stance=None, clock=clock)
    with pytest.raises(ChangedMeanwhile):
        set_state(session, comment, State.WITHHELD, 1, "spam")
    assert public(session, clock) == [comment]
    set_state(session, comment, State.WITHHELD, 2, "spam")
    assert public(session, clock) == []
    set_state(session, comment, State.PUBLISHED, 2)
    assert public(session, clock) == [comment]


def test_what_its_author_took_back_is_not_published_again(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    ada = a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=ada)
    withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    for version in (1, 2):
        with pytest.raises(ChangedMeanwhile):
            set_state(session, comment, State.PUBLISHED, version)


def test_no_state_for_what_nobody_wrote(session: Session) -> None:
    with pytest.raises(Missing):
        set_state(session, 4711, State.PUBLISHED, 1)


def test_withheld_without_a_reason_is_refused_by_the_database(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    with pytest.raises(IntegrityError):
        set_state(session, comment, State.WITHHELD, 1)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("neun Zeic", False), ("zehn Zeich", True), (" " * 9 + "a", False), ("ä" * 5000, True), ("ä" * 5001, False)],
)
def test_texts_have_ten_to_five_thousand_characters(text: str, fits: bool) -> None:
    assert (why_unfit(text) is None) is fits


# ── The Netiquette ────────────────────────────────────────────────────────────────────────────────────────────────────
PUBLISHED = {
    1: "7e8ffcc8578f9d4c",
    2: "f430acce1a1241d1",
}
"""Fingerprints of what people read, in both languages. A line is added with a version and never changed."""


def fingerprint(rules: tuple[Rule, ...]) -> str:
    english = translations.read_english()
    words = [
        (rule.number, rule.slug, *(said for text in (rule.title, rule.text) for said in (text, english[text].string)))
        for rule in rules
    ]
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


def test_a_published_version_keeps_its_words() -> None:
    told = "Other words are a new version: add one to NETIQUETTES, and its fingerprint here."
    assert {version: fingerprint(rules) for version, rules in NETIQUETTES.items()} == PUBLISHED, told


def test_rules_are_numbered_in_their_order_in_every_version() -> None:
    for rules in NETIQUETTES.values():
        assert [rule.number for rule in rules] == list(range(1, len(rules) + 1))
        assert len({rule.slug for rule in rules}) == len(rules)


def test_a_rule_is_read_as_the_version_counts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETIQUETTES, 3, (replace(NETIQUETTES[1][2], number=1),))
    numbers = [rule_by_slug("private", version) for version in (1, 3, None, 4711)]
    assert [rule and rule.number for rule in numbers] == [3, 1, 1, None]
    spam = rule_by_slug("spam")
    assert spam and spam.number == 5, "what no version has any more is found in the last that had it"


def test_each_version_has_an_address_and_todays_page_leads_to_the_others(client: FlaskClient) -> None:
    today, first = (client.get(path) for path in ("/netiquette", "/netiquette/fassungen/1"))
    assert "Fassung 2" in today.text and 'href="/netiquette/fassungen/1"' in today.text
    assert "Heute gilt Fassung 2" in first.text and "Alles an seinem Platz" not in first.text
    assert all(f'id="regel-{rule.number}"' in first.text for rule in NETIQUETTES[1])
    assert "Heute gilt" not in client.get("/netiquette/fassungen/2").text
    assert client.get("/netiquette/fassungen/3").status_code == 404


def test_the_netiquette_can_be_linked_to_rule_by_rule(client: FlaskClient) -> None:
    page = client.get("/netiquette")
    assert page.status_code == 200
    assert all(f'id="regel-{rule.number}"' in page.text for rule in NETIQUETTE)


# ── The name ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def shown(session: Session, round: RoundWords, who: Who) -> str | None:
    session.rollback()
    mine = select(Participant.shown_as).where(
        Participant.person_id == who.person_id, Participant.audience_id == round.audience_id
    )
    return session.execute(mine).scalar_one()


def test_a_new_name_holds_where_the_talk_runs_and_not_where_it_is_over(session: Session, clock: StoppedClock) -> None:
    running, over, early = (a_round(session) for _ in range(3))
    ada = a_citizen(session, shown_as="Ada")
    for round in (running, over, early):
        a_comment(session, round, clock=clock, who=ada)
    with transaction(session):
        for window in (over.talk_window_id, over.vote_window_id):
            session.get_one(Window, window).closes_at = clock()
        for window in (early.talk_window_id, early.vote_window_id):
            session.get_one(Window, window).closed_at = clock()
    commands.change_shown_name(session, person_id=ada.person_id, name="Ada Neu", clock=clock)
    assert [shown(session, round, ada) for round in (running, over, early)] == ["Ada Neu", "Ada", "Ada"]
    assert session.get_one(Person, ada.person_id, populate_existing=True).name == "Ada Neu"


def test_a_new_name_is_not_put_on_who_never_showed_one(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    from tests.world.discussion import a_rating

    ada = a_citizen(session, shown_as="Ada")
    a_rating(session, a_comment(session, round, clock=clock), clock=clock, who=Who(ada.person_id))
    commands.change_shown_name(session, person_id=ada.person_id, name="Ada Neu", clock=clock)
    assert shown(session, round, ada) is None


@pytest.mark.parametrize(
    "name", ["", "A", "x" * 61, "Moderation", "Stadt Bochum", "ada@example.org", "A\u202eda", "..."]
)
def test_a_name_that_cannot_stand_there_changes_nothing(
    session: Session, round: RoundWords, clock: StoppedClock, name: str
) -> None:
    ada = a_citizen(session, shown_as="Ada")
    a_comment(session, round, clock=clock, who=ada)
    with pytest.raises(NameNotUsable):
        commands.change_shown_name(session, person_id=ada.person_id, name=name, clock=clock)
    assert shown(session, round, ada) == "Ada"


# ── Disclosure and erasing ────────────────────────────────────────────────────────────────────────────────────────────
def test_everything_somebody_handed_in_is_disclosed(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    ada = a_citizen(session, shown_as="Ada")
    first, second = (a_comment(session, round, clock=clock, who=ada, text=text) for text in (TEXT, f"{TEXT} Sehr."))
    a_comment(session, round, clock=clock)
    set_state(session, second, State.WITHHELD, 1, "spam")
    held = queries.held_about(session, ada.person_id)
    assert [(one.text, one.facts["state"]) for one in held] == [(TEXT, "published"), (f"{TEXT} Sehr.", "withheld")]
    assert first != second


def test_erasing_twice_changes_nothing_more(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    ada = a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=ada)
    withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    for _ in range(2):
        commands.forget(session, ada.person_id, clock)
        session.expire_all()
        gone = session.get_one(Contribution, comment)
        assert (gone.text, gone.state, gone.version) == ("", "withdrawn", 3)
