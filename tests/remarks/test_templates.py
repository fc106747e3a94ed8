"""Staff keeps templates for reasons; moderators of the office put them in, in the language of the letter."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.models import RoleGrant
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.models import JournalEntry
from participation.moderation.facts import UNDO_FOR
from participation.moderation.models import ModerationDecision
from participation.pauses import commands as pauses
from participation.remarks import commands, queries
from participation.remarks.commands import Draft
from participation.remarks.facts import (
    MOST_TEMPLATES,
    NoSuchTemplate,
    TemplateChangedMeanwhile,
    TitleTaken,
    TooManyTemplates,
    put_in,
    wording,
)
from participation.remarks.models import ReasonTemplate
from participation.reviews.commands import contest
from tests.everywhere.pages import PageForm, forms_on, text_of, tree_of
from tests.statements import Statements
from tests.world import BEFORE, RoundWords, a_citizen, a_moderator, a_round, an_official
from tests.world.moderation import a_comment, withhold
from tests.world.pauses import trouble
from tests.world.sign_in import post, signed_in

GERMAN, ENGLISH = "Das ist eine Beleidigung.", "This is an insult."
BOTH = Draft("Beleidigung", {"de": GERMAN, "en": ENGLISH}, "withheld", "persons")


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


@pytest.fixture
def staff(session: Session, round: RoundWords) -> UUID:
    return an_official(session, Role.STAFF, office_id=round.office_id)


def add(session: Session, round: RoundWords, by: UUID, clock: StoppedClock, draft: Draft = BOTH) -> int:
    return commands.add_template(session, office_id=round.office_id, draft=draft, by=by, clock=clock)


def kept(session: Session, round: RoundWords, by: UUID, clock: StoppedClock) -> queries.OfficeTemplates:
    session.rollback()
    found = queries.templates_of(session, office_id=round.office_id, person_id=by, now=clock())
    assert found is not None
    return found


# ── What the office keeps ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_template_is_kept_changed_and_retired_and_the_journal_knows(
    session: Session, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made = add(session, round, staff, clock)
    given = {"office_id": round.office_id, "template_id": made, "by": staff, "clock": clock}
    commands.change_template(session, draft=Draft("Persönliches", {"de": "Neu."}), seen=1, **given)
    (one,) = kept(session, round, staff, clock).offered
    assert (one.title, one.text, one.outcome, one.rule, one.version) == ("Persönliches", {"de": "Neu."}, None, None, 2)
    for _ in range(2):
        commands.retire_template(session, **given)
    found = kept(session, round, staff, clock)
    assert (found.offered, [one.id for one in found.retired]) == ((), [made])
    for _ in range(2):
        commands.restore_template(session, **given)
    about = select(JournalEntry.act, JournalEntry.details).where(JournalEntry.about == f"reason_template:{made}")
    assert [tuple(line) for line in session.execute(about.order_by(JournalEntry.id))] == [
        ("remarks:template_added", {}),
        ("remarks:template_changed", {"version": 2}),
        ("remarks:template_retired", {}),
        ("remarks:template_restored", {}),
    ]


def test_a_title_is_taken_as_long_as_it_is_offered(
    session: Session, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made, other = add(session, round, staff, clock), add(session, round, staff, clock, Draft("Werbung", {"de": "x"}))
    given = {"office_id": round.office_id, "by": staff, "clock": clock}
    with pytest.raises(TitleTaken):
        add(session, round, staff, clock)
    with pytest.raises(TitleTaken):
        commands.change_template(session, template_id=other, draft=BOTH, seen=1, **given)
    commands.retire_template(session, template_id=made, **given)
    add(session, round, staff, clock)
    elsewhere = a_round(session)
    add(session, elsewhere, an_official(session, Role.STAFF, office_id=elsewhere.office_id), clock)


def test_of_two_who_change_a_template_the_second_is_told_and_who_changes_a_retired_one_too(
    session: Session, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made = add(session, round, staff, clock)
    given = {"office_id": round.office_id, "template_id": made, "by": staff, "clock": clock}
    commands.change_template(session, draft=BOTH, seen=1, **given)
    with pytest.raises(TemplateChangedMeanwhile):
        commands.change_template(session, draft=Draft("Anders", {"de": "Anders."}), seen=1, **given)
    commands.retire_template(session, **given)
    with pytest.raises(TemplateChangedMeanwhile):
        commands.change_template(session, draft=BOTH, seen=2, **given)


def test_an_office_keeps_only_as_many_as_one_finds_again(
    session: Session, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made = add(session, round, staff, clock)
    given = {"office_id": round.office_id, "by": staff, "clock": clock}
    commands.retire_template(session, template_id=made, **given)
    rows = [
        ReasonTemplate(office_id=round.office_id, title=f"Baustein {one}", text={"de": "x"}, changed_at=clock())
        for one in range(MOST_TEMPLATES)
    ]
    with transaction(session):
        session.add_all(rows)
    with pytest.raises(TooManyTemplates):
        add(session, round, staff, clock)
    with pytest.raises(TooManyTemplates):
        commands.restore_template(session, template_id=made, **given)


def test_nobody_else_keeps_them(session: Session, round: RoundWords, staff: UUID, clock: StoppedClock) -> None:
    made = add(session, round, staff, clock)
    given = {"office_id": round.office_id, "template_id": made, "clock": clock}
    for stranger in (
        an_official(session, Role.STAFF, office_id=a_round(session).office_id),
        an_official(session, Role.STAFF, audience_id=round.audience_id),
        an_official(session, Role.MODERATOR, office_id=round.office_id),
        an_official(session, Role.ADMIN),
    ):
        for act in (
            lambda by=stranger: add(session, round, by, clock, Draft("Fremd", {"de": "x"})),
            lambda by=stranger: commands.change_template(session, draft=BOTH, seen=1, by=by, **given),
            lambda by=stranger: commands.retire_template(session, by=by, **given),
            lambda by=stranger: commands.restore_template(session, by=by, **given),
        ):
            with pytest.raises(NoSuchTemplate):
                act()
        assert queries.templates_of(session, office_id=round.office_id, person_id=stranger, now=clock()) is None
    other = a_round(session)
    theirs = an_official(session, Role.STAFF, office_id=other.office_id)
    with pytest.raises(NoSuchTemplate):
        commands.retire_template(session, office_id=other.office_id, template_id=made, by=theirs, clock=clock)
    assert len(kept(session, round, staff, clock).offered) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 81},
        {"text": {"de": ""}},
        {"text": {"de": "x" * 901}},
        {"text": {"de": "x", "en": "x" * 901}},
        {"outcome": "erased"},
        {"rule": "taste"},
    ],
    ids=str,
)
def test_the_database_refuses_what_is_no_template(
    session: Session, round: RoundWords, clock: StoppedClock, wrong: dict[str, Any]
) -> None:
    columns = {"office_id": round.office_id, "title": "x", "text": {"de": "x"}, "changed_at": clock()}
    with pytest.raises(IntegrityError), transaction(session):
        session.add(ReasonTemplate(**(columns | wrong)))


# ── In which language ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("languages", "text", "said"),
    [
        (["de"], {"de": "D", "en": "E"}, ("D", ("de",))),
        (["en"], {"de": "D", "en": "E"}, ("E", ("en",))),
        (["en"], {"de": "D"}, ("D", ("de",))),
        (["en", "de"], {"de": "D", "en": "E"}, ("D\n\nE", ("de", "en"))),
        (["en", "de"], {"de": "D"}, ("D", ("de",))),
        ([], {"de": "D", "en": "E"}, ("D", ("de",))),
    ],
)
def test_everybody_reads_their_own_language_and_german_where_there_is_no_other(
    languages: list[str], text: dict[str, str], said: tuple[str, tuple[str, ...]]
) -> None:
    assert wording(text, languages) == said


def test_what_was_typed_stays_above() -> None:
    assert put_in("Zeile 2:\n", "Text.") == "Zeile 2:\n\nText."
    assert put_in(" ", "Text.") == "Text."


def the_form(html: str, path: str) -> PageForm:
    return next(form for form in forms_on(html, path) if form.action.startswith(path))


@pytest.mark.parametrize(("language", "reason"), [("de", GERMAN), ("en", ENGLISH)])
def test_a_moderator_puts_it_in_without_javascript_and_keeps_what_was_typed(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock, language: str, reason: str
) -> None:
    made = add(session, round, staff, clock)
    comment = a_comment(session, round, clock=clock, held=True, who=a_citizen(session, language=language))
    browser = signed_in(app, session, a_moderator(session, round))
    path = f"/moderation/{comment}"
    assert ("auf Englisch hinaus" if language == "en" else "auf Deutsch hinaus") in text_of(browser.get(path).text)
    typed = {
        "outcome": "redacted",
        "rule": "private",
        "law": "§ 185 StGB",
        "passages": "Trottel",
        "duplicate_of": "4711",
        "reason": "Zeile 2:",
        "version": "1",
        "last_seen": "",
        "listed": "reported",
    }
    answer = post(browser, f"{path}/textbaustein", template=str(made), **typed)
    assert answer.status_code == 200
    shown = the_form(answer.text, f"{path}/entscheidung")
    assert {**typed, "reason": f"Zeile 2:\n\n{reason}"}.items() <= dict(shown.fields).items()
    without = post(browser, f"{path}/textbaustein", template="", **typed)
    assert without.status_code == 422 and "Bitte wählen Sie einen Textbaustein." in without.text
    assert typed.items() <= dict(the_form(without.text, f"{path}/entscheidung").fields).items()


def test_it_is_put_into_the_reasons_of_a_pause_and_of_its_second_look(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made, case = add(session, round, staff, clock), trouble(session, round, clock)
    paused, comment = case.pause(session, clock), trouble(session, round, clock, allowed=False).insult(session, clock)
    pauses.contest(session, pause_id=paused, person_id=case.author.person_id, words="Satire.", clock=clock)
    # Who leads the round proposes pauses and looks at them too, without moderating.
    moderator, leader = (signed_in(app, session, one) for one in (case.third, staff))
    for browser, path, sends, sent in (
        (moderator, f"/moderation/{comment}/schreibpause", "", {"rule": "persons"}),
        (leader, f"/moderation/{comment}/schreibpause", "", {"rule": "persons"}),
        (leader, f"/moderation/schreibpausen/{paused}", "/ueberpruefung", {"outcome": "upheld"}),
    ):
        answer = post(browser, f"{path}/textbaustein", template=str(made), reason="Zeile 2:", **sent)
        shown = dict(the_form(answer.text, f"{path}{sends}").fields)
        assert answer.status_code == 200 and {**sent, "reason": f"Zeile 2:\n\n{GERMAN}"}.items() <= shown.items()


def test_it_is_put_into_the_reason_of_a_second_look(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made = add(session, round, staff, clock)
    comment = a_comment(session, round, clock=clock)
    decision = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    clock.advance(UNDO_FOR)
    asked = contest(session, token=session.get_one(ModerationDecision, decision).token or "", words="", clock=clock)
    browser, path = signed_in(app, session, a_moderator(session, round)), f"/moderation/ueberpruefungen/{asked}"
    sent = {"outcome": "upheld", "reason": "Zeile 2:"}
    answer = post(browser, f"{path}/textbaustein", template=str(made), **sent)
    assert answer.status_code == 200
    assert {**sent, "reason": f"Zeile 2:\n\n{GERMAN}"}.items() <= dict(the_form(answer.text, path).fields).items()
    without = post(browser, f"{path}/textbaustein", template="", **sent)
    assert without.status_code == 422 and sent.items() <= dict(the_form(without.text, path).fields).items()


def test_the_enter_key_decides_and_puts_nothing_in(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    """Enter in a line presses the first button of its form."""
    add(session, round, staff, clock)
    comment = a_comment(session, round, clock=clock, held=True)
    browser = signed_in(app, session, a_moderator(session, round))
    for path in (f"/moderation/{comment}", f"/moderation/auswahl?beitrag={comment}&art=page&liste=held"):
        page = tree_of(browser.get(path).text)
        forms = [form for form in page.iter("form") if any(one.get("formaction") for one in form.iter("button"))]
        assert [next(form.iter("button")).get("formaction") for form in forms] == [None], path


def test_one_reason_for_authors_of_two_languages_says_both(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    made = add(session, round, staff, clock)
    some = [
        a_comment(
            session, round, clock=clock, held=True, text=f"Beitrag auf {one}.", who=a_citizen(session, language=one)
        )
        for one in ("de", "en")
    ]
    browser = signed_in(app, session, a_moderator(session, round))
    fields = {"outcome": "withheld", "rule": "spam", "reason": "", "how": "page", "listed": "held"}
    path = "/moderation/auswahl/textbaustein"
    for ticked, reason in ((some, f"{GERMAN}\n\n{ENGLISH}"), (some[1:], ENGLISH)):
        chosen = [f"{one}:1:" for one in ticked]
        answer = post(browser, path, template=str(made), chosen=chosen, **fields)  # type: ignore[arg-type]
        assert answer.status_code == 200
        shown = dict(the_form(answer.text, "/moderation/sammelentscheidungen").fields)
        assert (shown["reason"], shown["outcome"], shown["rule"]) == (reason, "withheld", "spam")


def test_moderators_are_offered_what_their_office_offers_and_nothing_of_others(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    other = a_round(session)
    theirs = an_official(session, Role.STAFF, office_id=other.office_id)
    foreign = add(session, other, theirs, clock, Draft("Von nebenan", {"de": "Fremder Text."}))
    mine, retired = add(session, round, staff, clock), add(session, round, staff, clock, Draft("Alt", {"de": "Alt."}))
    commands.retire_template(session, office_id=round.office_id, template_id=retired, by=staff, clock=clock)
    here, there = (a_comment(session, one, clock=clock, held=True) for one in (round, other))
    moderator = a_moderator(session, round)
    asked = {"official": moderator, "now": clock()}
    assert [one.id for one in queries.offer(session, contribution_ids=[here], **asked).templates] == [mine]
    assert queries.offer(session, contribution_ids=[there], **asked).templates == ()
    browser = signed_in(app, session, moderator)
    for number in (foreign, retired):
        answer = post(browser, f"/moderation/{here}/textbaustein", template=str(number), reason="")
        assert answer.status_code == 422 and "Fremder Text." not in answer.text and "Alt." not in answer.text
    assert post(browser, f"/moderation/{there}/textbaustein", template=str(mine)).status_code == 404


def test_contributions_of_two_offices_have_no_template_in_common(
    session: Session, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    other, moderator = a_round(session), an_official(session, Role.MODERATOR, office_id=round.office_id)
    with transaction(session):
        session.add(RoleGrant(person_id=moderator, role=Role.MODERATOR, office_id=other.office_id, since=BEFORE))
    add(session, round, staff, clock)
    both = [a_comment(session, one, clock=clock, held=True) for one in (round, other)]
    assert queries.offer(session, contribution_ids=both, official=moderator, now=clock()).templates == ()
    assert len(queries.offer(session, contribution_ids=both[:1], official=moderator, now=clock()).templates) == 1


# ── The pages of staff ────────────────────────────────────────────────────────────────────────────────────────────────
def test_staff_writes_a_template_and_is_told_what_is_wrong_with_everything_kept(
    session: Session, app: Flask, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    desk, path = signed_in(app, session, staff), f"/moderation/textbausteine/{round.office_id}"
    fields = {"title": "Werbung", "outcome": "withheld", "rule": "spam", "text_de": "Werbung.", "text_en": "Ads."}
    wrong = post(desk, path, **fields | {"text_de": ""})
    assert wrong.status_code == 422 and "Bitte füllen Sie »Text auf Deutsch« aus." in wrong.text
    assert "Ads." in wrong.text
    assert post(desk, path, **fields).location == path
    again = post(desk, path, **fields)
    assert again.status_code == 422 and "mit diesem Titel gibt es schon" in again.text
    (one,) = kept(session, round, staff, clock).offered
    assert "1 Textbaustein" in text_of(desk.get("/moderation/textbausteine").text)
    changed = post(desk, f"{path}/{one.id}", seen="7", **fields | {"text_de": "Meine Fassung."})
    assert changed.status_code == 422 and "inzwischen geändert" in changed.text and "Meine Fassung." in changed.text
    assert dict(the_form(changed.text, f"{path}/{one.id}").fields)["seen"] == "1"
    assert post(desk, f"{path}/{one.id}/ablage").location == path
    late = post(desk, f"{path}/{one.id}", seen="1", **fields | {"text_de": "Zu spät."})
    assert late.status_code == 422 and dict(the_form(late.text, path).fields)["text_de"] == "Zu spät."
    assert post(desk, path, **fields | {"text_de": "Zu spät."}).status_code == 303
    assert desk.get(f"{path}/{one.id}").status_code == 404
    assert "Wieder anbieten" in desk.get(path).text
    assert post(desk, f"{path}/{one.id}/wiederaufnahme").location == path
    assert "mit diesem Titel gibt es schon" in desk.get(path).text, "another one has its title by now"
    (new,) = kept(session, round, staff, clock).offered
    post(desk, f"{path}/{new.id}/ablage")
    post(desk, f"{path}/{one.id}/wiederaufnahme")
    assert "wird wieder angeboten" in desk.get(path).text
    assert [it.id for it in kept(session, round, staff, clock).offered] == [one.id]


def test_templates_notes_and_tasks_cost_the_page_of_a_contribution_four_statements(
    session: Session,
    app: Flask,
    round: RoundWords,
    staff: UUID,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    comment, moderator = a_comment(session, round, clock=clock, held=True), a_moderator(session, round)
    browser = signed_in(app, session, moderator)
    for number in range(12):
        add(session, round, staff, clock, Draft(f"Baustein {number}", {"de": "x"}))
        commands.add_note(session, contribution_id=comment, text=f"Notiz {number}.", by=moderator, clock=clock)
        commands.set_task(session, contribution_id=comment, text=f"Aufgabe {number}.", by=moderator, clock=clock)
    with statements() as seen:
        page = browser.get(f"/moderation/{comment}")
    assert "Notiz 11." in page.text and "Aufgabe 11." in page.text and "Baustein 11" in page.text
    assert sum("FROM case_note" in one or "FROM case_task" in one for one in seen) == 2
    assert len(seen) <= 16, str(seen)
    print(len(seen))
    print(seen)
