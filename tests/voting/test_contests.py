"""What is put to the vote is written before the opening, frozen with its hash, and then stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.concepts.facts import slug_of
from participation.foundation.clock import StoppedClock
from participation.voting.commands import add_question, freeze_rules, open_contest, remove_contest
from participation.voting.facts import RESERVED_NAMES, NameReserved, RulesFrozen
from participation.voting.keys import KeyFolder
from participation.voting.ledger import sha256_of
from participation.voting.models import Contest, Option, Question
from tests.world import a_round, a_window
from tests.world.voting import a_vote, keys_of


@pytest.fixture
def contest(session: Session) -> Contest:
    """A contest of one question, not frozen yet."""
    made = open_contest(session, slug="markt", window_id=a_window(session))
    add_question(session, contest_id=made.id, slug="brunnen", home="/x", position=1, title={"de": "Ein Brunnen?"})
    return made


def test_a_question_offers_for_against_and_abstention_in_this_order(session: Session, contest: Contest) -> None:
    offered = session.execute(select(Option.slug).order_by(Option.position)).scalars().all()
    assert list(offered) == ["dafuer", "dagegen", "enthaltung"]


def test_no_question_hides_behind_a_page_of_its_contest(app: Flask, session: Session, contest: Contest) -> None:
    pages = [rule.rule.split("/")[3:] for rule in app.url_map.iter_rules() if rule.rule.startswith("/abstimmungen/")]
    words = {word for parts in pages for word in parts if word.isalpha()} - {"datei"}
    assert {"archiv", "pruefen", "karten"} <= words <= RESERVED_NAMES
    for name in RESERVED_NAMES:
        with pytest.raises(NameReserved):
            add_question(session, contest_id=contest.id, slug=name, home="/x", position=2, title={"de": name})
        assert slug_of(name) not in RESERVED_NAMES
    with pytest.raises(IntegrityError, match="slug_not_reserved"):
        session.execute(update(Question).values(slug="archiv"))
    session.rollback()


def test_freezing_writes_questions_and_options_into_the_rules_and_hashes_them(
    session: Session, contest: Contest, tmp_path: Path
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    sha256 = freeze_rules(session, contest_id=contest.id, rules={"round": "markt-2026"}, keys=keys)
    session.expire_all()
    kept = session.get_one(Contest, contest.id)
    assert kept.rules is not None
    assert kept.rules_sha256 == sha256 == sha256_of(kept.rules)
    assert kept.rules["round"] == "markt-2026"
    assert [one["slug"] for one in kept.rules["questions"][0]["options"]] == ["dafuer", "dagegen", "enthaltung"]
    assert len(keys.load("markt")) == 32


def test_what_is_frozen_stays(session: Session, contest: Contest, tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    freeze_rules(session, contest_id=contest.id, rules={}, keys=keys)
    with pytest.raises(RulesFrozen):
        freeze_rules(session, contest_id=contest.id, rules={"a": 1}, keys=keys)
    with pytest.raises(RulesFrozen):
        add_question(session, contest_id=contest.id, slug="bank", home="/x", position=2, title={"de": "Eine Bank?"})
    elsewhere = a_window(session)
    kept = {
        "rules_sha256": "0" * 64,
        "rules": {},
        "receipts": False,
        "window_id": elsewhere,
        "slug": "x",
        "method": "points",
    }
    for column, value in kept.items():
        with pytest.raises(IntegrityError, match="keep_contest_rules"):
            session.execute(update(Contest).values({column: value}))
        session.rollback()


def test_a_contest_taken_back_uses_its_key_again(session: Session, contest: Contest, tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    window_id = contest.window_id
    freeze_rules(session, contest_id=contest.id, rules={}, keys=keys)
    before = keys.load("markt")
    remove_contest(session, contest_id=contest.id)
    assert session.execute(select(Question.id)).all() == session.execute(select(Option.slug)).all() == []
    again = open_contest(session, slug="markt", window_id=window_id)
    freeze_rules(session, contest_id=again.id, rules={}, keys=keys)
    assert keys.load("markt") == before


def test_a_contest_with_a_ballot_is_never_taken_back(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    round = a_round(session)
    a_vote(session, round, keys=keys_of(round, tmp_path / "keys"), clock=clock)
    with pytest.raises(IntegrityError):
        remove_contest(session, contest_id=round.contest_id)
