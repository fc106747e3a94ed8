"""A round from the first word of its concept to numbers that anybody can recount, in Chromium and without JavaScript."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.archives.jobs import make_archives
from participation.audiences.facts import Role
from participation.letters.jobs import send_letters
from participation.log.facts import FEWEST
from participation.log.jobs import write_batches
from participation.moderation.facts import UNDO_FOR
from participation.voting.commands import cast_ballot
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot, Question, RollEntry
from tests.browsers import OpenBrowser
from tests.servers import Live, Postbox
from tests.world import a_citizen, an_office, an_official
from tests.world.sign_in import sign_in_browser
from tests.world.voting import a_paper_ballot

if TYPE_CHECKING:
    from playwright.sync_api import Page

FIELD = "/runden/gruene-wege/handlungsfelder/mehr-baeume"
NEIGHBOURS = FEWEST
"""How many vote beside the three: enough for a batch of the log."""
CITIZENS = ("ada@example.org", "ben@example.org", "cem@example.org")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_round_lives_from_concept_to_released_result(
    live: Live, session: Session, smtp: Postbox, open_browser: OpenBrowser, tmp_path: Path, javascript: bool
) -> None:
    def a_browser(official: object = None, width: int = 1280) -> Page:
        page = open_browser(javascript=javascript, width=width)
        if official is not None:
            sign_in_browser(page, live, session, official)  # type: ignore[arg-type]
        return page

    office = an_office(session, name="Amt für Stadtgrün")
    staff = a_browser(an_official(session, Role.STAFF, office_id=office))
    moderator = a_browser(an_official(session, Role.MODERATOR, office_id=office))

    _write_concept(staff)
    _write_and_publish_round(staff)
    visitor = a_browser()
    visitor.goto("/")
    _sees(visitor, "Grüne Wege", "Startet bald")

    live.clock.advance(timedelta(days=30))
    ada, ben, cem = a_browser(width=360), a_browser(), a_browser()
    for page, address in zip((ada, ben, cem), CITIZENS, strict=True):
        _register_by_voting(page, live, smtp, address)
    for page in (ada, ben, cem):
        _vote(page, "Dafür")
    _neighbours_vote(live, session)
    first = _receipt(ada)
    _vote(ada, "Dagegen")
    _take_back(cem)
    _vote_on_paper(live, session, "enthaltung")
    last = _receipt(ada)

    _comment(ada, "Bäume spenden Schatten, und an der Hattinger Straße fehlen sie.", "Dafür", name="Ada aus Linden")
    _comment(
        ben,
        "Kauft bei mir Baumscheiben, Telefon 0234 000000!",
        "Neutral",
        name="Ben",
        hint="Noch ist nichts abgeschickt",
    )
    _rate(cem, "Ada aus Linden", "Stimme zu")
    _rate(ben, "Ada aus Linden", "Unsicher")
    _report(visitor)
    _withhold(moderator)
    _hears_of_it(ben, live, smtp)
    visitor.goto(FIELD)
    _sees(visitor, "Bäume spenden Schatten", "zurückgehalten")
    assert "Kauft bei mir" not in visitor.content()
    _no_sums(visitor)

    staff.goto("/verwaltung/runden/gruene-wege/ergebnis")
    _sees(staff, "versiegelt")
    live.clock.advance(timedelta(days=25))
    visitor.goto("/runden/gruene-wege/ergebnis")
    _sees(visitor, "wird ausgezählt")
    _late_vote_is_refused(ada)
    _count_and_release(staff)
    visitor.goto("/runden/gruene-wege/ergebnis")
    _numbers_equal_rows(visitor, session)
    _check_receipt(visitor, last, "Ihre Stimme steht im Protokoll.")
    _check_receipt(visitor, first, "Diese Stimme gilt nicht mehr.")
    _recount_without_the_platform(visitor, live, tmp_path, last)


def _sees(page: Page, *texts: str) -> None:
    """Say that the page shows each text to the eye."""
    for text in texts:
        page.get_by_text(text).first.wait_for(state="visible")


# ── Staff ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _write_concept(staff: Page) -> None:
    staff.goto("/verwaltung")
    staff.goto("/verwaltung/konzepte/neu")
    staff.locator("[name=title_de]").fill("Grüne Wege für Bochum")
    staff.locator("[name=summary_de]").fill("Wo man im Schatten geht und fährt.")
    staff.get_by_role("button", name="Anlegen").click()
    staff.get_by_role("link", name="Leitthema hinzufügen").click()
    staff.locator("[name=title_de]").fill("Schatten")
    staff.get_by_role("button", name="Speichern").click()
    for title in ("Mehr Bäume", "Helle Wege"):
        staff.get_by_role("link", name="Handlungsfeld hinzufügen").click()
        staff.locator("[name=title_de]").fill(title)
        staff.locator("[name=text_de]").fill(
            "Die Stadt pflanzt **1.000 Bäume**.\n\n- zuerst in Linden\n- dann in Gerthe"
        )
        staff.locator("[name=goals-0-de]").fill("Bis 2030 steht an jeder Hauptstraße ein Baum.")
        staff.get_by_role("button", name="Speichern").click()
    _sees(staff, "Mehr Bäume", "Helle Wege")


def _write_and_publish_round(staff: Page) -> None:
    staff.goto("/verwaltung/runden/neu")
    staff.locator("[name=title_de]").fill("Grüne Wege")
    staff.locator("[name=slug]").fill("gruene-wege")
    staff.get_by_role("button", name="Entwurf speichern").click()
    _sees(staff, "Noch zu tun", "fehlt noch")
    staff.get_by_role("link", name="Bearbeiten").first.click()
    staff.locator("[name=summary_de]").fill("Wo sollen zuerst Bäume stehen?")
    staff.locator("[name=mandate_de]").fill("Beschluss des Rates vom 12. März 2026.")
    staff.locator("[name=influence_de]").fill("Die Reihenfolge. Nicht das Geld.")
    staff.locator("[name=decided_by_de]").fill("Der Rat der Stadt Bochum.")
    staff.locator("[name=concept_version_id]").select_option(index=1)
    staff.get_by_role("button", name="Entwurf speichern").click()
    staff.get_by_role("link", name="Vorschau").first.click()
    _sees(staff, "Mehr Bäume", "Beschluss des Rates")
    staff.goto("/verwaltung/runden/gruene-wege/veroeffentlichung")
    if staff.locator("[name=read]").count():
        staff.locator("[name=read]").check()
    staff.get_by_role("button", name=re.compile("veröffentlichen")).click()
    staff.goto("/runden/gruene-wege")
    _sees(staff, "Mehr Bäume", "Startet bald")


def _count_and_release(staff: Page) -> None:
    staff.goto("/verwaltung/runden/gruene-wege/ergebnis")
    staff.get_by_role("button", name="Jetzt auszählen").click()
    _sees(staff, "Noch nicht öffentlich")
    staff.locator("summary", has_text="Ergebnis veröffentlichen").click()
    staff.get_by_role("button", name="Ergebnis veröffentlichen").click()
    _sees(staff, "Veröffentlicht am")


# ── Citizens ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _register_by_voting(page: Page, live: Live, smtp: Postbox, address: str) -> None:
    """Press a vote button as a visitor, register by mail, and come back to the page; the choice was not kept."""
    page.goto(FIELD)
    page.locator("#abstimmung").get_by_role("button", name="Dafür").click()
    page.wait_for_url("**/anmelden**")
    page.get_by_role("link", name=re.compile("[Rr]egistrieren|Konto anlegen")).last.click()
    page.locator("[name=email]").fill(address)
    page.locator("[name=agreed]").check()
    page.get_by_role("button", name="Link schicken").click()
    _sees(page, address)
    page.goto(_link(live, smtp, address))
    page.get_by_role("button", name=re.compile("anmelden")).click()
    page.wait_for_url(f"**{FIELD}**")
    assert page.locator("#abstimmung [aria-pressed=true]").count() == 0


def _link(live: Live, smtp: Postbox, address: str) -> str:
    _send(live)
    letter = smtp.to(address)[-1]
    found = re.search(r"https?://\S+/anmeldelink/\S+", letter.get_content())
    assert found is not None, letter.get_content()
    return found.group(0)


def _send(live: Live) -> None:
    with live.app.app_context():
        send_letters()


def _vote(page: Page, choice: str) -> None:
    page.goto(FIELD)
    page.locator("#abstimmung").get_by_role("button", name=choice, exact=True).click()
    page.locator("#abstimmung [aria-pressed=true]", has_text=choice).wait_for()
    page.reload()
    assert page.locator("#abstimmung [aria-pressed=true]").inner_text().strip().startswith(choice)


def _take_back(page: Page) -> None:
    page.goto(FIELD)
    page.locator("#abstimmung").get_by_role("button", name="Stimme zurückziehen").click()
    page.locator("#abstimmung [aria-pressed=true]").wait_for(state="detached")


def _neighbours_vote(live: Live, session: Session) -> None:
    """Let as many others vote as a batch of the log needs, and the worker write one."""
    question, keys = _question(session), KeyFolder.of(live.app.extensions["settings"])
    for _ in range(NEIGHBOURS):
        who = a_citizen(session)
        cast_ballot(session, question_id=question, who=who, choice="dafuer", keys=keys, clock=live.clock)
    with live.app.app_context():
        write_batches()


def _vote_on_paper(live: Live, session: Session, choice: str) -> None:
    keys = KeyFolder.of(live.app.extensions["settings"])
    a_paper_ballot(session, question_id=_question(session), choice=choice, keys=keys, clock=live.clock)


def _question(session: Session) -> int:
    session.rollback()
    return session.execute(select(Question.id).where(Question.slug == "mehr-baeume")).scalar_one()


def _receipt(page: Page) -> str:
    """Keep the receipt of one's vote, as its page shows it after the warning."""
    page.goto(FIELD)
    page.get_by_role("link", name=re.compile("^Beleg")).click()
    _sees(page, "Behalten Sie den Beleg für sich")
    page.get_by_role("link", name="Beleg anzeigen").click()
    return page.locator("pre").inner_text()


def _late_vote_is_refused(page: Page) -> None:
    """Press a button on a page that was open when the end passed."""
    assert page.locator("#abstimmung").get_by_role("button", name="Dafür").count() == 1
    page.locator("#abstimmung").get_by_role("button", name="Dafür").click()
    _sees(page, "vorbei")


def _comment(page: Page, text: str, stance: str, *, name: str, hint: str | None = None) -> None:
    """Write a comment; whoever gets a hint reads it and sends the comment as it is."""
    page.goto(FIELD)
    form = page.locator("#schreiben")
    form.get_by_label(stance, exact=True).check()
    form.locator("[name=text]").fill(text)
    form.locator("[name=shown_as]").fill(name)
    form.get_by_role("button", name="Kommentar abschicken").click()
    if hint is not None:
        _sees(page, hint)
        page.get_by_role("button", name="Kommentar abschicken").last.click()
    page.locator("article.comment").get_by_text(text).first.wait_for()


def _rate(page: Page, author: str, value: str) -> None:
    page.goto(FIELD)
    comment = page.locator("article.comment", has_text=author)
    comment.get_by_role("button", name=value, exact=True).click()
    comment.locator("[aria-pressed=true]", has_text=value).wait_for()


def _report(visitor: Page) -> None:
    visitor.goto(FIELD)
    visitor.locator("article.comment", has_text="Baumscheiben").get_by_role("link", name=re.compile("Melden")).click()
    visitor.get_by_label("Werbung oder Spam").check()
    visitor.get_by_role("button", name=re.compile("[Mm]eld")).click()
    _sees(visitor, "Danke")


def _hears_of_it(author: Page, live: Live, smtp: Postbox) -> None:
    """The author reads rule and reason in one letter, after the time to undo it, and under »Meine Beteiligung«."""
    live.clock.advance(UNDO_FOR)
    _send(live)
    letters = [
        letter for letter in smtp.to("ben@example.org") if "Werbung mit einer Telefonnummer." in letter.get_content()
    ]
    assert len(letters) == 1
    author.goto("/meine-beteiligung")
    _sees(author, "Werbung mit einer Telefonnummer.")


# ── Moderation ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _withhold(moderator: Page) -> None:
    moderator.goto("/moderation")
    moderator.get_by_role("link", name=re.compile("Gemeldet")).click()
    moderator.get_by_role("button", name=re.compile("Im Zusammenhang öffnen")).click()
    _sees(moderator, "Kauft bei mir Baumscheiben")
    moderator.get_by_label("Zurückhalten", exact=True).check()
    moderator.get_by_label(re.compile("Keine Werbung")).check()
    moderator.locator("[name=reason]").fill("Werbung mit einer Telefonnummer.")
    moderator.get_by_role("button", name="Entscheidung speichern").click()
    moderator.wait_for_url("**/moderation**")


# ── What everybody may know, and when ─────────────────────────────────────────────────────────────────────────────────
def _no_sums(page: Page) -> None:
    assert page.locator(".press__count").count() == 0
    assert page.get_by_text("1 dafür").count() == 0


def _numbers_equal_rows(visitor: Page, session: Session) -> None:
    """The numbers on the page, in the CSV and in the JSON are what a count of the ballots gives."""
    session.rollback()
    question = session.execute(select(Question.id).where(Question.slug == "mehr-baeume")).scalar_one()
    ballots = session.execute(select(Ballot.choice).where(Ballot.question_id == question)).scalars().all()
    counted = Counter(re.sub(r"\W", "", choice) for choice in ballots)
    assert counted == {"dafuer": 1 + NEIGHBOURS, "dagegen": 1, "enthaltung": 1}
    assert len(session.execute(select(RollEntry).where(RollEntry.question_id == question)).all()) == 3 + NEIGHBOURS
    visitor.get_by_role("link", name="Mehr Bäume").click()
    _sees(visitor, "Bäume spenden Schatten")
    figures = json.loads(visitor.request.get("/runden/gruene-wege/ergebnis.json").text())["figures"]["subjects"]
    told = next(subject for subject in figures if subject["slug"] == "mehr-baeume")
    assert {option["slug"]: option["votes"] for option in told["vote"]["options"]} == counted
    rows = csv.DictReader(io.StringIO(visitor.request.get("/runden/gruene-wege/ergebnis.csv").text()))
    line = next(row for row in rows if row["handlungsfeld"] == "mehr-baeume")
    assert {name: int(line[name]) for name in counted} == counted
    assert (line["comments"], line["ratings_agree"], line["ratings_pass"]) == ("1", "1", "1")


# ── Without having to believe anybody ─────────────────────────────────────────────────────────────────────────────────
def _check_receipt(visitor: Page, text: str, answer: str) -> None:
    """Paste a receipt, signed in or not; the page says what the log knows of it."""
    visitor.goto("/runden/gruene-wege/ergebnis")
    visitor.get_by_role("link", name="Einen Beleg prüfen").click()
    visitor.locator("[name=receipt]").fill(text)
    visitor.get_by_role("button", name="Prüfen", exact=True).click()
    _sees(visitor, answer)


def _recount_without_the_platform(visitor: Page, live: Live, folder: Path, receipt: str) -> None:
    """Download the archive, take the program out of it, and let it recount: a changed, a withdrawn, a paper ballot."""
    with live.app.app_context():
        make_archives()
    visitor.goto("/runden/gruene-wege/ergebnis")
    visitor.get_by_role("link", name="Archiv der Abstimmung").click()
    with visitor.expect_download() as downloading:
        visitor.get_by_role("link", name="Archiv herunterladen").click()
    archive, slip = folder / "archiv.zip", folder / "beleg.txt"
    downloading.value.save_as(archive)
    slip.write_text(receipt, encoding="utf-8")
    key = visitor.request.get("/abstimmungen/gruene-wege/schluessel.txt").text().strip()
    with zipfile.ZipFile(archive) as opened:
        opened.extract("verify.py", folder)
        log = Counter(line.split()[0] for line in opened.read("log.txt").decode().splitlines())
    assert log == {"cast": 5 + NEIGHBOURS, "void": 2}
    asked = ["verify.py", archive.name, "--key", key, "--receipt", slip.name]
    told = subprocess.run([sys.executable, *asked], cwd=folder, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Ihre Stimme ist enthalten" in told.stdout
    archive.write_bytes(archive.read_bytes().replace(b'"choice":"dagegen"', b'"choice":"dafuer "'))
    assert subprocess.run([sys.executable, *asked], cwd=folder, capture_output=True, check=False).returncode == 1
