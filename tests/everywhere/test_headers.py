"""Every answer carries the security headers, and no page holds anything inline or from elsewhere (S7)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from participation.app import create_app
from tests.engines import settings_for
from tests.everywhere.access import Route, routes
from tests.everywhere.pages import faults_on, forms_on, unguarded_forms
from tests.everywhere.places import addresses
from tests.everywhere.site import Site

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
READING = [route for route in routes() if route.method == "GET"]
LOOKERS = ("visitor", "citizen", "moderator", "staff", "admin")
NOWHERE = ("/gibt-es-nicht", "/runden/gibt-es-nicht", "/%00", "/runden/%F0%9F%8C%B3", "/static/gibt-es-nicht.css")


def _check_headers(response: TestResponse) -> None:
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin-when-cross-origin"}
    assert "Server" not in response.headers or "Python" not in response.headers["Server"]
    for cookie in response.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie or "SameSite=Strict" in cookie


def _check_page(response: TestResponse, site: Site, role: str, path: str) -> None:
    if response.mimetype != "text/html":
        return
    assert not faults_on(response.text)
    assert response.text.lstrip().lower().startswith("<!doctype html>")
    for form in unguarded_forms(response.text, path):
        assert role == "visitor" or not _needs_token(site, form.action), (
            f"{path} posts to {form.action} without a token"
        )


def _needs_token(site: Site, action: str) -> bool:
    adapter = site.app.url_map.bind("localhost")
    endpoint, _ = adapter.match(action.split("?", maxsplit=1)[0], method="POST")
    return bool(getattr(site.app.view_functions[endpoint], "needs_token", True))


@pytest.mark.parametrize("route", READING, ids=str)
def test_every_page_is_clean_and_guarded(read_site: Site, route: Route) -> None:
    for _, path in addresses(route.rule, read_site.places):
        for role in LOOKERS:
            response = read_site.client(role).get(path)
            _check_headers(response)
            _check_page(response, read_site, role, path)


@pytest.mark.parametrize("route", READING, ids=str)
def test_reading_as_a_visitor_sets_no_cookie(read_site: Site, route: Route) -> None:
    for _, path in addresses(route.rule, read_site.places):
        response = read_site.client("visitor").get(path)
        works_without_account = response.mimetype == "text/html" and any(
            "csrf_token" in dict(form.fields) for form in forms_on(response.text, path)
        )
        assert works_without_account or not response.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("route", READING, ids=str)
def test_pages_of_somebody_signed_in_are_not_kept_by_others(read_site: Site, route: Route) -> None:
    for _, path in addresses(route.rule, read_site.places):
        for role in ("citizen", "staff"):
            response = read_site.client(role).get(path)
            kept = response.headers["Cache-Control"]
            assert "public" not in kept and ("private" in kept or "no-store" in kept)
            assert "Cookie" in response.headers.get("Vary", "")


@pytest.mark.parametrize("role", ["visitor", "citizen", "admin"])
@pytest.mark.parametrize("path", NOWHERE)
def test_what_does_not_exist_is_said_with_the_same_headers(read_site: Site, role: str, path: str) -> None:
    response = read_site.client(role).get(path)
    assert response.status_code in {400, 404}
    _check_headers(response)


def test_a_form_that_is_read_is_refused_with_the_same_headers(read_site: Site) -> None:
    response = read_site.client("visitor").get("/sprache")
    assert response.status_code == 405
    _check_headers(response)


def test_a_failure_says_nothing_of_its_inside(site: Site) -> None:
    def fail() -> str:
        raise RuntimeError("the secret inside")

    site.app.view_functions["front.imprint"] = fail
    site.app.testing = False
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    response = site.client("visitor").get("/impressum")
    assert response.status_code == 500
    assert "secret" not in response.text and "Traceback" not in response.text
    _check_headers(response)
    assert not faults_on(response.text)


def test_static_files_carry_the_headers(read_site: Site) -> None:
    page = read_site.client("visitor").get("/").text
    styles = next(part.split('"')[0] for part in page.split('href="') if part.split('"')[0].endswith(".css"))
    response = read_site.client("visitor").get(styles)
    assert response.status_code == 200
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == POLICY


def test_in_production_cookies_travel_by_https_alone(read_site: Site, tmp_path: Path) -> None:

    settings = settings_for(str(read_site.engine.url.render_as_string(False)), tmp_path, port=8000)
    app = create_app(replace(settings, environment="production", base_url="https://example.org"))
    response = app.test_client().get("/anmelden", base_url="https://localhost")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    assert all("Secure" in cookie for cookie in response.headers.getlist("Set-Cookie"))
    assert response.headers.getlist("Set-Cookie"), "the sign-in page carries a token, so it sets a cookie"
