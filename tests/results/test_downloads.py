"""Figures and comments leave the house as CSV and JSON, harmless for spreadsheets, and whole for the audit."""

from __future__ import annotations

import csv
import gc
import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from participation.contributions.models import Contribution
from participation.foundation.clock import StoppedClock
from participation.voting.ledger import sha256_of
from tests.clients import connections_out
from tests.world import a_moderator, a_round
from tests.world.moderation import a_comment, withhold
from tests.world.results import Lively, counted, released
from tests.world.sign_in import signed_in

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://example.org","x")')


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _exported(app: Flask, lively: Lively, folder: Path) -> tuple[dict[str, object], list[dict[str, str]]]:
    file = folder / "audit.zip"
    run = app.test_cli_runner().invoke(args=["results", "export", lively.round.slug, str(file)])
    assert run.exit_code == 0, run.output
    with ZipFile(file) as bundle:
        assert bundle.testzip() is None
        assert sorted(bundle.namelist()) == ["comments.csv", "results.json"]
        return json.loads(bundle.read("results.json")), _rows(bundle.read("comments.csv").decode())


def test_the_figures_as_a_table(app: Flask, session: Session, lively: Lively, clock: StoppedClock) -> None:
    released(session, lively, clock)
    answer = app.test_client().get(f"/runden/{lively.round.slug}/ergebnis.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="ergebnis-{lively.round.slug}.csv"'
    first, second = _rows(answer.get_data(as_text=True))
    assert {name: first[name] for name in ("handlungsfeld", "dafuer", "dagegen", "enthaltung", "ballots")} == {
        "handlungsfeld": "feld-1",
        "dafuer": "3",
        "dagegen": "1",
        "enthaltung": "1",
        "ballots": "5",
    }
    assert (second["dafuer"], second["participants"], second["comments"]) == ("0", "2", "0")
    assert (first["comments"], first["replies"], first["ratings_agree"]) == ("4", "1", "6")


def test_the_json_carries_the_figures_with_their_hash(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock
) -> None:
    released(session, lively, clock)
    whole = app.test_client().get(f"/runden/{lively.round.slug}/ergebnis.json").get_json()
    assert sha256_of(whole["figures"]) == whole["figures_sha256"]
    assert whole["today"]["feld-1"] == whole["figures"]["subjects"][0]["talk"]


def test_after_a_later_decision_both_figures_stand_there(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock
) -> None:
    released(session, lively, clock)
    visitor, path = app.test_client(), f"/runden/{lively.round.slug}/ergebnis"
    before = visitor.get(path)
    assert "heutiger Stand" not in before.get_data(as_text=True)
    withhold(session, lively.comments["trees"], by=a_moderator(session, lively.round), clock=clock)
    after = visitor.get(path, headers={"If-None-Match": before.headers["ETag"]})
    text = after.get_data(as_text=True)
    assert after.status_code == 200
    assert "heutiger Stand" in text and "wie veröffentlicht" in text
    assert "Mehr Bäume auf dem Platz" not in text
    assert "Dieser Kommentar ist nicht mehr öffentlich." in text
    (first, _) = _rows(visitor.get(f"{path}.csv").get_data(as_text=True))
    assert (first["comments"], first["comments_today"]) == ("4", "3")
    assert (first["ratings_agree"], first["ratings_agree_today"]) == ("6", "4")
    whole = visitor.get(f"{path}.json").get_json()
    assert (whole["figures"]["talk"]["comments"], whole["today"]["feld-1"]["comments"]) == (4, 3)
    assert "Mehr Bäume auf dem Platz" not in visitor.get(f"{path}/kommentare.csv").get_data(as_text=True)
    for name in ("benches", "money"):
        withhold(session, lively.comments[name], by=a_moderator(session, lively.round), clock=clock)
    assert "Zurzeit gibt es keine." in visitor.get(path).get_data(as_text=True)


def test_no_cell_acts_as_a_formula(app: Flask, session: Session, lively: Lively, clock: StoppedClock) -> None:
    for formula in FORMULAS:
        a_comment(session, lively.round, clock=clock, text=f"{formula} und so weiter")
    released(session, lively, clock)
    visitor, path = app.test_client(), f"/runden/{lively.round.slug}/ergebnis"
    rows = _rows(visitor.get(f"{path}/kommentare.csv").get_data(as_text=True))
    texts = [row["text"] for row in rows]
    assert sum(text.startswith("'") for text in texts) == sum(text.strip("'")[:1] in "=+-@\t\r" for text in texts)
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert sum("und so weiter" in text for text in texts) == len(FORMULAS)


def test_the_public_table_holds_public_comments_only(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock
) -> None:
    withhold(session, lively.comments["money"], by=a_moderator(session, lively.round), clock=clock)
    a_comment(session, lively.round, clock=clock, text="Das hat noch niemand gelesen.", held=True)
    released(session, lively, clock)
    rows = _rows(app.test_client().get(f"/runden/{lively.round.slug}/ergebnis/kommentare.csv").get_data(as_text=True))
    assert {row["state"] for row in rows} == {"published"}
    assert len(rows) == 4
    assert {row["answers"] for row in rows} == {"", str(lively.comments["trees"])}


def test_the_audits_export_holds_all_states_and_no_withheld_text(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock, tmp_path: Path
) -> None:
    withhold(session, lively.comments["money"], by=a_moderator(session, lively.round), clock=clock)
    a_comment(session, lively.round, clock=clock, text="Das hat noch niemand gelesen.", held=True)
    session.execute(
        update(Contribution)
        .where(Contribution.id == lively.comments["when"])
        .values(state="withdrawn", source="polis", source_key="austria/17")
    )
    session.commit()
    counted(session, lively, clock)
    results, rows = _exported(app, lively, tmp_path)
    assert list(rows[0])[:5] == ["source_id", "state", "agree", "disagree", "pass"]
    by_state = {row["state"]: row for row in rows}
    assert set(by_state) == {"published", "held", "withheld", "withdrawn"}
    assert {state: bool(row["text"]) for state, row in by_state.items()} == {
        "published": True,
        "held": False,
        "withheld": False,
        "withdrawn": False,
    }
    withheld = by_state["withheld"]
    assert (withheld["agree"], withheld["disagree"], withheld["pass"], withheld["reason"]) == ("1", "0", "1", "persons")
    assert by_state["withdrawn"]["source_id"] == "austria/17"
    assert sha256_of(results["figures"]) == results["figures_sha256"]


def test_nothing_is_exported_before_the_count(app: Flask, session: Session, lively: Lively, tmp_path: Path) -> None:
    file = tmp_path / "audit.zip"
    run = app.test_cli_runner().invoke(args=["results", "export", lively.round.slug, str(file)])
    assert run.exit_code == 1
    assert "noch nicht ausgezählt" in run.output
    assert not any(path.name.startswith((".audit", "audit")) for path in tmp_path.iterdir())


def test_a_round_that_is_none_is_named(app: Flask, session: Session, tmp_path: Path) -> None:
    a_round(session)
    run = app.test_cli_runner().invoke(args=["results", "export", "gibt-es-nicht", str(tmp_path / "x.zip")])
    assert run.exit_code == 1
    assert "Traceback" not in run.output


def test_the_page_of_a_result_takes_few_statements(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock, statements: Any
) -> None:
    released(session, lively, clock)
    visitor, citizen = app.test_client(), signed_in(app, session, lively.voters[0].person_id)
    path = f"/runden/{lively.round.slug}/ergebnis"
    for client in (visitor, citizen):
        with statements() as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= 8, str(seen)
    mark = visitor.get(path).headers["ETag"]
    with statements() as seen:
        assert visitor.get(path, headers={"If-None-Match": mark}).status_code == 304
    assert len(seen) <= 2, str(seen)


def test_a_table_that_was_sent_holds_no_connection(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock
) -> None:
    released(session, lively, clock)
    gc.disable()
    try:
        assert app.test_client().get(f"/runden/{lively.round.slug}/ergebnis/kommentare.csv").data.count(b"\n") > 1
        assert connections_out(app) == 0
    finally:
        gc.enable()
