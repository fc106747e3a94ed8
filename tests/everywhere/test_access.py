"""Every address answers everybody as documented in ``tests/access.txt``, and the documented answers make sense (S2)."""

from __future__ import annotations

import pytest

from tests.everywhere import access
from tests.everywhere.access import Route, line_of, routes
from tests.everywhere.places import ROLES, addresses
from tests.everywhere.site import Site
from tests.world.sign_in import token_of

EXPECTED = access.documented()
REFUSED = {"403", "404"}
OFFICIAL = {"moderator", "staff", "desk", "jury", "audit", "safeguard", "admin"}
every_route = pytest.mark.parametrize("route", routes(), ids=str)


@every_route
def test_everybody_gets_the_documented_answer(site: Site, route: Route) -> None:
    for state, path in addresses(route.rule, site.places):
        line = line_of(route, state, access.answers(site, route, path))
        assert line == EXPECTED.get((route.method, route.rule, state)), (
            "python -m tests.everywhere.access writes it anew"
        )


def test_the_document_holds_no_address_that_is_gone() -> None:
    assert {(method, rule) for method, rule, _ in EXPECTED} == {(route.method, route.rule) for route in routes()}


@pytest.mark.parametrize("line", EXPECTED.values(), ids=list(map(" ".join, EXPECTED)))
def test_the_documented_answer_makes_sense(line: str) -> None:
    cells = dict(zip(ROLES, line.split()[-len(ROLES) :], strict=True))
    method, *address, state = line.split()[: -len(ROLES)]
    route = next(one for one in routes() if (one.method, one.rule) == (method, " ".join(address)))
    assert not [cell for cell in cells.values() if cell.startswith("5")]
    if not route.is_public:
        assert cells["visitor"] == "sign-in"
    if not route.who & {"public", "citizen"}:
        assert {cells["citizen"], cells["other_citizen"]} <= REFUSED
        assert {cells[role] for role in OFFICIAL - route.who} <= REFUSED
    if "<slug>" in route.rule and not route.is_public:
        assert {cells["staff_elsewhere"], cells["moderator_elsewhere"]} <= REFUSED
    if state == "draft":
        assert not {cells[role] for role in ("visitor", "citizen", "other_citizen", "staff_elsewhere")} & {"200", "422"}


@pytest.mark.parametrize("route", [one for one in routes() if one.method == "POST"], ids=str)
def test_no_form_of_somebody_signed_in_works_without_its_token(site: Site, route: Route) -> None:
    if not getattr(site.app.view_functions[route.endpoint], "needs_token", True):
        return
    for role in ("citizen", "staff", "moderator", "admin"):
        _, path = next(addresses(route.rule, site.places))
        client = site.client(role)
        assert client.post(path).status_code == 400
        other = token_of(site.client("other_citizen"))
        assert client.post(path, data={"csrf_token": other}).status_code == 400
