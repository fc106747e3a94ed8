"""What a starting process says about keys that do not fit: servers one line, everything else nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from participation.app import create_app, name_key_gaps
from participation.foundation.config import Settings
from participation.voting.keys import KeyFolder
from tests.world import a_round


def test_a_server_names_in_one_line_what_does_not_fit_and_how_much_it_is(
    app: Flask, session: Session, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    keys = KeyFolder.of(settings)
    lost = [a_round(session, keys=keys) for _ in range(4)]
    name_key_gaps(app)
    assert caplog.messages == []
    shutil.rmtree(keys.path)
    name_key_gaps(app)
    assert len(caplog.messages) == 1
    assert "8 keys do not fit" in caplog.text and f"contest {lost[0].slug} lacks its key" in caplog.text


def test_making_the_application_says_nothing(
    session: Session, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    a_round(session)
    create_app(settings)
    assert caplog.messages == []


def test_before_there_are_tables_nothing_is_said(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = create_app(replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}"))
    name_key_gaps(empty)
    assert caplog.messages == []
