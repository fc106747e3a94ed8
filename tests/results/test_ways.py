"""Results of every way to vote: counted, shown, handed out and proved again; ties are settled on record."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled
from participation.foundation.clock import StoppedClock
from participation.foundation.facts import Fact
from participation.foundation.lots import draw
from participation.journal.models import JournalEntry
from participation.results.commands import count_round, recount, release_round, settle_tie
from participation.results.facts import How, NoSeed, NoSuchTie, NotAnOrder, OtherwiseSettled, TieSettled, lots_by_hand
from participation.results.models import Result, TieDecision
from participation.results.queries import held_about
from participation.rounds.facts import ReasonMissing
from participation.voting.facts import Method
from participation.voting.ledger import canonical, sha256_of
from participation.windows.models import Window
from tests.world import CLOSES, a_staff_member, an_office
from tests.world.results import Way, a_round_by, after_the_end
from tests.world.sign_in import post, signed_in

CHOICES: dict[Method, list[Any]] = {
    Method.SELECTION: [["brunnen", "radweg"], ["brunnen", "radweg"], ["brunnen"], ["baeume"], []],
    Method.POINTS: [{"brunnen": 10}, {"brunnen": 3, "radweg": 4}, {"baeume": 1}],
    Method.IMPORTANCE: [{"brunnen": 3, "radweg": 1}, {"brunnen": 2}, {"brunnen": 3, "radweg": 1}],
    Method.RANKING: [["brunnen"], ["brunnen"], ["radweg", "baeume"], ["radweg"], ["baeume", "radweg"]],
    Method.BUDGET: [["brunnen", "spielplatz"], ["brunnen", "baeume"], ["brunnen"], ["radweg", "baeume"], []],
}
"""What is cast in each way, without ties."""

TOLD: dict[Method, tuple[str, ...]] = {
    Method.SELECTION: ("Gewählt sind:", "Brunnen, Radweg", "Keine davon", "60,0 %"),
    Method.POINTS: ("Gewählt ist:", "13", "72,2 %"),
    Method.IMPORTANCE: ("2,67", "Skala von 1 (unwichtig) bis 3 (sehr wichtig)"),
    Method.RANKING: ("Gewonnen hat:", "Nach 3 Runden", "3 von 5 Stimmen", "scheidet aus", "1 an Radweg"),
    Method.BUDGET: ("Vorhaben für 35.000 von 50.000 Euro", "45.000", "1 Stimme für keines."),
}
"""What the page of the result says then."""

TIED: list[Any] = [["brunnen"], ["brunnen"], ["radweg"], ["radweg"], ["baeume"], ["baeume"], ["spielplatz"]]
"""Three of four with equal votes, once the fourth is out."""

REASON = "Lottozahlen vom 4. Juli 2026, veröffentlicht auf der Seite der Lotterie"


@pytest.fixture
def tied(session: Session, tmp_path: Path, clock: StoppedClock) -> Way:
    """A round by Rangfolge whose count stopped at a tie in its second round."""
    way = a_round_by(session, Method.RANKING, tmp_path / "keys", TIED, clock=clock)
    after_the_end(clock)
    assert count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock) is None
    return way


def _fresh(session: Session, entity: type[Any]) -> list[Any]:
    session.rollback()
    return list(session.execute(select(entity).order_by(*entity.__table__.primary_key)).scalars().all())


def _open_tie(session: Session) -> Any:
    (tie,) = [one for one in _fresh(session, TieDecision) if one.how is None]
    return tie


def _settle(session: Session, way: Way, clock: StoppedClock, **told: Any) -> None:
    words: dict[str, Any] = {"how": How.LOT, "seed": "3 11 19 24 38 44", "reason": REASON, "by": way.staff}
    settle_tie(session, tie_id=_open_tie(session).id, clock=clock, **(words | told))


def _count_on(session: Session, way: Way, clock: StoppedClock) -> Result:
    """Settle tie after tie until the count comes to its end."""
    while count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock) is None:
        _settle(session, way, clock)
    (result,) = _fresh(session, Result)
    assert isinstance(result, Result)
    return result


# ── Every way ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("method", CHOICES)
def test_every_way_is_counted_shown_and_proved_again(
    session: Session, app: Flask, tmp_path: Path, clock: StoppedClock, method: Method
) -> None:
    way = a_round_by(session, method, tmp_path / "keys", CHOICES[method], clock=clock)
    after_the_end(clock)
    assert count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock) is not None
    release_round(session, round_id=way.round.id, by=way.staff, clock=clock)
    (vote,) = _fresh(session, Result)[0].figures["votes"]
    assert (vote["question"], vote["ballots"], vote["participants"]) == (
        "frage",
        len(CHOICES[method]),
        len(CHOICES[method]),
    )
    assert recount(session) == []
    page = app.test_client().get(f"/runden/{way.round.slug}/ergebnis").get_data(as_text=True)
    seen = " ".join(page.split()).replace("\N{NO-BREAK SPACE}", " ")
    for words in TOLD[method]:
        assert words in seen, words
    english = app.test_client().get(f"/runden/{way.round.slug}/ergebnis", headers={"Accept-Language": "en"})
    assert "Brunnen (en)" in english.get_data(as_text=True)


@pytest.mark.parametrize("method", CHOICES)
def test_figures_of_any_way_that_the_ballots_do_not_give_are_named(
    session: Session, tmp_path: Path, clock: StoppedClock, method: Method
) -> None:
    way = a_round_by(session, method, tmp_path / "keys", CHOICES[method], clock=clock)
    after_the_end(clock)
    count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock)
    figures = _fresh(session, Result)[0].figures
    figures["votes"][0]["ballots"] += 1
    _rewrite(session, figures)
    assert any("frage: the votes published are not those that the ballots give" in line for line in recount(session))


def _rewrite(session: Session, figures: dict[str, Any]) -> None:
    """Put other figures in the result's place, hash and all, past the guards of the database."""
    on = " ON result" if session.get_bind().dialect.name == "postgresql" else ""
    session.execute(text(f"DROP TRIGGER keep_result_figures{on}"))
    session.execute(update(Result).values(figures=figures, figures_sha256=sha256_of(figures)))
    session.commit()


@pytest.mark.parametrize("method", CHOICES)
def test_the_vote_is_handed_out_number_by_number(
    session: Session, app: Flask, tmp_path: Path, clock: StoppedClock, method: Method
) -> None:
    way = a_round_by(session, method, tmp_path / "keys", CHOICES[method], clock=clock)
    path, visitor = f"/runden/{way.round.slug}/ergebnis", app.test_client()
    assert visitor.get(f"{path}/abstimmung.csv").status_code == 404
    after_the_end(clock)
    count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock)
    assert visitor.get(f"{path}/abstimmung.csv").status_code == 404
    release_round(session, round_id=way.round.id, by=way.staff, clock=clock)
    sheet = visitor.get(f"{path}/abstimmung.csv").get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(sheet), delimiter=_delimiter(sheet)))
    (vote,) = json.loads(visitor.get(f"{path}.json").get_data(as_text=True))["figures"]["votes"]
    told = {(row["round"], row["option"], row["measure"], row["to"]): row["value"] for row in rows}
    assert told["", "", "ballots", ""] == str(vote["ballots"])
    for option in vote["options"]:
        for measure, value in option.items():
            if measure not in {"slug", "label"} and not isinstance(value, dict):
                assert told["", option["slug"], measure, ""] == (
                    "" if value is None else str(int(value) if value in (True, False) else value)
                )
    for number, one in enumerate(vote.get("rounds", []), 1):
        for slug, tally in one["tally"].items():
            assert told[str(number), slug, "tally", ""] == str(tally)
        for went in one["transfers"]:
            assert told[str(number), went["from"], "transfer", went["to"] or ""] == str(went["votes"])
    assert visitor.get(f"{path}.csv").status_code == 200


def _delimiter(sheet: str) -> str:
    return ";" if ";" in sheet.splitlines()[0] else ","


# ── Ties ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_tie_stops_the_count_and_all_stays_closed(session: Session, tied: Way, clock: StoppedClock) -> None:
    tie = _open_tie(session)
    assert (tie.kind, tie.in_round, json.loads(tie.between)) == ("elimination", 2, ["brunnen", "radweg", "baeume"])
    assert _fresh(session, Result) == []
    windows = [one for one in _fresh(session, Window) if one.audience_id == tied.round.audience_id]
    assert {window.closed_at for window in windows} == {CLOSES}
    lines = [one for one in _fresh(session, JournalEntry) if one.act == "results:tied"]
    assert count_round(session, round_id=tied.round.id, by=tied.staff, keys=tied.keys, clock=clock) is None
    assert (len(lines), len(_fresh(session, TieDecision))) == (1, 1)
    assert [one.act for one in _fresh(session, JournalEntry)].count("results:tied") == 1


def test_lots_settle_a_tie_and_anyone_can_draw_them_again(session: Session, tied: Way, clock: StoppedClock) -> None:
    figures = _count_on(session, tied, clock).figures
    (vote,) = figures["votes"]
    first = vote["ties"][0]
    about = f"{tied.round.slug}/frage/brunnen,radweg,baeume"
    assert first["order"] == draw(seed="3 11 19 24 38 44", about=about, names=first["between"])
    assert (first["how"], first["seed"], first["reason"]) == ("lot", "3 11 19 24 38 44", REASON)
    assert vote["rounds"][1]["eliminated"] == [first["order"][-1]]
    assert vote["winner"] is not None
    assert recount(session) == []


def test_the_lines_for_the_shell_draw_the_same_lots(session: Session, tied: Way, clock: StoppedClock) -> None:
    (vote,) = _count_on(session, tied, clock).figures["votes"]
    tie = vote["ties"][0]
    lines = lots_by_hand(f"{tied.round.slug}/frage/brunnen,radweg,baeume", tie["between"], tie["seed"])
    sums = {
        slug: subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
        for slug, line in zip(tie["between"], lines, strict=True)
    }
    assert sorted(sums, key=lambda slug: sums[slug]) == tie["order"]


def test_staff_settles_a_tie_in_its_own_order(session: Session, tied: Way, clock: StoppedClock) -> None:
    _settle(session, tied, clock, how=How.STAFF, seed="", order=["baeume", "radweg", "brunnen"])
    assert count_round(session, round_id=tied.round.id, by=tied.staff, keys=tied.keys, clock=clock) is None
    assert json.loads(_open_tie(session).between) == ["radweg", "baeume"]
    _settle(session, tied, clock, how=How.STAFF, seed="", order=["baeume", "radweg"])
    result = count_round(session, round_id=tied.round.id, by=tied.staff, keys=tied.keys, clock=clock)
    assert result is not None
    assert result.figures["votes"][0]["winner"] == "baeume"
    assert [one.act for one in _fresh(session, JournalEntry)].count("results:tie_settled") == 2


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"reason": "zu kurz"}, ReasonMissing),
        ({"seed": " "}, NoSeed),
        ({"seed": "eins\nzwei"}, NoSeed),
        ({"how": How.STAFF, "order": []}, NotAnOrder),
        ({"how": How.STAFF, "order": ["brunnen", "radweg"]}, NotAnOrder),
        ({"how": How.STAFF, "order": ["brunnen", "radweg", "radweg"]}, NotAnOrder),
        ({"how": How.STAFF, "order": ["brunnen", "radweg", "spielplatz"]}, NotAnOrder),
    ],
    ids=str,
)
def test_a_tie_is_not_settled_by_halves(
    session: Session, tied: Way, clock: StoppedClock, told: dict[str, Any], reason: type[Fact]
) -> None:
    with pytest.raises(reason):
        _settle(session, tied, clock, **told)
    assert _open_tie(session).placed is None


def test_a_tie_is_settled_once_and_for_good(session: Session, tied: Way, clock: StoppedClock) -> None:
    tie_id = _open_tie(session).id
    _settle(session, tied, clock)
    with pytest.raises(TieSettled):
        settle_tie(session, tie_id=tie_id, how=How.LOT, seed="7", reason=REASON, by=tied.staff, clock=clock)
    session.rollback()
    for change in ({"seed": "8"}, {"placed": "[]"}, {"between": "[]"}, {"how": None}):
        with pytest.raises(IntegrityError, match="keep_tie_decision_update"):
            session.execute(update(TieDecision).values(**change))
        session.rollback()
    with pytest.raises(IntegrityError, match="keep_tie_decision_delete"):
        session.execute(text("DELETE FROM tie_decision"))
    session.rollback()


def test_the_rule_sheet_may_promise_lots(session: Session, tmp_path: Path, clock: StoppedClock) -> None:
    way = a_round_by(session, Method.RANKING, tmp_path / "keys", TIED, clock=clock, ties="lot")
    after_the_end(clock)
    count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock)
    with pytest.raises(OtherwiseSettled):
        _settle(session, way, clock, how=How.STAFF, order=["brunnen", "radweg", "baeume"])
    assert _count_on(session, way, clock).figures["votes"][0]["ties"]


def test_only_staff_of_the_round_settles_ties(session: Session, tied: Way, clock: StoppedClock) -> None:
    with pytest.raises(NotEntitled):
        _settle(session, tied, clock, by=a_staff_member(session, office_id=an_office(session)))
    with pytest.raises(NoSuchTie):
        settle_tie(session, tie_id=4711, how=How.LOT, seed="7", reason=REASON, by=tied.staff, clock=clock)
    _settle(session, tied, clock)
    assert [one.kind for one in held_about(session, tied.staff)] == ["tie_decision"]


def test_lots_that_come_out_otherwise_are_named(session: Session, tied: Way, clock: StoppedClock) -> None:
    _count_on(session, tied, clock)
    on = " ON tie_decision" if session.get_bind().dialect.name == "postgresql" else ""
    session.execute(text(f"DROP TRIGGER keep_tie_decision_update{on}"))
    for tie_id, placed in session.execute(select(TieDecision.id, TieDecision.placed)).all():
        turned = canonical(json.loads(placed or "[]")[::-1])
        session.execute(update(TieDecision).where(TieDecision.id == tie_id).values(placed=turned))
    session.commit()
    assert any("the lots drawn about brunnen, radweg, baeume come out otherwise" in line for line in recount(session))


def test_staff_settles_ties_on_a_page_and_citizens_read_how(
    session: Session, app: Flask, tied: Way, clock: StoppedClock
) -> None:
    desk, staff = f"/verwaltung/runden/{tied.round.slug}", signed_in(app, session, tied.staff)
    shown = staff.get(f"{desk}/ergebnis").get_data(as_text=True)
    assert "In Runde 2 haben diese Möglichkeiten gleich wenige Stimmen." in shown
    assert "auszaehlung" not in shown
    path = f"{desk}/gleichstand/{_open_tie(session).id}"
    assert path in shown
    assert "Die Möglichkeit auf dem letzten Platz scheidet aus." in staff.get(path).get_data(as_text=True)
    refused = post(staff, path, how="staff", reason=REASON, place_0="1", place_1="1", place_2="3")
    assert refused.status_code == 422
    assert REASON in refused.get_data(as_text=True)
    assert "Bitte geben Sie jedem einen eigenen Platz." in refused.get_data(as_text=True)
    assert post(staff, path, reason=REASON).status_code == 422
    missing = post(staff, path).get_data(as_text=True)
    assert missing.index("Bitte beantworten Sie: Wie wird entschieden?") < missing.index(
        "Bitte füllen Sie »Begründung« aus."
    )
    answer = post(staff, path, how="staff", reason=REASON, place_0="2", place_1="1", place_2="3")
    assert (answer.status_code, answer.location) == (303, f"{desk}/ergebnis")
    second = f"{desk}/gleichstand/{_open_tie(session).id}"
    assert post(staff, second, how="lot", seed="3 11 19", reason=REASON).status_code == 303
    assert post(staff, f"{desk}/freigabe").status_code == 303
    page = app.test_client().get(f"/runden/{tied.round.slug}/ergebnis").get_data(as_text=True)
    assert "Entschieden hat das Los, gezogen aus »3 11 19«:" in page
    assert "Entschieden wurde, mit dieser Reihenfolge:" in page
    assert REASON in page


@pytest.mark.parametrize(
    ("ties", "typed"),
    [("lot", {"seed": "3 11 19"}), ("staff", {"place_0": "2", "place_1": "1", "place_2": "3"})],
)
def test_where_the_rules_name_one_way_the_page_offers_that_one_alone(
    session: Session, app: Flask, clock: StoppedClock, tmp_path: Path, ties: str, typed: dict[str, str]
) -> None:
    """Every round drafted at the desk names one: lots unless staff chose otherwise."""
    way = a_round_by(session, Method.RANKING, tmp_path / "keys", TIED, clock=clock, ties=ties)
    after_the_end(clock)
    assert count_round(session, round_id=way.round.id, by=way.staff, keys=way.keys, clock=clock) is None
    path, staff = (
        f"/verwaltung/runden/{way.round.slug}/gleichstand/{_open_tie(session).id}",
        signed_in(app, session, way.staff),
    )
    shown = staff.get(path).get_data(as_text=True)
    assert [how in shown for how in ('value="lot"', 'value="staff"')] == [ties == "lot", ties == "staff"]
    assert post(staff, path, how=ties, reason=REASON, **typed).status_code == 303


def test_ties_are_nobody_elses_business_before_the_release(
    session: Session, app: Flask, tied: Way, clock: StoppedClock
) -> None:
    path = f"/verwaltung/runden/{tied.round.slug}/gleichstand/{_open_tie(session).id}"
    elsewhere = signed_in(app, session, a_staff_member(session, office_id=an_office(session)))
    assert elsewhere.get(path).status_code == 404
    assert post(elsewhere, path, how="lot", seed="7", reason=REASON).status_code == 404
    assert app.test_client().get(path).status_code in {302, 303}
    assert "Gleichstand" not in app.test_client().get(f"/runden/{tied.round.slug}/ergebnis").get_data(as_text=True)
    staff = signed_in(app, session, tied.staff)
    assert staff.get(f"/verwaltung/runden/{tied.round.slug}/gleichstand/4711").status_code == 404
