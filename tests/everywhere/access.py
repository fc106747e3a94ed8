"""Who gets which answer where, as a document: ``python -m tests.everywhere.access`` writes ``tests/access.txt`` anew.

Each line is a method, an address and a state of the thing there; each column somebody who asks. A form is sent empty, with
its token, so 422 means: this person may, and something is missing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.engines import ROOT, databases
from tests.everywhere.places import ROLES, addresses
from tests.everywhere.site import Site, a_peopled_database, a_site
from tests.house import url_map
from tests.world.sign_in import token_of

DOCUMENT = ROOT / "tests" / "access.txt"
COLUMNS = (
    "visitor",
    "citizen",
    "other",
    "moder",
    "staff",
    "moder2",
    "staff2",
    "desk",
    "jury",
    "audit",
    "safe",
    "admin",
)
"""Heads of the columns; moder2 and staff2 are of another office."""

WIDTH = 7
HEAD = f"{'method':<6} {'address':<62} {'state':<9}{''.join(f'{name:>{WIDTH + 1}}' for name in COLUMNS)}"


@dataclass(frozen=True)
class Route:
    """One line of the URL map and one of its methods."""

    rule: str
    method: str
    who: frozenset[str]
    endpoint: str

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def is_public(self) -> bool:
        """Whether visitors may."""
        return "public" in self.who


def routes(document: str | None = None) -> list[Route]:
    """Return the routes of the documented URL map."""
    lines = (document or url_map.DOCUMENT.read_text("utf-8")).splitlines()
    return [route for line in lines for route in _routes(line)]


def _routes(line: str) -> Iterator[Route]:
    rule, methods, who, endpoint = line.rsplit(maxsplit=3)
    for method in methods.split(","):
        yield Route(rule, method, frozenset(who.split(",")), endpoint)


def line_of(route: Route, state: str, answers: dict[str, str]) -> str:
    """Return one line of the document."""
    cells = "".join(f"{answers[role]:>{WIDTH + 1}}" for role in ROLES)
    return f"{route.method:<6} {route.rule:<62} {state:<9}{cells}"


def answer_of(response: TestResponse) -> str:
    """Return an answer in a word: its status, and ``sign-in`` where it leads to the sign-in page."""
    status, location = response.status_code, response.headers.get("Location", "")
    return "sign-in" if status == 303 and location.startswith("/anmelden") else str(status)


def documented() -> dict[tuple[str, str, str], str]:
    """Return the documented lines by method, rule and state."""
    found = {}
    for line in DOCUMENT.read_text("utf-8").splitlines()[1:]:
        method, *address, state = line.split()[: -len(ROLES)]
        found[method, " ".join(address), state] = line
    return found


def answers(site: Site, route: Route, path: str) -> dict[str, str]:
    """Return what each role gets, those without a right first, since the others may change something."""
    return {role: _ask(site.client(role), route.method, path) for role in ROLES}


def _ask(client: FlaskClient, method: str, path: str) -> str:
    fields = {} if method == "GET" else {"csrf_token": token_of(client)}
    return answer_of(client.open(path, method=method, data=fields))


def main() -> None:
    """Write the document."""
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as store:
        peopled = a_peopled_database(store, Path(name))
        lines = [HEAD]
        for route in routes():
            for state, path in addresses(route.rule, peopled.places):
                with a_site(peopled, store) as site:
                    lines.append(line_of(route, state, answers(site, route, path)))
        DOCUMENT.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
