"""Words for signing somebody in without the sign-in page, in a test client or in Chromium."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from participation.accounts.models import SignIn
from participation.foundation.db import transaction

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.servers import Live


def a_sign_in(session: Session, person_id: UUID) -> str:
    """Open a session for the person that does not run out, and return its token."""
    token = secrets.token_urlsafe(32)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    row = SignIn(
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        person_id=person_id,
        created_at=since,
        expires_at=since + timedelta(days=3650),
        device="Test",
    )
    with transaction(session):
        session.add(row)
    return token


def carry(client: FlaskClient, token: str) -> FlaskClient:
    """Put the token of an open session into the client's cookie, and return the client."""
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


def sign_in(client: FlaskClient, session: Session, person_id: UUID) -> FlaskClient:
    """Sign the person in, in this client, and return it."""
    return carry(client, a_sign_in(session, person_id))


def signed_in(app: Flask, session: Session, person_id: UUID) -> FlaskClient:
    """Return a new client in which the person is signed in."""
    return sign_in(app.test_client(), session, person_id)


def token_of(client: FlaskClient) -> str:
    """Return a valid ``csrf_token`` for the forms of this client; a visitor gets one too."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", secrets.token_hex(20))
    key = client.application.secret_key
    assert key is not None
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw))


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form with its token."""
    return client.post(path, data={"csrf_token": token_of(client), **fields})


def sign_in_browser(page: Page, live: Live, session: Session, person_id: UUID) -> None:
    """Sign the person in, in this page's browser context."""
    client = signed_in(live.app, session, person_id)
    name = live.app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    page.context.add_cookies([{"name": name, "value": cookie.value, "url": live.url}])
