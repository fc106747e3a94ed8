"""From the draft to the public result, for each way that asks once about everything."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.results.commands import count_round, recount, release_round
from participation.rounds.commands import publish_round, write_round
from participation.rounds.facts import Project, Way
from participation.voting.facts import SCALES, Method
from participation.voting.keys import KeyFolder
from tests.world import BEFORE, CLOSES, a_concept_version, a_draft, a_person, an_office
from tests.world.sign_in import post, signed_in

ASKED = {"de": "Was zuerst?"}
PROJECTS = (Project({"de": "Brunnen"}, 30), Project({"de": "Radweg"}, 45))
WAYS = [
    (Way(Method.SELECTION, ASKED, {"most": 2, "none": True}), {"choice": "feld-2"}),
    (Way(Method.SELECTION, ASKED, {"most": 2, "seats": 1}), {"choice": "feld-2"}),
    (Way(Method.POINTS, ASKED, {"points": 6}), {"punkte-feld-2": "4"}),
    (Way(Method.IMPORTANCE, ASKED, {"scale": SCALES[5]}), {"wert-feld-2": "5"}),
    (Way(Method.RANKING, ASKED, {}), {"rang-feld-2": "1"}),
    (Way(Method.BUDGET, ASKED, {"sum": 50, "within_sum": True}, PROJECTS), {"choice": "brunnen"}),
]


@pytest.mark.parametrize(("way", "sent"), WAYS, ids=[f"{way.method}-{len(way.terms)}" for way, _ in WAYS])
def test_a_round_goes_from_its_draft_to_a_result_that_can_be_recounted(
    app: Flask, session: Session, settings: Settings, clock: StoppedClock, way: Way, sent: dict[str, str]
) -> None:
    office, keys, early = an_office(session), KeyFolder.of(settings), StoppedClock(BEFORE)
    version = a_concept_version(session, office_id=office, handlungsfelder=3, frozen=False)
    told = a_draft(version, way=way)
    made = write_round(session, office_id=office, draft=told, by=None, clock=early, slug="leben")
    publish_round(session, round_id=made.id, by=None, clock=early, keys=keys)
    for _ in range(3):
        citizen = signed_in(app, session, a_person(session))
        assert post(citizen, "/abstimmungen/leben/frage/stimme", **sent).status_code == 303
        assert citizen.get("/abstimmungen/leben/frage/beleg").status_code == 200
    session.rollback()
    clock.at = CLOSES
    assert "archiv" not in app.test_client().get("/abstimmungen/leben").text.lower()
    count_round(session, round_id=made.id, by=None, keys=keys, clock=clock)
    release_round(session, round_id=made.id, by=None, clock=clock)
    assert recount(session) == []
    visitor = app.test_client()
    result = visitor.get("/runden/leben/ergebnis")
    for place in (result.text, visitor.get("/abstimmungen/leben").text):
        assert 'href="/abstimmungen/leben/archiv"' in place
    assert visitor.get("/abstimmungen/leben/archiv").status_code == 200
    assert result.status_code == 200 and ("Brunnen" if way.has_projects else "Handlungsfeld 2") in result.text
    page = visitor.get("/runden/leben").text
    assert 'id="abstimmung"' not in page and "#abstimmung" not in page
    assert "#abstimmung" not in visitor.get("/runden/leben/handlungsfelder/feld-1").text
