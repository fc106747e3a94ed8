"""Configuration names the first gap and refuses a weak secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from participation.foundation.config import ConfigurationGap, Settings
from tests.engines import ROOT

PRODUCTION = {
    "SECRET_KEY": "k7Qe9vT1xZ4bN8mR2wY6uJ3hL5pD0sAf",
    "BASE_URL": "https://mitreden.example.org/",
    "MAIL_URL": "smtp://post:geheim@mail.example.org:587",
}


def test_without_a_word_it_is_production_and_the_first_gap_is_named() -> None:
    with pytest.raises(ConfigurationGap, match="SECRET_KEY"):
        Settings.from_environment({})


@pytest.mark.parametrize("missing", ["SECRET_KEY", "BASE_URL", "MAIL_URL"])
def test_each_gap_of_production_is_named(missing: str) -> None:
    with pytest.raises(ConfigurationGap, match=missing):
        Settings.from_environment({name: value for name, value in PRODUCTION.items() if name != missing})


@pytest.mark.parametrize("weak", ["kurz", "a" * 64, "abababababababababababababababababab"])
def test_a_weak_secret_is_refused_in_production(weak: str) -> None:
    with pytest.raises(ConfigurationGap, match="too weak"):
        Settings.from_environment(PRODUCTION | {"SECRET_KEY": weak})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTICIPATION_ENV", "staging"),
        ("PORT", "achtzig"),
        ("PORT", "70000"),
        ("PORT", "٨٠"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("MAIL_URL", "http://mail.example.org"),
        ("BASE_URL", "http://mitreden.example.org"),
        ("PROXIES", "viele"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationGap, match=name):
        Settings.from_environment(PRODUCTION | {name: value})


def test_production_is_complete_and_paths_are_absolute() -> None:
    settings = Settings.from_environment(PRODUCTION | {"DATABASE_URL": "postgres://db/stadt"})
    assert settings.is_production
    assert settings.base_url == "https://mitreden.example.org"
    assert settings.database_url == "postgresql+psycopg://db/stadt"
    assert settings.key_dir.is_absolute() and settings.var_dir.is_absolute()


def test_development_makes_its_secret_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    environ = {"PARTICIPATION_ENV": "development", "VAR_DIR": str(tmp_path / "var")}
    first, second = Settings.from_environment(environ), Settings.from_environment(environ)
    assert first.secret_key == second.secret_key and len(first.secret_key) == 64
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o077 == 0


def test_settings_cannot_be_changed_later() -> None:
    settings = Settings.from_environment(PRODUCTION)
    with pytest.raises(AttributeError):
        settings.secret_key = "anders"  # type: ignore[misc]


def test_a_server_that_lacks_a_setting_says_so_in_one_line() -> None:
    bare = {"PATH": os.environ["PATH"], "PARTICIPATION_ENV": "production", "SECRET_KEY": ""}
    command = [sys.executable, "-c", "import wsgi"]
    started = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr.startswith("The platform does not start: SECRET_KEY is missing")
    assert started.stderr.count("\n") == 1
