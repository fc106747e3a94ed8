"""Which names may stand beside a contribution, and who is admitted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.accounts import commands as accounts
from participation.accounts.models import Person
from participation.audiences.commands import join
from participation.audiences.facts import Admission, NameNotUsable, NotAdmitted, Who, name_is_usable
from participation.audiences.models import Participant
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.world import a_citizen, a_person, an_audience


@pytest.mark.parametrize("name", ["Ada", "Ömer Ü.", "Nachbarin 7", "李小龍", "O'Hara-Müller", "Rathausfreund", "Ahmet"])
def test_people_choose_their_names_freely(name: str) -> None:
    assert name_is_usable(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "x" * 61,
        "ada@example.org",
        "Moderation",
        "Die Moderation",
        "moderator",
        "ADMIN",
        "Stadt Bochum",
        "Stadt  Bochum",
        "Ｍｏｄｅｒａｔｉｏｎ",
        "Stadtverwaltung",
        "Oberbürgermeister",
        "Gelöschtes Konto",
        "Ada ✓",
        "Ada\u202egnirettirW",
        "A\u200bda",
        "\u2028Ada",
        "Mode\u00adration",
        "...",
        "🙂🙂",
    ],
)
def test_offices_and_what_nobody_sees_cannot_be_typed(name: str) -> None:
    assert not name_is_usable(name)


def test_a_name_that_cannot_be_used_makes_no_participant(session: Session, clock: StoppedClock) -> None:
    audience_id = an_audience(session)
    with pytest.raises(NameNotUsable), transaction(session):
        join(session, audience_id=audience_id, who=Who(a_person(session), "Moderation"), terms_version="1", now=clock())
    assert session.execute(select(Participant)).first() is None


def test_joining_twice_makes_one_participant_and_keeps_the_name(session: Session, clock: StoppedClock) -> None:
    who, audience_id = a_citizen(session, shown_as="Ada"), an_audience(session)
    with transaction(session):
        first = join(session, audience_id=audience_id, who=who, terms_version="1", now=clock()).id
        again = join(session, audience_id=audience_id, who=Who(who.person_id), terms_version="1", now=clock())
        assert (again.id, again.shown_as) == (first, "Ada")
        renamed = join(session, audience_id=audience_id, who=Who(who.person_id, "Eva"), terms_version="1", now=clock())
        assert (renamed.id, renamed.shown_as) == (first, "Eva")
    assert session.execute(select(Person.name).where(Person.id == who.person_id)).scalar_one() == "Eva"


def test_who_is_shut_out_erased_or_too_late_is_not_admitted(session: Session, clock: StoppedClock) -> None:
    shut, erased, anybody = (a_person(session) for _ in range(3))
    accounts.disable_person(session, person_id=shut, clock=clock)
    accounts.forget(session, person_id=erased, clock=clock)
    audience_id, closed = an_audience(session), an_audience(session, admission=Admission.NOBODY)
    for person_id, where in ((shut, audience_id), (erased, audience_id), (anybody, closed)):
        with pytest.raises(NotAdmitted), transaction(session):
            join(session, audience_id=where, who=Who(person_id), terms_version="1", now=clock())


@pytest.mark.postgresql
def test_nobody_joins_while_the_account_is_erased(
    session: Session, new_session: Callable[[], Session], clock: StoppedClock
) -> None:
    who, audience_id = a_citizen(session), an_audience(session)
    erasing, joining = new_session(), new_session()
    ends: list[str] = []

    def act() -> None:
        try:
            with transaction(joining):
                join(joining, audience_id=audience_id, who=Who(who.person_id), terms_version="1", now=clock())
            ends.append("joined")
        except NotAdmitted:
            ends.append("not admitted")

    with transaction(erasing):
        accounts.forget(erasing, person_id=who.person_id, clock=clock)
        late = threading.Thread(target=act)
        late.start()
        time.sleep(0.5)
        assert ends == [], "waits for the account"
    late.join()
    assert ends == ["not admitted"]
