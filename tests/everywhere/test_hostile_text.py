"""The corpus of hostile text goes through the text fields; what shows it runs nothing foreign in Chromium."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.models import Comment
from participation.foundation.forms import plain_text
from participation.rounds.models import Round
from tests.browsers import OpenBrowser
from tests.everywhere.hostile import (
    comments_of,
    fits,
    harmless,
    long_round,
    numbered,
    open_all,
    pages_of,
    send_all,
)
from tests.everywhere.pages import tree_of
from tests.servers import Live
from tests.world import RoundWords, a_citizen, an_admin, an_office, an_official
from tests.world.discussion import a_comment
from tests.world.sign_in import post, sign_in_browser, signed_in


def _padded(texts: Iterable[str]) -> Iterator[str]:
    """Make short texts long enough to be taken."""
    return (text if len(text.strip()) >= 10 else f"{text} und noch etwas Text" for text in texts)


def test_what_citizens_type(live: Live, session: Session, corpus: list[str], open_browser: OpenBrowser) -> None:
    made = long_round(session, live)
    author, reader = a_citizen(session, shown_as="Ada"), a_citizen(session, shown_as="Ben")
    ada, ben = (signed_in(live.app, session, who.person_id) for who in (author, reader))
    visitor = live.app.test_client()
    first = a_comment(session, made, who=author, clock=live.clock)
    reply_to = f"/kommentare/{first}"
    replies = ({"text": text, "shown_as": "Ben"} for text in _padded(corpus))
    assert send_all(ben, live, f"{reply_to}/antworten", replies) > 820
    session.rollback()
    public = select(Comment.id).join(Contribution, Contribution.id == Comment.id).where(Comment.level == 1)
    ids = session.execute(public.where(Contribution.state == State.PUBLISHED).order_by(Comment.id)).scalars().all()
    names = send_all(ada, live, "/konto/name", ({"name": text} for text in corpus))
    assert 0 < names < len(corpus)
    notices = ({"kind": "other", "text": text} for text in corpus)
    for number, fields in zip(cycle(ids), notices, strict=False):
        send_all(visitor, live, f"/beitraege/{number}/meldung", [fields])
    pages = [made.home, *pages_of(visitor, reply_to)]
    harmless(visitor, *pages)
    harmless(ada, "/konto", "/konto/name", *pages_of(ada, "/meine-beteiligung"))
    open_all(open_browser(), pages)


@pytest.mark.sqlite
def test_what_goes_into_offices_and_concepts(
    live: Live, session: Session, corpus: list[str], open_browser: OpenBrowser
) -> None:
    boss, office_id = an_admin(session), an_office(session)
    staff = an_official(session, Role.STAFF, office_id=office_id)
    office, admin = (signed_in(live.app, session, one) for one in (staff, boss))
    names = ({"name_de": text, "name_en": text} for text in corpus)
    assert send_all(admin, live, "/verwaltung/stellen", names) > 600
    written = list(zip(numbered(corpus), corpus, strict=True))
    fields = {"office_id": str(office_id)}
    concepts = ({**fields, **_sides(title, "title"), **_sides(text, "summary")} for title, text in written)
    fit = sum(fits(title, 150) and fits(text, 3000) for title, text in written)
    assert send_all(office, live, "/verwaltung/konzepte", concepts) == fit
    _write_one_concept(office, live, corpus)
    harmless(admin, "/verwaltung/stellen", "/verwaltung/berechtigungen")
    harmless(office, *CONCEPTS)
    for who, paths in ((boss, ["/verwaltung/stellen"]), (staff, CONCEPTS)):
        page = open_browser()
        sign_in_browser(page, live, session, who)
        open_all(page, paths)


@pytest.mark.sqlite
def test_what_goes_into_rounds_and_reasons(
    live: Live, session: Session, corpus: list[str], open_browser: OpenBrowser
) -> None:
    made = long_round(session, live)
    author = a_citizen(session, shown_as="Ada")
    staff = an_official(session, Role.STAFF, office_id=made.office_id)
    moderator = an_official(session, Role.MODERATOR, office_id=made.office_id)
    office, moderation, ada = (signed_in(live.app, session, one) for one in (staff, moderator, author.person_id))
    fields = _round_fields(made.office_id)
    rounds = (
        {**fields, "slug": f"runde-aus-{place}", **_sides(text, *ROUND_TEXTS)} for place, text in enumerate(corpus)
    )
    assert send_all(office, live, "/verwaltung/runden", rounds) == sum(fits(text, 150) for text in corpus)
    _decide_with_reasons(moderation, live, session, made, author.person_id, corpus)
    session.rollback()
    slugs = list(session.execute(select(Round.slug).where(Round.id != made.id)).scalars())
    previews = [f"/verwaltung/runden/{slug}/vorschau" for slug in slugs]
    harmless(office, "/verwaltung/runden", *previews[::3])
    own = list(pages_of(ada, f"/meine-beteiligung/beitraege/{made.slug}"))
    harmless(ada, "/meine-beteiligung", *own)
    for who, paths in ((staff, ["/verwaltung/runden", *previews[::30]]), (author.person_id, own[::4])):
        page = open_browser()
        sign_in_browser(page, live, session, who)
        open_all(page, paths)


CONCEPTS = ["/verwaltung/konzepte", "/verwaltung/konzepte/alles-moegliche"]
ROUND_TEXTS = ("title", "summary", "mandate", "influence", "decided_by")


def _sides(text: str, *names: str) -> dict[str, str]:
    return {f"{name}_{tag}": text for name in names for tag in ("de", "en")}


def _round_fields(office_id: int) -> dict[str, str]:
    return {
        "office_id": str(office_id),
        "concept_version_id": "0",
        "level": "konsultation",
        "talk_opens_at": "2031-06-01T08:00",
        "talk_closes_at": "2031-07-01T18:00",
        "vote_opens_at": "2031-06-01T08:00",
        "vote_closes_at": "2031-07-01T18:00",
        "talk_effect": "informs",
        "vote_effect": "recommends",
        "premoderated": "nein",
        "shows_interim": "nein",
    }


def _write_one_concept(office: FlaskClient, live: Live, corpus: list[str]) -> None:
    """One concept whose Leitthema and Handlungsfelder hold the whole corpus, twenty inputs each."""
    made = post(
        office, "/verwaltung/konzepte", office_id=_first_office(office), title_de="Alles Mögliche", summary_de="x"
    )
    place = made.headers["Location"]
    assert place.endswith("alles-moegliche"), place
    themes = f"{place}/leitthemen"
    written = list(zip(numbered(corpus), corpus, strict=True))
    fit = sum(fits(title, 150) and len(plain_text(text) or "") <= 1000 for title, text in written)
    forms = ({**_sides(title, "title"), "text_de": text} for title, text in written)
    assert send_all(office, live, themes, forms) == fit
    theme = _first_theme(office, place)
    for start in range(0, len(corpus), 20):
        some = corpus[start : start + 20]
        goals = {f"goals-{number}-{tag}": text for number, text in enumerate(some) for tag in ("de", "en")}
        fitting = {name: text for name, text in goals.items() if len(text.strip()) <= 500}
        texts = {"text_de": "\n\n".join(some)[:19_000], "text_en": "\n\n".join(some)[:19_000]}
        fields = {"leitthema_id": theme, "title_de": f"Feld {start}", **texts, **fitting}
        assert send_all(office, live, f"{place}/handlungsfelder", [fields]) == 1, start


def _first_office(client: FlaskClient) -> str:
    return _first_option(client.get("/verwaltung/konzepte/neu").get_data(as_text=True), "office_id")


def _first_theme(client: FlaskClient, place: str) -> str:
    links = [link.get("href", "") for link in tree_of(client.get(place).get_data(as_text=True)).iter("a")]
    return next(link.split("/")[-3] for link in links if link.endswith("/handlungsfelder/neu"))


def _first_option(html: str, name: str) -> str:
    select = next(one for one in tree_of(html).iter("select") if one.get("name") == name)
    return next(one.get("value", "") for one in select.iter("option") if one.get("value"))


def _decide_with_reasons(
    moderation: FlaskClient, live: Live, session: Session, made: RoundWords, author: UUID, corpus: list[str]
) -> None:
    """Withhold a comment for each input, with the input as reason."""
    written = comments_of(session, made, author, len(corpus))
    decided = 0
    for number, reason in zip(written, corpus, strict=True):
        fields = {
            "outcome": "withheld",
            "rule": "spam",
            "reason": reason,
            "version": "1",
            "last_seen": "",
            "listed": "held",
        }
        decided += send_all(moderation, live, f"/moderation/{number}/entscheidung", [fields])
    assert decided > 800
