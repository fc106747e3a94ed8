"""Writing a concept: by staff of its office, nobody over anybody, and nothing once it is frozen."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled, Role
from participation.concepts import commands, queries
from participation.concepts.facts import (
    Kind,
    NoSuchConcept,
    SlugTaken,
    StillUsed,
    TextChangedMeanwhile,
    VersionFrozen,
    VersionStillOpen,
)
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Kernziel, Leitthema
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.models import JournalEntry
from tests.world import a_concept_version, a_staff_member, an_office, an_official

TITLE = {"de": "Gut leben", "en": "Living well"}


@pytest.fixture
def office(session: Session) -> int:
    return an_office(session)


@pytest.fixture
def staff(session: Session, office: int) -> UUID:
    return a_staff_member(session, office_id=office)


@pytest.fixture
def open_version(session: Session, office: int) -> int:
    return a_concept_version(session, office_id=office, handlungsfelder=3, frozen=False)


def tree(session: Session, version_id: int, person_id: UUID, clock: StoppedClock) -> queries.Tree:
    session.rollback()
    version = session.get_one(ConceptVersion, version_id)
    slug = session.get_one(Concept, version.concept_id).slug
    return queries.tree_of(session, slug=slug, number=version.number, person_id=person_id, now=clock())


def field_of(session: Session, version_id: int, position: int = 1) -> HandlungsfeldVersion:
    found = select(HandlungsfeldVersion).filter_by(concept_version_id=version_id, position=position)
    return session.execute(found).scalar_one()


def theme_of(session: Session, version_id: int) -> Leitthema:
    return session.execute(select(Leitthema).filter_by(concept_version_id=version_id).limit(1)).scalar_one()


def test_a_concept_grows_from_title_to_kernziele(
    session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    concept = commands.write_concept(
        session, office_id=office, title={"de": "Grünes Bochum"}, summary={"de": "x"}, by=staff, clock=clock
    )
    version = session.execute(select(ConceptVersion.id).filter_by(concept_id=concept.id)).scalar_one()
    theme = commands.write_leitthema(session, version_id=version, title=TITLE, by=staff, clock=clock)
    commands.write_handlungsfeld(
        session,
        leitthema_id=theme.id,
        title={"de": "Plätze & Parks"},
        text={"de": "**Mehr** Bäume."},
        kernziele=[{"de": "Tausend Bäume"}, {"de": "Zehn Plätze", "en": "Ten squares"}],
        by=staff,
        clock=clock,
    )
    made = queries.tree_of(session, slug="gruenes-bochum", number=None, person_id=staff, now=clock())
    field = made.themes[0].fields[0]
    assert (made.number, made.themes[0].slug, field.slug) == (1, "gut-leben", "plaetze-und-parks")
    assert field.kernziele == ({"de": "Tausend Bäume"}, {"de": "Zehn Plätze", "en": "Ten squares"})


def test_each_act_leaves_one_line_in_the_journal(
    session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    commands.write_concept(session, office_id=office, title=TITLE, summary={"de": "x"}, by=staff, clock=clock)
    lines = session.execute(select(JournalEntry.act, JournalEntry.actor_id, JournalEntry.office_id)).all()
    assert [tuple(line) for line in lines] == [("concepts:created", staff, office)]


def test_a_name_that_is_taken_is_refused_by_the_database(
    session: Session, office: int, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    commands.write_concept(session, office_id=office, title=TITLE, summary={"de": "x"}, by=staff, clock=clock)
    with pytest.raises(SlugTaken):
        commands.write_concept(session, office_id=office, title=TITLE, summary={"de": "x"}, by=staff, clock=clock)
    with pytest.raises(SlugTaken):
        commands.write_leitthema(session, version_id=open_version, title={"de": "Leben"}, by=staff, clock=clock)
    assert len(tree(session, open_version, staff, clock).themes) == 1


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN, Role.AUDIT])
def test_no_other_role_writes_a_concept(session: Session, office: int, role: Role, clock: StoppedClock) -> None:
    somebody = an_official(session, role, office_id=None if role is Role.ADMIN else office)
    with pytest.raises(NotEntitled):
        commands.write_concept(session, office_id=office, title=TITLE, summary={"de": "x"}, by=somebody, clock=clock)


def _acts(session: Session, version_id: int, by: UUID, clock: StoppedClock) -> dict[str, Callable[[], object]]:
    """Every way to change something of a version."""
    theme, field = theme_of(session, version_id), field_of(session, version_id)
    again = {"by": by, "clock": clock}
    return {
        "concept": lambda: commands.edit_concept(
            session, version_id=version_id, title=TITLE, summary=TITLE, seen="", **again
        ),
        "new theme": lambda: commands.write_leitthema(session, version_id=version_id, title=TITLE, **again),
        "theme": lambda: commands.edit_leitthema(
            session, leitthema_id=theme.id, title=TITLE, text=TITLE, seen="", **again
        ),
        "new field": lambda: commands.write_handlungsfeld(
            session, leitthema_id=theme.id, title=TITLE, text=TITLE, kernziele=[], **again
        ),
        "field": lambda: commands.edit_handlungsfeld(
            session,
            handlungsfeld_id=field.id,
            leitthema_id=theme.id,
            title=TITLE,
            text=TITLE,
            kernziele=[],
            seen="",
            **again,
        ),
        "order": lambda: commands.reorder(session, kind=Kind.HANDLUNGSFELD, thing_id=field.id, up=False, **again),
        "removal": lambda: commands.remove(session, kind=Kind.HANDLUNGSFELD, thing_id=field.id, **again),
        "removal of a theme": lambda: commands.remove(session, kind=Kind.LEITTHEMA, thing_id=theme.id, **again),
    }


ACTS = ("concept", "new theme", "theme", "new field", "field", "order", "removal", "removal of a theme")


@pytest.mark.parametrize("act", ACTS)
def test_staff_of_another_office_is_not_even_told_that_it_exists(
    session: Session, open_version: int, act: str, staff: UUID, clock: StoppedClock
) -> None:
    stranger = a_staff_member(session, office_id=an_office(session))
    before = tree(session, open_version, staff, clock)
    with pytest.raises(NoSuchConcept):
        _acts(session, open_version, stranger, clock)[act]()
    assert tree(session, open_version, staff, clock) == before
    with pytest.raises(NoSuchConcept):
        queries.tree_of(session, slug=before.slug, number=None, person_id=stranger, now=clock())
    assert queries.concepts_of(session, person_id=stranger, now=clock()) == ()


@pytest.mark.parametrize("act", ACTS)
def test_nothing_of_a_frozen_version_is_changed_by_any_command(
    session: Session, office: int, act: str, staff: UUID, clock: StoppedClock
) -> None:
    frozen = a_concept_version(session, office_id=office, handlungsfelder=2, frozen=True)
    before = tree(session, frozen, staff, clock)
    with pytest.raises(VersionFrozen):
        _acts(session, frozen, staff, clock)[act]()
    assert tree(session, frozen, staff, clock) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE concept_version SET number = 9",
        "UPDATE concept_version SET frozen_at = NULL",
        "UPDATE leitthema SET position = 9",
        "UPDATE handlungsfeld_version SET position = 9",
        "UPDATE kernziel SET position = 9",
        "DELETE FROM kernziel",
        (
            "INSERT INTO kernziel (handlungsfeld_version_id, position, text)"
            ' SELECT id, 7, \'{"de": "x"}\' FROM handlungsfeld_version LIMIT 1'
        ),
        (
            "INSERT INTO leitthema (concept_version_id, slug, position, title, text)"
            ' SELECT id, \'neu\', 7, \'{"de": "x"}\', \'{"de": "x"}\' FROM concept_version LIMIT 1'
        ),
    ],
)
def test_nothing_of_a_frozen_version_is_changed_behind_the_back_of_the_commands(
    session: Session, office: int, statement: str
) -> None:
    a_concept_version(session, office_id=office, frozen=True)
    with pytest.raises(DBAPIError, match="freeze_|keep_"), transaction(session):
        session.execute(text(statement))


def test_who_edits_what_somebody_else_changed_meanwhile_does_not_overwrite_it(
    session: Session, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    field = field_of(session, open_version)
    read = queries.field_text(session, handlungsfeld_id=field.id, person_id=staff, now=clock())

    def edit(text: str, goals: list[dict[str, str]]) -> None:
        commands.edit_handlungsfeld(
            session,
            handlungsfeld_id=read.id,
            leitthema_id=read.leitthema_id,
            title=read.title,
            text={"de": text},
            kernziele=goals,
            seen=read.seen,
            by=staff,
            clock=clock,
        )

    edit("Zuerst gespeichert", [{"de": "Ein Ziel."}])
    with pytest.raises(TextChangedMeanwhile):
        edit("Danach gespeichert", [{"de": "Ein Ziel."}])
    session.rollback()
    kept = queries.field_text(session, handlungsfeld_id=field.id, person_id=staff, now=clock())
    assert kept.text == {"de": "Zuerst gespeichert"}


def test_a_changed_kernziel_alone_counts_as_a_change(
    session: Session, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    field = field_of(session, open_version)
    before = queries.field_text(session, handlungsfeld_id=field.id, person_id=staff, now=clock()).seen
    with transaction(session):
        session.query(Kernziel).filter_by(handlungsfeld_version_id=field.id).update({"text": {"de": "Ein anderes."}})
    after = queries.field_text(session, handlungsfeld_id=field.id, person_id=staff, now=clock()).seen
    assert before != after


def test_kernziele_are_what_was_written_last_and_keep_their_keys(
    session: Session, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    field = field_of(session, open_version)
    first = session.query(Kernziel.id).filter_by(handlungsfeld_version_id=field.id).scalar()
    for goals in ([{"de": "Eins"}, {"de": "Zwei"}, {"de": "Drei"}], [{"de": "Nur eins"}]):
        read = queries.field_text(session, handlungsfeld_id=field.id, person_id=staff, now=clock())
        commands.edit_handlungsfeld(
            session,
            handlungsfeld_id=field.id,
            leitthema_id=read.leitthema_id,
            title=read.title,
            text=read.text,
            kernziele=goals,
            seen=read.seen,
            by=staff,
            clock=clock,
        )
        assert list(queries.kernziele_of(session, field.id)) == goals
    assert session.query(Kernziel.id).filter_by(handlungsfeld_version_id=field.id).scalar() == first


def test_handlungsfelder_move_one_place_and_stop_at_the_ends(
    session: Session, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    def order() -> list[str]:
        return [field.slug for field in tree(session, open_version, staff, clock).themes[0].fields]

    last = field_of(session, open_version, 3)
    for wanted in (["feld-1", "feld-3", "feld-2"], ["feld-3", "feld-1", "feld-2"], ["feld-3", "feld-1", "feld-2"]):
        commands.reorder(session, kind=Kind.HANDLUNGSFELD, thing_id=last.id, up=True, by=staff, clock=clock)
        assert order() == wanted


def test_a_leitthema_goes_only_when_it_is_empty(
    session: Session, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    theme = theme_of(session, open_version)
    with pytest.raises(StillUsed):
        commands.remove(session, kind=Kind.LEITTHEMA, thing_id=theme.id, by=staff, clock=clock)
    for position in (1, 2, 3):
        field_id = field_of(session, open_version, position).id
        commands.remove(session, kind=Kind.HANDLUNGSFELD, thing_id=field_id, by=staff, clock=clock)
    commands.remove(session, kind=Kind.LEITTHEMA, thing_id=theme.id, by=staff, clock=clock)
    assert tree(session, open_version, staff, clock).themes == ()
    assert session.query(Kernziel).count() == 0


def test_a_handlungsfeld_moves_to_no_leitthema_of_another_version(
    session: Session, office: int, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    elsewhere = theme_of(session, a_concept_version(session, office_id=office, frozen=False)).id
    field_id = field_of(session, open_version).id
    read = queries.field_text(session, handlungsfeld_id=field_id, person_id=staff, now=clock())
    with pytest.raises(NoSuchConcept):
        commands.edit_handlungsfeld(
            session,
            handlungsfeld_id=field_id,
            leitthema_id=elsewhere,
            title=read.title,
            text=read.text,
            kernziele=read.kernziele,
            seen=read.seen,
            by=staff,
            clock=clock,
        )


def test_a_new_version_is_a_copy_of_the_whole_last_one_and_leaves_it_alone(
    session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    first = a_concept_version(session, office_id=office, handlungsfelder=3)
    before = tree(session, first, staff, clock)
    second = commands.new_version(session, concept_id=before.concept_id, by=staff, clock=clock)
    copied = tree(session, second.id, staff, clock)

    def texts(version: queries.Tree) -> list[object]:
        return [
            (theme.slug, theme.title, theme.text, [(f.slug, f.title, f.text, f.kernziele) for f in theme.fields])
            for theme in version.themes
        ]

    assert (copied.number, copied.is_editable, copied.summary) == (2, True, before.summary)
    assert texts(copied) == texts(before)
    field_id = copied.themes[0].fields[0].id
    commands.remove(session, kind=Kind.HANDLUNGSFELD, thing_id=field_id, by=staff, clock=clock)
    unchanged = tree(session, first, staff, clock)
    assert texts(unchanged) == texts(before) and unchanged.frozen_at == before.frozen_at


def test_there_is_one_version_to_edit_at_a_time(
    session: Session, staff: UUID, open_version: int, clock: StoppedClock
) -> None:
    concept_id = session.get_one(ConceptVersion, open_version).concept_id
    with pytest.raises(VersionStillOpen):
        commands.new_version(session, concept_id=concept_id, by=staff, clock=clock)


def test_a_version_freezes_once(session: Session, open_version: int, clock: StoppedClock) -> None:
    with transaction(session):
        assert commands.freeze_version(session, version_id=open_version, now=clock())
    at = session.get_one(ConceptVersion, open_version).frozen_at
    with transaction(session):
        assert not commands.freeze_version(session, version_id=open_version, now=clock())
    assert session.get_one(ConceptVersion, open_version, populate_existing=True).frozen_at == at == clock()
