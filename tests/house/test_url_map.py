"""The addresses are those of the document, each says who may, and GET is never an action."""

from __future__ import annotations

import pytest
from flask import Flask

from participation.foundation.access import undeclared
from participation.foundation.config import Settings
from tests.house import url_map

ROLES = {"public", "citizen", "moderator", "staff", "desk", "jury", "audit", "safeguard", "admin"}


def test_the_url_map_is_the_documented_one(app: Flask) -> None:
    documented = url_map.DOCUMENT.read_text("utf-8").splitlines()
    assert url_map.lines(app) == documented, "python -m tests.house.url_map writes the document anew"


def test_every_view_says_who_may_see_it(app: Flask) -> None:
    assert not undeclared(app)
    named = {role for view in app.view_functions.values() for role in view.access}
    assert named <= ROLES


def test_an_application_with_a_silent_view_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from participation import app as composition

    def add_a_silent_view(app: Flask) -> None:
        app.add_url_rule("/still", "silent", lambda: "nobody said who may see this")

    monkeypatch.setattr(composition, "_add_rooms", add_a_silent_view)
    with pytest.raises(composition.ConfigurationGap, match="silent"):
        composition.create_app(settings)


def test_addresses_are_plain_words(app: Flask) -> None:
    fixed = [part for rule in app.url_map.iter_rules() for part in rule.rule.split("/") if part and "<" not in part]
    assert all(part == part.lower() and part.isascii() for part in fixed)


def test_what_officials_do_lies_under_their_own_roof(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        access = set(app.view_functions[rule.endpoint].access)
        if access & {"staff", "admin"} and not access & {"public", "citizen"}:
            assert rule.rule.startswith(("/verwaltung", "/moderation")), rule.rule
