"""Loading the example: everything through the ordinary commands, once, and not in production."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.accounts.commands import password_fits
from participation.accounts.models import Person
from participation.app import create_app
from participation.contributions.models import Contribution
from participation.discussion.models import Comment, Rating, Thread
from participation.example.commands import load_example
from participation.example.facts import ExampleInProduction
from participation.foundation.clock import StoppedClock
from participation.foundation.web import db
from participation.journal.models import JournalEntry
from participation.log.queries import to_make_anonymous
from participation.moderation.models import Notice
from participation.results.commands import recount
from participation.rounds.models import Round
from participation.rounds.queries import rounds_for_home
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot, Contest, Question, RollEntry
from participation.windows.models import Window
from tests import engines

NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
SIGN_INS = ("buergerin", "moderation", "leitung", "vertretung", "admin")


@dataclass(frozen=True)
class Town:
    """An installation with the example, loaded once through the shell at noon, for tests that only look."""

    session: Session
    app: Flask
    said: str


@pytest.fixture(scope="module")
def town(database_store: engines.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    url, folder = database_store.migrated(), tmp_path_factory.mktemp("town")
    engine = engines.engine_for(url)
    app = create_app(engines.settings_for(url, folder, port=8000), clock=StoppedClock(NOON))
    loaded = app.test_cli_runner().invoke(args=["example", "load"])
    assert loaded.exit_code == 0, loaded.output
    with Session(engine) as session:
        yield Town(session, app, loaded.output)
    with app.app_context():
        db.engine.dispose()
    engine.dispose()
    database_store.drop(url)


@pytest.fixture
def example(town: Town) -> Session:
    """A session on the database with the example."""
    town.session.rollback()
    return town.session


def number_of(session: Session, table: type) -> int:
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_shell_prints_the_five_sign_ins(town: Town) -> None:
    for name in SIGN_INS:
        assert f"{name}@example.org" in town.said
    assert "demo-Bochum-2026" in town.said


def test_a_second_call_says_so_and_changes_nothing(town: Town, example: Session) -> None:
    tables = (Person, Contribution, Rating, Ballot, JournalEntry)
    before = [number_of(example, table) for table in tables]
    again = town.app.test_cli_runner().invoke(args=["example", "load"])
    assert again.exit_code == 0
    assert "schon geladen" in again.output
    assert "leitung@example.org" in again.output
    example.rollback()
    assert [number_of(example, table) for table in tables] == before


def test_votes_that_were_over_long_ago_have_lost_their_keys_already(town: Town, example: Session) -> None:
    settings = town.app.extensions["settings"]
    keys = KeyFolder.of(settings)
    assert "hilfe-vor-ort" not in keys.contests()
    assert to_make_anonymous(example, objection=settings.objection, now=NOON, keys=keys) == []


def test_one_round_runs_one_is_released_and_one_comes(example: Session) -> None:
    home = rounds_for_home(example, NOON)
    assert [line.slug for line in home.running] == ["smart-city-handlungsfelder", "stadtteilbudget"]
    assert [line.slug for line in home.coming] == ["unterwegs-in-bochum"]
    assert [line.slug for line in home.closed] == ["smart-city-erster-entwurf", "hilfe-vor-ort"]
    released = example.execute(select(Round).where(Round.slug == "smart-city-erster-entwurf")).scalar_one()
    assert released.released_at is not None
    assert released.released_at <= released.release_by


def test_beside_the_concept_a_budget_runs_and_an_order_is_counted(example: Session) -> None:
    votes = select(Contest.slug, Contest.method, Contest.released_at.is_not(None), func.count(Ballot.voter_tag))
    by_contest = votes.join(Question, Question.contest_id == Contest.id).join(Ballot).group_by(Contest.id)
    found = {slug: (method, released, number) for slug, method, released, number in example.execute(by_contest)}
    assert found["stadtteilbudget"][:2] == ("budget", False)
    assert found["hilfe-vor-ort"][:2] == ("ranking", True)
    assert min(found["stadtteilbudget"][2], found["hilfe-vor-ort"][2]) > 20


def test_every_figure_recounts(example: Session) -> None:
    assert recount(example) == []


def test_there_are_some_hundred_of_everything(example: Session) -> None:
    assert number_of(example, Comment) > 300
    assert number_of(example, Rating) > 800
    assert number_of(example, Ballot) > 500
    assert number_of(example, Ballot) == number_of(example, RollEntry)


def test_moderators_find_held_and_reported_comments(example: Session) -> None:
    states = Counter(example.execute(select(Contribution.state)).scalars())
    assert (states["held"], states["withheld"], states["withdrawn"]) == (8, 4, 3)
    open_notices = select(func.count()).where(Notice.settled_at.is_(None))
    assert example.execute(open_notices).scalar_one() == 6


def test_one_handlungsfeld_is_still_silent_and_no_thread_stayed_stricter_than_its_round(example: Session) -> None:
    opened = select(Thread).where(Thread.home.like("/runden/smart-city-handlungsfelder/%"))
    threads = example.execute(opened).scalars().all()
    assert len(threads) == 15
    assert [thread.home.rpartition("/")[2] for thread in threads if not thread.comments] == ["wissenstransfer"]
    assert not any(thread.premoderated for thread in threads)


def test_five_can_sign_in_with_the_password_that_is_printed(example: Session) -> None:
    for name in SIGN_INS:
        kept = example.execute(select(Person.password_hash).where(Person.email == f"{name}@example.org")).scalar_one()
        assert password_fits("demo-Bochum-2026", kept)


def test_each_act_carries_the_moment_at_which_it_happened(example: Session) -> None:
    outside = (
        select(func.count())
        .select_from(Contribution)
        .join(Window, Window.id == Contribution.window_id)
        .where((Contribution.created_at < Window.opens_at) | (Contribution.created_at >= Window.closes_at))
    )
    assert example.execute(outside).scalar_one() == 0
    latest = example.execute(select(func.max(JournalEntry.at))).scalar_one()
    assert latest <= NOON


def test_production_refuses_the_example(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    with pytest.raises(ExampleInProduction):
        load_example(session, environment="production", keys=KeyFolder(tmp_path), clock=clock)
    assert number_of(session, Person) == 0
