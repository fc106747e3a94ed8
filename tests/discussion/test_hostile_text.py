"""Whatever somebody types is shown as they typed it, and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.contributions.facts import LONGEST_TEXT
from participation.contributions.models import Contribution
from participation.discussion.models import Comment
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.forms import plain_text
from tests.everywhere.pages import faults_on, text_of, tree_of
from tests.foundation.test_markup import CITIZEN, corpus, leads_where_it_says
from tests.world import RoundWords
from tests.world.discussion import a_comment
from tests.world.sign_in import post, signed_in

ZALGO = "Z" + "\u0335\u0321\u0322\u035b\u0346" * 60 + "algo ist gekommen"
KEPT = [
    "Straße, Größe, Übermut: ÄÖÜ äöü ß ẞ",
    "👩‍👩‍👧‍👦🏳️‍🌈 finde ich gut 🙂🙂🙂",
    ZALGO,
    "أتفق مع هذا الاقتراح",
    "日本語でもいいですか、市長さん。",
    "\u202erückwärts geschrieben",
    "a < b && c > d \"zitiert\" 'einfach' &amp; &lt;b&gt;",
    "%(name)s {{ 7*7 }} {% raw %} ${x} %n %s",
    "Zeile eins\nZeile zwei\n\nAbsatz zwei",
    "-- '; DROP TABLE comment; --",
    "Kaffee in zwei Formen: Café Café",
]
TAGS = frozenset({"p", "br", "a"})


@pytest.fixture
def me(app: Flask, session: Session, ada: Who) -> FlaskClient:
    return signed_in(app, session, ada.person_id)


def bodies(html: str) -> Iterator[Element]:
    return (one for one in tree_of(html).iter("div") if one.get("class") == "comment__body")


def foreign_in(body: Element) -> list[str]:
    inside = [one for one in body.iter() if one is not body]
    wrong = [f"<{one.tag}>" for one in inside if one.tag not in TAGS]
    for one in inside:
        for name, value in one.attrib.items():
            if (one.tag, name) not in CITIZEN or (name == "href" and not leads_where_it_says(value)):
                wrong.append(f"{one.tag} {name}={value!r}")
    return wrong


@pytest.mark.parametrize("typed", KEPT)
def test_a_text_is_kept_and_shown_as_it_was_typed(
    me: FlaskClient, session: Session, round: RoundWords, typed: str
) -> None:
    sent = post(me, f"/diskussion/{round.thread_id}/kommentare", stance="neutral", text=typed, shown_as="Ada")
    assert sent.status_code == 303
    session.rollback()
    kept = session.execute(select(Contribution.text)).scalar_one()
    assert kept == plain_text(typed)
    page = me.get(round.home).text
    shown = " ".join("".join(part.itertext()) for part in next(bodies(page)))
    assert shown.split() == kept.split() or "".join(shown.split()) == "".join(kept.split())
    assert faults_on(page) == []


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x1b", "\x7f", "\ufffe", "\x9f"])
def test_signs_that_no_database_takes_are_dropped(
    me: FlaskClient, session: Session, round: RoundWords, sign: str
) -> None:
    text = f"Vor dem Zeichen{sign} und danach."
    path = f"/diskussion/{round.thread_id}/kommentare"
    assert post(me, path, stance="neutral", text=text, shown_as=f"A{sign}da").status_code == 303
    session.rollback()
    assert session.execute(select(Contribution.text)).scalar_one() == "Vor dem Zeichen und danach."


def test_only_invisible_signs_are_no_text(me: FlaskClient, session: Session, round: RoundWords) -> None:
    path = f"/diskussion/{round.thread_id}/kommentare"
    for nothing in ("\x00" * 50, " \r\n\t " * 50, "\u00a0" * 50):
        assert post(me, path, stance="neutral", text=nothing, shown_as="Ada").status_code == 422


def test_lines_end_alike_and_are_counted_once(me: FlaskClient, session: Session, round: RoundWords) -> None:
    longest = "\r\n".join(["x" * 9] * (LONGEST_TEXT // 10))
    assert len(longest) > LONGEST_TEXT
    path = f"/diskussion/{round.thread_id}/kommentare"
    assert post(me, path, stance="neutral", text=longest, shown_as="Ada").status_code == 303
    session.rollback()
    assert len(session.execute(select(Contribution.text)).scalar_one()) <= LONGEST_TEXT


@pytest.mark.parametrize(
    "name",
    ["<b>Ada</b>", '" onmouseover=alert(1) x="', "Ada' --", "{{ 7*7 }}", "%(author)s", "&lt;script&gt;", "شيماء"],
)
def test_a_name_is_shown_as_it_was_typed(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, name: str, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=Who(ada.person_id, name))
    for path in (round.home, f"/kommentare/{comment}", "/konto/name"):
        page = me.get(path).text
        assert faults_on(page) == []
        if path != "/konto/name":
            assert name in text_of(page)


def test_nothing_of_the_corpus_runs_on_the_page_or_in_the_form(
    me: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock, ada: Who, shared_data: Path
) -> None:
    """The 830 inputs, twenty at a time as comments with replies; each also typed into the form and sent back."""
    inputs = [text for text in map(plain_text, corpus()) if text]
    assert len(inputs) > 800
    ids = [a_comment(session, round, clock=clock, who=ada, text=f"Beitrag Nummer {n}") for n in range(20)]
    for start in range(0, len(inputs), len(ids)):
        some = inputs[start : start + len(ids)]
        with transaction(session):
            for comment, text in zip(ids, some, strict=False):
                session.get_one(Contribution, comment).text = text
        page = me.get(round.home).text
        assert faults_on(page) == []
        shown = {one.get("id"): one for one in tree_of(page).iter("article")}
        for comment, text in zip(ids, some, strict=False):
            body = next(one for one in shown[f"kommentar-{comment}"].iter("div") if one.get("class") == "comment__body")
            assert foreign_in(body) == [], text
            assert _letters("".join(body.itertext())) == _letters(text), text
    assert session.get_one(Comment, ids[0]).level == 0


def _letters(text: str) -> str:
    """What is left of a text without its spaces, since HTML knows one kind of them only."""
    return "".join(text.split())


def test_the_corpus_comes_back_harmless_when_it_is_refused(
    me: FlaskClient, session: Session, round: RoundWords, shared_data: Path
) -> None:
    for text in corpus()[::9]:
        path = f"/diskussion/{round.thread_id}/kommentare"
        answer = post(me, path, text=text[:4000], shown_as=text[:50], stance="hurra")
        assert answer.status_code == 422
        assert faults_on(answer.text) == [], text
