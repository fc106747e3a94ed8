"""The corpus of hostile text, how it is typed, and what no page may hold after it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.contributions.models import Contribution
from participation.discussion.models import Comment
from participation.foundation.db import transaction
from participation.foundation.forms import one_line, plain_text
from participation.voting.keys import KeyFolder
from tests.everywhere.pages import tree_of
from tests.servers import Live
from tests.world import BEFORE, RoundWords, a_participant, a_round
from tests.world.sign_in import post

if TYPE_CHECKING:
    from playwright.sync_api import Page

A_WHILE = timedelta(minutes=15)
NEVER = {"iframe", "object", "embed", "applet", "base", "frame", "frameset", "math", "style", "img", "video", "audio"}
"""Elements that no page of ours has."""


def corpus_in(shared_data: Path) -> list[str]:
    """Return all 830 inputs."""
    folder = shared_data / "xss"
    inputs = [str(case["payload"]) for case in json.loads((folder / "dompurify-expect.json").read_text("utf-8"))]
    tests = json.loads((folder / "html5lib-sanitizer-tests1.json").read_text("utf-8"))
    inputs += [str(case["input"]) for case in tests]
    inputs += [file.read_text("utf-8").split("\n--\n")[0] for file in sorted((folder / "bleach-tests").glob("*.test"))]
    inputs += json.loads((folder / "blns.json").read_text("utf-8"))
    assert len(inputs) == 830
    return inputs


def foreign_in(html: str) -> list[str]:
    """Return what a page holds, parsed as a browser does, that our own templates never write."""
    found = []
    for node in tree_of(html).iter():
        if not isinstance(node.tag, str):
            continue
        if node.tag in NEVER or (node.tag == "script" and not str(node.get("src", "")).startswith("/static/")):
            found.append(f"<{node.tag}>")
        found += [
            f"<{node.tag} {name}={value!r}>"
            for name, value in node.attrib.items()
            if name.lower().startswith("on") or name == "style" or _leads_astray(name, value)
        ]
    return found


def _leads_astray(name: str, value: str) -> bool:
    plain = "".join(value.split()).lower()
    bad = ("javascript:", "vbscript:", "data:text", "//", "/\\")
    return name in {"href", "src", "action", "formaction"} and plain.startswith(bad)


def numbered(texts: list[str]) -> list[str]:
    """Put a number before each, since short names are made from titles and must differ."""
    return [f"{number} {text}" for number, text in enumerate(texts)]


def fits(text: str, most: int) -> bool:
    """Say whether a field that must be filled takes a text of so many signs."""
    return 0 < len(one_line(text) or "") <= most


def packed(texts: Iterable[str], most: int) -> list[str]:
    """Put texts together that fit one field, those left out that are too long for it alone."""
    some = [""]
    for one in texts:
        if len(plain_text(f"{some[-1]}\n\n{one}") or "") > most:
            some.append("")
        if len(plain_text(one) or "") <= most:
            some[-1] = f"{some[-1]}\n\n{one}".strip()
    return [one for one in some if one.strip()]


def harmless(client: FlaskClient, *paths: str) -> None:
    """Open pages and find nothing foreign in them."""
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert foreign_in(answer.get_data(as_text=True)) == [], path


def send_all(client: FlaskClient, live: Live, path: str, forms: Iterable[dict[str, str]]) -> int:
    """Post each form a while after the last; return how many were taken. No answer fails or holds anything foreign."""
    taken = 0
    for fields in forms:
        answer = post(client, path, **fields)
        assert answer.status_code in {303, 409, 422}, (answer.status_code, fields)
        if answer.status_code == 303:
            taken += 1
        else:
            assert foreign_in(answer.get_data(as_text=True)) == [], fields
        live.clock.advance(A_WHILE)
    return taken


def long_round(session: Session, live: Live) -> RoundWords:
    """A round that lasts until everything was typed."""
    made = a_round(session, closes=datetime(2030, 1, 1, tzinfo=UTC), handlungsfelder=1)
    KeyFolder(live.app.extensions["settings"].key_dir).make(made.contest_slug)
    return made


def comments_of(session: Session, made: RoundWords, person_id: UUID, many: int) -> list[int]:
    """Add plain comments of one author, all in one transaction."""
    author = a_participant(session, audience_id=made.audience_id, person_id=person_id)
    with transaction(session):
        rows = [
            Contribution(
                kind="comment",
                participant_id=author,
                window_id=made.talk_window_id,
                text=f"Beitrag Nummer {number}.",
                language="de",
                state="published",
                netiquette_version=1,
                created_at=BEFORE,
            )
            for number in range(many)
        ]
        session.add_all(rows)
        session.flush()
        session.add_all([Comment(id=row.id, thread_id=made.thread_id, stance="neutral") for row in rows])
        return [row.id for row in rows]


def pages_of(client: FlaskClient, path: str) -> Iterator[str]:
    """Yield the addresses of a list, from its first page to its last."""
    while path:
        yield path
        links = tree_of(client.get(path).get_data(as_text=True)).iter("a")
        path = next((link.get("href", "") for link in links if link.get("rel") == "next"), "")


def open_all(page: Page, paths: list[str]) -> None:
    """Open the pages; the browser itself complains of what the policy stops, and a dialog would mean that text ran."""
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    for path in paths:
        answer = page.goto(path)
        assert answer is not None and answer.status == 200, path
        assert (
            page.evaluate("document.querySelectorAll('img, iframe, object, embed, svg [onload], [onerror]').length")
            == 0
        ), path
    assert opened == []
