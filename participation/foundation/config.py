"""The typed, frozen configuration, read once from the environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ("development", "test", "production")
WEAKEST_SECRET = 32


class ConfigurationGap(Exception):
    """The first setting that is missing or cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class Brand:
    """How the city shows itself."""

    city: str = "Bochum"
    product: str = "Mitreden in Bochum"
    mail_name: str = "Beteiligung der Stadt Bochum"
    imprint: tuple[tuple[str, str], ...] = ()
    """Who answers for the site: pairs of a term and what stands behind it; empty in an example."""


@dataclass(frozen=True)
class Settings:
    """All settings. Paths are absolute; ``base_url`` has no trailing slash; ``mail_url`` is empty in development."""

    environment: str
    secret_key: str
    database_url: str
    jobs_url: str
    key_dir: Path
    var_dir: Path
    base_url: str
    mail_url: str
    mail_from: str
    port: int
    checkpoint_dir: Path
    """Where the last checkpoint of each vote's log lies a second time."""
    archive_dir: Path
    """Where the archives of votes lie; all web machines and the worker need to see the same."""
    witnesses: tuple[str, ...] = ()
    """Addresses that get the first and the last checkpoint of each vote."""
    objection: timedelta = timedelta(weeks=4)
    """How long after the close ballots can still be linked, by the contest's key."""
    proxies: int = 0
    """How many proxies stand in front and may name the sender's address."""
    brand: Brand = Brand()

    @property
    def is_production(self) -> bool:
        """Whether this serves real people."""
        return self.environment == "production"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings.

        :raises ConfigurationGap: naming the first setting that is missing or unusable
        """
        environment = environ.get("PARTICIPATION_ENV", "production")
        if environment not in ENVIRONMENTS:
            raise ConfigurationGap(f"PARTICIPATION_ENV is »{environment}«; use one of {', '.join(ENVIRONMENTS)}.")
        var_dir = _path(environ.get("VAR_DIR", "var"))
        port = _port(environ.get("PORT", "8000"))
        production = environment == "production"
        return cls(
            environment=environment,
            secret_key=_secret_key(environ, var_dir, production),
            database_url=_database_url(environ, var_dir),
            jobs_url=environ.get("JOBS_URL") or f"sqlite:///{var_dir / 'jobs.sqlite3'}",
            key_dir=_path(environ.get("KEY_DIR") or str(var_dir / "keys")),
            var_dir=var_dir,
            base_url=_base_url(environ, port, production),
            mail_url=_mail_url(environ, production),
            mail_from=environ.get("MAIL_FROM") or "beteiligung@example.org",
            port=port,
            checkpoint_dir=_path(environ.get("CHECKPOINT_DIR") or str(var_dir / "checkpoints")),
            archive_dir=_path(environ.get("ARCHIVE_DIR") or str(var_dir / "archives")),
            witnesses=_addresses(environ.get("CHECKPOINT_MAIL", "")),
            objection=_weeks(environ.get("OBJECTION_WEEKS", "4")),
            proxies=_proxies(environ.get("PROXIES", "0")),
        )


def _path(text: str) -> Path:
    path = Path(text)
    return path if path.is_absolute() else ROOT / path


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigurationGap(f"PORT is »{text}«; use a number from 1 to 65535.")
    return int(text)


def _proxies(text: str) -> int:
    if text not in {"0", "1", "2", "3"}:
        raise ConfigurationGap(f"PROXIES is »{text}«; use the number of proxies in front, 0 to 3.")
    return int(text)


def _addresses(text: str) -> tuple[str, ...]:
    addresses = tuple(address.strip() for address in text.split(",") if address.strip())
    for address in addresses:
        name, _, domain = address.partition("@")
        if not name or "." not in domain or any(sign.isspace() for sign in address):
            raise ConfigurationGap(f"CHECKPOINT_MAIL holds »{address}«; use mail addresses separated by commas.")
    return addresses


def _weeks(text: str) -> timedelta:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 52:
        raise ConfigurationGap(f"OBJECTION_WEEKS is »{text}«; use a whole number of weeks, 1 to 52.")
    return timedelta(weeks=int(text))


def _secret_key(environ: Mapping[str, str], var_dir: Path, production: bool) -> str:
    """Return the secret; outside production a missing one is made once and kept beside the database."""
    secret = environ.get("SECRET_KEY", "")
    if production:
        if not secret:
            raise ConfigurationGap("SECRET_KEY is missing; set at least 32 random characters (openssl rand -hex 32).")
        if len(secret) < WEAKEST_SECRET or len(set(secret)) < 10:
            raise ConfigurationGap("SECRET_KEY is too weak; set at least 32 random characters (openssl rand -hex 32).")
        return secret
    return secret or _kept_secret(var_dir / "secret-key")


def _kept_secret(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(file, "x", opener=_private) as fresh:
            fresh.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return file.read_text().strip()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _database_url(environ: Mapping[str, str], var_dir: Path) -> str:
    url = environ.get("DATABASE_URL") or f"sqlite:///{var_dir / 'participation.sqlite3'}"
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if url.startswith("postgresql://"):
        return "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigurationGap("DATABASE_URL is not understood; use postgresql://… or leave it out for SQLite.")
    return url


def _base_url(environ: Mapping[str, str], port: int, production: bool) -> str:
    url = environ.get("BASE_URL", "").rstrip("/")
    if production and not url.startswith("https://"):
        raise ConfigurationGap("BASE_URL is missing or not https; set the address that citizens type, https://….")
    return url or f"http://127.0.0.1:{port}"


def _mail_url(environ: Mapping[str, str], production: bool) -> str:
    url = environ.get("MAIL_URL", "")
    if production and not url:
        raise ConfigurationGap("MAIL_URL is missing; set smtp://user:password@host:port or smtps://….")
    if url and not url.startswith(("smtp://", "smtps://")):
        raise ConfigurationGap("MAIL_URL is not understood; use smtp://user:password@host:port or smtps://….")
    return url
