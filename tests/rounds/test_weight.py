"""What a page weighs on the wire, for a visitor with a small tariff."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.foundation.assets import FIRST_VISIT, asset_url
from participation.foundation.clock import StoppedClock
from tests.world import RoundWords, a_person, a_round
from tests.world.discussion import a_comment
from tests.world.sign_in import signed_in

BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
FIRST, NEXT = 150_000, 20_000
SAID = "Auf dem Weg zur Schule fehlt ein Stück Radweg, und abends ist es dort dunkel. " * 6


@pytest.fixture
def round(session: Session, office: int, clock: StoppedClock) -> RoundWords:
    made = a_round(session, office_id=office, handlungsfelder=3)
    for number in range(25):
        a_comment(session, made, clock=clock, text=f"{number}. {SAID}")
    return made


def weight(client: FlaskClient, path: str) -> int:
    return len(client.get(path, headers=BROWSER).data)


def test_a_first_visit_weighs_less_than_150_kb_and_the_next_page_less_than_20(
    client: FlaskClient, round: RoundWords
) -> None:
    page = gzip.decompress(client.get(round.home, headers=BROWSER).data).decode()
    files = {asset_url(name) for name in FIRST_VISIT}
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert page.count('class="comment"') == 20 and files - named <= {asset_url("fira-600.woff2")}
    loaded = sum(weight(client, path) for path in files | named)
    assert weight(client, round.home) + loaded <= FIRST
    assert weight(client, round.subjects[1].home) <= NEXT and weight(client, round.home) <= NEXT
    assert all("immutable" in client.get(path).headers["Cache-Control"] for path in files | named)


def test_packed_or_not_a_page_says_the_same(client: FlaskClient, round: RoundWords) -> None:
    plain = client.get(round.home)
    for _ in range(2):
        packed = client.get(round.home, headers=BROWSER)
        assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", plain.data)
        assert packed.headers["ETag"] == plain.headers["ETag"] and "Accept-Encoding" in packed.headers["Vary"]
    refused = client.get(round.home, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers and refused.data == plain.data


def test_what_is_not_there_is_answered_in_plain(client: FlaskClient, session: Session) -> None:
    draft = a_round(session, published=None)
    missing = client.get(f"/runden/{draft.slug}", headers=BROWSER)
    assert (missing.status_code, "Content-Encoding" in missing.headers) == (404, False)


def test_a_page_with_a_secret_is_not_packed(app: Flask, session: Session, round: RoundWords) -> None:
    mine = signed_in(app, session, a_person(session)).get(round.home, headers=BROWSER)
    assert "csrf_token" in mine.text and "Content-Encoding" not in mine.headers
