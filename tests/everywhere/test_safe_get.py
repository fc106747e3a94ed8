"""Reading changes nothing: the database before and after a GET and HEAD of every address by everybody is equal (S3)."""

from __future__ import annotations

import pytest

from tests.everywhere.access import Route, routes
from tests.everywhere.dumps import changes, dump
from tests.everywhere.places import ROLES, addresses
from tests.everywhere.site import Site

READING = [route for route in routes() if route.method == "GET"]


@pytest.mark.parametrize("route", READING, ids=str)
def test_reading_changes_nothing(read_site: Site, route: Route) -> None:
    before = dump(read_site.engine)
    for _, path in addresses(route.rule, read_site.places):
        for role in ROLES:
            assert read_site.client(role).get(path).status_code < 500
        client = read_site.client("citizen")
        assert client.head(path).status_code < 500
        assert client.options(path).status_code < 500
    assert not changes(before, dump(read_site.engine))


@pytest.mark.parametrize("route", [one for one in routes() if one.method == "POST"], ids=str)
def test_no_action_hides_behind_a_get(read_site: Site, route: Route) -> None:
    reads_too = any(one.rule == route.rule for one in READING)
    before = dump(read_site.engine)
    for _, path in addresses(route.rule, read_site.places):
        for role in ROLES:
            status = read_site.client(role).get(path).status_code
            assert reads_too or status in {404, 405}, f"{role} got {status} at {path}"
    assert not changes(before, dump(read_site.engine))
