"""A Polis conversation becomes a closed, released round whose figures are those of its files."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.models import Participant
from participation.contributions.models import Contribution
from participation.discussion.models import Comment, Rating, Thread
from participation.example import facts
from participation.example.commands import Imported, import_polis
from participation.example.polis import read_conversation
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.letters.models import Letter
from participation.moderation.models import Case, ModerationDecision
from participation.results.commands import recount
from participation.rounds.models import Round
from participation.voting.keys import KeyFolder
from participation.windows.models import Window
from tests import engines, world

FIXTURE = Path(__file__).parent / "fixtures" / "stadtpark"
TABLES = (Round, Participant, Contribution, Comment, Rating, Case, ModerationDecision, Window, Letter, JournalEntry)
TALLIES = {"0": (3, 1, 1), "1": (2, 2, 0), "2": (0, 1, 0), "3": (1, 1, 0), "4": (2, 0, 0), "5": (0, 0, 0)}


def bring(
    session: Session, clock: StoppedClock, keys: Path, folder: Path = FIXTURE, slug: str = "park"
) -> Imported | None:
    conversation = read_conversation(folder, now=clock())
    return import_polis(
        session, conversation=conversation, slug=slug, keys=KeyFolder(keys), clock=clock, tell=lambda more: None
    )


def counts(session: Session) -> list[int]:
    session.rollback()
    return [session.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


def tallies(session: Session) -> dict[str, tuple[int, int, int]]:
    rows = session.execute(
        select(Contribution.source_key, Comment.agree, Comment.disagree, Comment.passed).join(
            Comment, Comment.id == Contribution.id
        )
    ).all()
    return {key: (agree, disagree, passed) for key, agree, disagree, passed in rows}


def test_ratings_are_the_last_votes_and_every_figure_recounts(
    session: Session, clock: StoppedClock, tmp_path: Path
) -> None:
    report = bring(session, clock, tmp_path)
    assert report is not None
    assert (report.rows, report.ratings, report.replaced) == (16, 14, 2)
    assert (report.participants, report.voters) == (6, 5)
    assert tallies(session) == TALLIES
    assert recount(session) == []


def test_the_round_is_closed_and_released_and_lies_when_it_happened(
    session: Session, clock: StoppedClock, tmp_path: Path
) -> None:
    bring(session, clock, tmp_path)
    made = session.execute(select(Round)).scalar_one()
    window = session.execute(select(Window)).scalar_one()
    assert (made.slug, made.title) == ("park", {"de": "Was fehlt im Stadtpark?"})
    assert made.counted_at == made.released_at == clock()
    assert window.closed_at == window.closes_at
    assert window.opens_at <= datetime(2024, 5, 29, 16, 26, 40, tzinfo=UTC) < window.closes_at
    written = session.execute(select(Contribution.created_at).where(Contribution.source_key == "3")).scalar_one()
    assert written == datetime(2024, 5, 29, 16, 36, 40, tzinfo=UTC)
    assert "CC BY 4.0" in (made.note or {})["de"]


def test_the_moderated_column_becomes_decisions_without_letters(
    session: Session, clock: StoppedClock, tmp_path: Path
) -> None:
    bring(session, clock, tmp_path)
    states = dict(session.execute(select(Contribution.source_key, Contribution.state)).all())
    assert states == {
        "0": "published",
        "1": "published",
        "2": "withheld",
        "3": "held",
        "4": "published",
        "5": "published",
    }
    reasons = Counter(session.execute(select(ModerationDecision.outcome, ModerationDecision.reason)))
    assert reasons == {("published", "Übernommen aus Polis"): 4, ("withheld", "Übernommen aus Polis"): 1}
    assert session.execute(select(func.count()).select_from(Letter)).scalar_one() == 0
    assert session.execute(select(Thread.comments)).scalar_one() == 4


def test_people_come_without_person_and_name_and_nobody_joins_them(
    session: Session, clock: StoppedClock, tmp_path: Path
) -> None:
    bring(session, clock, tmp_path)
    kinds = Counter(session.execute(select(Participant.kind, Participant.person_id, Participant.shown_as)))
    assert kinds == {("imported", None, None): 6}


def test_the_same_set_again_changes_nothing(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    bring(session, clock, tmp_path)
    before = counts(session)
    clock.advance(timedelta(days=1))
    assert bring(session, clock, tmp_path) is None
    assert counts(session) == before


def test_the_same_set_under_another_name_is_refused(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    bring(session, clock, tmp_path)
    before = counts(session)
    with pytest.raises(facts.ImportedElsewhere) as caught:
        bring(session, clock, tmp_path, slug="anders")
    assert caught.value.values["slug"] == "park"
    assert counts(session) == before


def test_the_name_of_another_round_is_refused(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    other = world.a_round(session)
    before = counts(session)
    with pytest.raises(facts.SlugBelongsElsewhere):
        bring(session, clock, tmp_path, slug=other.slug)
    assert counts(session) == before


@pytest.mark.parametrize("slug", ["Klima Rat", "../park", "ä", "", "x" * 200])
def test_a_name_that_makes_no_address_is_refused(
    session: Session, clock: StoppedClock, tmp_path: Path, slug: str
) -> None:
    with pytest.raises(facts.SlugNotUsable):
        bring(session, clock, tmp_path, slug=slug)


def test_two_sets_lie_beside_each_other(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    second = Path(shutil.copytree(FIXTURE, tmp_path / "zweiter-park"))
    bring(session, clock, tmp_path)
    report = bring(session, clock, tmp_path, second, "zweiter-park")
    assert report is not None
    assert counts(session)[0] == 2
    assert recount(session) == []


def test_a_failure_in_the_middle_leaves_nothing(session: Session, clock: StoppedClock, tmp_path: Path) -> None:
    before = counts(session)

    def fail(more: int) -> None:
        raise RuntimeError("the machine stops")

    conversation = read_conversation(FIXTURE, now=clock())
    with pytest.raises(RuntimeError):
        import_polis(session, conversation=conversation, slug="park", keys=KeyFolder(tmp_path), clock=clock, tell=fail)
    assert counts(session) == before


# ── The shell and the pages ───────────────────────────────────────────────────────────────────────────────────────────
def test_the_shell_reports_what_came_and_what_was_replaced(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["import", "polis", str(FIXTURE), "--round", "park"])
    assert said.exit_code == 0, said.output
    assert "14 Bewertungen" in said.output
    assert "2 Zeilen" in said.output
    again = app.test_cli_runner().invoke(args=["import", "polis", str(FIXTURE), "--round", "park"])
    assert again.exit_code == 0
    assert "schon" in again.output


def test_the_page_shows_what_was_accepted_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    app.test_cli_runner().invoke(args=["import", "polis", str(FIXTURE), "--round", "park"])
    page = client.get("/runden/park/handlungsfelder/was-fehlt-im-stadtpark")
    assert page.status_code == 200
    assert "Es fehlen Bänke im Schatten." in page.text
    assert "4 Kommentare" in page.text
    assert "Alles doof" not in page.text
    assert "Ein Brunnen" not in page.text


def test_the_audits_file_finds_each_statement_by_its_number(app: Flask, tmp_path: Path) -> None:
    shell, file = app.test_cli_runner(), tmp_path / "park.zip"
    shell.invoke(args=["import", "polis", str(FIXTURE), "--round", "park"])
    assert shell.invoke(args=["results", "export", "park", str(file)]).exit_code == 0
    with zipfile.ZipFile(file) as archive, archive.open("comments.csv") as opened:
        rows = list(csv.DictReader(io.TextIOWrapper(opened, "utf-8-sig", newline="")))
    found = {row["source_id"]: tuple(int(row[name]) for name in ("agree", "disagree", "pass")) for row in rows}
    assert found == TALLIES
    assert {row["source_id"]: row["state"] for row in rows}["2"] == "withheld"


def test_the_shell_names_line_and_reason_of_a_damage_and_writes_nothing(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(FIXTURE, tmp_path / "kaputt"))
    votes = folder / "votes.csv"
    votes.write_text(votes.read_text("utf-8").replace("2024,0,5,0\n", "2024,0,5,3\n"), "utf-8")
    before = counts(session)
    said = app.test_cli_runner().invoke(args=["import", "polis", str(folder), "--round", "park"])
    assert said.exit_code == 1
    assert "votes.csv, Zeile 7" in said.output
    assert counts(session) == before


# ── Real sets ─────────────────────────────────────────────────────────────────────────────────────────────────────────
REAL = {
    "austria-climate.5twd2jsnkf": {
        "statements": 522,
        "published": 277,
        "voters": 1116,
        "rows": 61936,
        "ratings": 61384,
    },
    "scoop-hivemind.freshwater": {"statements": 80, "published": 51, "voters": 117, "rows": 3979, "ratings": 3972},
}


@pytest.fixture(scope="module", params=REAL)
def real(
    request: pytest.FixtureRequest,
    shared_data: Path,
    database_store: engines.Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Session, Imported, Path]]:
    """A database with one real set, imported once: its name, a session, the report, its folder."""
    url = database_store.migrated()
    engine = engines.engine_for(url)
    folder = shared_data / "polis" / request.param
    clock = StoppedClock(datetime(2026, 6, 1, 10, tzinfo=UTC))
    with Session(engine) as session:
        report = bring(session, clock, tmp_path_factory.mktemp("keys"), folder, "klimarat")
        assert report is not None
        yield request.param, session, report, folder
    engine.dispose()
    database_store.drop(url)


def test_a_real_set_comes_whole(real: tuple[str, Session, Imported, Path]) -> None:
    name, session, report, _ = real
    assert {key: getattr(report, key) for key in REAL[name]} == REAL[name]
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == REAL[name]["ratings"]
    assert session.execute(select(Thread.comments)).scalar_one() == REAL[name]["published"]


def test_a_real_set_has_the_tallies_that_were_counted_elsewhere(real: tuple[str, Session, Imported, Path]) -> None:
    _, session, _, folder = real
    with (folder / "DERIVED_expected_tally.csv").open(encoding="utf-8", newline="") as lines:
        expected = {
            row["comment_id"]: (int(row["agree"]), int(row["disagree"]), int(row["pass"]))
            for row in csv.DictReader(lines)
        }
    assert tallies(session) == expected


def test_a_real_set_recounts(real: tuple[str, Session, Imported, Path]) -> None:
    assert recount(real[1]) == []
