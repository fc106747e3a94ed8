"""Whatever is sent, nothing breaks, and what is refused leaves the database as it was (S4)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.everywhere.access import Route, routes
from tests.everywhere.dumps import Dump, changes, dump
from tests.everywhere.pages import PageForm, forms_on, tree_of
from tests.everywhere.places import addresses
from tests.everywhere.site import Site
from tests.world.sign_in import token_of

WHO = ("visitor", "citizen", "moderator", "staff", "admin")
COUNTS_TRIES = {"rate_limit"}
"""What a refused form may write: that somebody tried."""

HOSTILE = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\u202egnirts",
    "\ufeff",
    "\x1b[2J\x07",
    "a\u0301" * 500,
    "Ä" * 20_000,
    "👩‍👩‍👧‍👦" * 100,
    "9" * 400,
    "-1",
    "0",
    str(2**63),
    "1e309",
    "NaN",
    "٣",
    "true",
    "null",
    "[]",
    "{}",
    "de",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "//example.com",
    "/\\example.com",
    "../../etc/passwd",
    "%s%n%(n)s{0}",
    "'; DROP TABLE person; --",
    "2026-02-30T25:61",
    "2026-03-29T02:30",
    "0000-00-00T00:00",
    "9999-12-31T23:59",
    "a@b",
    "ä@example.org",
    "a@example.org\r\nBcc: b@example.org",
    "[[[[" * 2_000,
    "_*`" * 3_000,
)
BODIES = (
    ("application/json", b'{"csrf_token": 1}'),
    ("application/x-www-form-urlencoded", b"%00=%00&%ff=%fe&=&&&a=%ED%A0%80&%"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"a=b"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\xff\r\n\r\n\x00\r\n--x--"),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ("multipart/form-data", b"no boundary"),
    ("text/plain", b"\x00\xff"),
    ("", b""),
)
POSTING = [route for route in routes() if route.method == "POST"]
READING = [route for route in routes() if route.method == "GET"]


def _encoded(pairs: list[tuple[str, str]]) -> bytes:
    """Write fields as a hostile client may: half signs of UTF-16 and all."""
    quoted = (f"{quote_plus(n, errors='surrogatepass')}={quote_plus(v, errors='surrogatepass')}" for n, v in pairs)
    return "&".join(quoted).encode()


def _send(client: FlaskClient, path: str, pairs: list[tuple[str, str]]) -> TestResponse:
    return client.post(path, data=_encoded(pairs), content_type="application/x-www-form-urlencoded")


def _state(site: Site) -> Dump:
    return {table: rows for table, rows in dump(site.engine).items() if table not in COUNTS_TRIES}


@pytest.fixture(scope="module")
def known_forms(read_site: Site) -> dict[str, list[PageForm]]:
    """All forms that anybody sees anywhere, by the endpoint they go to."""
    found: dict[str, list[PageForm]] = {}
    seen = set()
    for role, form in _all_forms(read_site):
        if (role, form.action, form.fields) not in seen and form.method == "post":
            seen.add((role, form.action, form.fields))
            found.setdefault(_target(read_site, form), []).append(form)
    return found


def _target(site: Site, form: PageForm) -> str:
    try:
        return str(site.app.url_map.bind("localhost").match(urlsplit(form.action).path, method="POST")[0])
    except HTTPException as nowhere:
        return f"{form.page} -> {form.action}: {nowhere.code}"


def test_every_form_leads_somewhere(known_forms: dict[str, list[PageForm]]) -> None:
    assert not [target for target in known_forms if ":" in target]


def _all_forms(site: Site) -> Iterator[tuple[str, PageForm]]:
    for role in WHO:
        client = site.client(role)
        for route in READING:
            for _, path in addresses(route.rule, site.places):
                response = client.get(path)
                if response.mimetype == "text/html":
                    yield from ((role, form) for form in forms_on(response.text, path))


def _values(form: PageForm, name: str, kept: str) -> st.SearchStrategy[str]:
    return (
        st.sampled_from(HOSTILE)
        | st.just(kept)
        | st.sampled_from(form.choices.get(name) or ("",))
        | st.text(max_size=50)
    )


@st.composite
def _filled(draw: st.DrawFn, form: PageForm) -> list[tuple[str, str]]:
    """Draw what somebody may send with a form: fields changed, left out, repeated, or made up."""
    kept = dict(form.fields)
    names = sorted((set(kept) | set(form.choices) | form.typed) - {"csrf_token"})
    pairs = [(name, draw(_values(form, name, kept.get(name, "")))) for name in names if draw(st.integers(0, 7))]
    if pairs and draw(st.booleans()):
        pairs.append((draw(st.sampled_from(pairs))[0], draw(st.sampled_from(HOSTILE))))
    if draw(st.booleans()):
        pairs.append((draw(st.sampled_from(["id", "person_id", "is_admin", "state", "next", "\x00"])), "1"))
    return draw(st.permutations(pairs))


@pytest.mark.parametrize("route", POSTING, ids=str)
def test_no_form_breaks_whatever_is_typed(site: Site, known_forms: dict[str, list[PageForm]], route: Route) -> None:
    forms = known_forms.get(route.endpoint) or [
        PageForm(path, path, "post", ()) for _, path in addresses(route.rule, site.places)
    ]
    clients = {role: site.client(role) for role in WHO}

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        client = clients[data.draw(st.sampled_from(WHO))]
        form = data.draw(st.sampled_from(forms))
        fields = [("csrf_token", token_of(client)), *data.draw(_filled(form))]
        before = _state(site)
        status = _send(client, form.action, fields).status_code
        assert status < 500
        assert status < 400 or not changes(before, _state(site)), f"refused with {status} and yet changed"

    attack()


@pytest.mark.parametrize("route", POSTING, ids=str)
def test_no_form_breaks_at_bodies_that_are_no_form(site: Site, route: Route) -> None:
    _, path = next(addresses(route.rule, site.places))
    for role in ("visitor", "citizen", "staff"):
        client = site.client(role)
        headers = {"X-CSRFToken": token_of(client)}
        for kind, body in BODIES:
            before = _state(site)
            status = client.post(path, data=body, content_type=kind, headers=headers).status_code
            assert status < 500, f"{kind} {body!r} at {path}"
            assert status < 400 or not changes(before, _state(site))


@pytest.mark.parametrize("route", POSTING, ids=str)
def test_a_million_signs_are_refused_and_not_kept(
    site: Site, known_forms: dict[str, list[PageForm]], route: Route
) -> None:
    _, path = next(addresses(route.rule, site.places))
    names = sorted({name for form in known_forms.get(route.endpoint, ()) for name in form.typed}) or ["text"]
    for role in ("visitor", "citizen", "staff"):
        client = site.client(role)
        for size in (900_000 // len(names), 1_100_000):
            before = _state(site)
            fields = [("csrf_token", token_of(client)), *((name, "x" * size) for name in names)]
            status = _send(client, path, fields).status_code
            assert status < 500
            assert status < 400 or not changes(before, _state(site))
        assert all(len(row) < 500_000 for rows in _state(site).values() for row in rows), "a million signs were kept"


@pytest.mark.parametrize("route", READING, ids=str)
def test_no_page_breaks_at_any_query(read_site: Site, route: Route) -> None:
    _, path = next(addresses(route.rule, read_site.places))
    for role in ("visitor", "staff"):
        client = read_site.client(role)
        for name in _query_names(client.get(path)) | {"after", "next", "vorhaben"}:
            for value in HOSTILE:
                query = quote_plus(value[:2000], errors="surrogatepass")
                status = client.get(f"{path}?{name}={query}&{name}=").status_code
                assert status < 500, f"{path}?{name}={query[:60]}"


def _query_names(response: TestResponse) -> set[str]:
    if response.mimetype != "text/html":
        return set()
    links = [element.get("href", "") for element in tree_of(response.text).iter("a")]
    forms = [form for form in forms_on(response.text, "/") if form.method == "get"]
    named = {name for link in links for name, _ in parse_qsl(urlsplit(link).query, keep_blank_values=True)}
    return named | {name for form in forms for name in (*dict(form.fields), *form.choices)}


@pytest.mark.parametrize("rule", sorted({route.rule for route in routes() if "<" in route.rule}))
def test_no_address_breaks_at_any_argument(read_site: Site, rule: str) -> None:
    from tests.everywhere.places import ARGUMENT

    method = "GET" if any((one.method, one.rule) == ("GET", rule) for one in routes()) else "POST"
    for role in ("visitor", "citizen", "staff", "moderator"):
        client = read_site.client(role)
        fields = {"csrf_token": token_of(client)} if method == "POST" else {}
        for value in (*HOSTILE, str(10**40), "00000000-0000-0000-0000-000000000000"):
            word = quote_plus(value[:500], errors="surrogatepass").replace("+", "%20") or "x"
            path = ARGUMENT.sub(lambda _, word=word: word, rule)
            assert client.open(path, method=method, data=fields).status_code < 500, path[:100]
