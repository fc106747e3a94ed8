"""Deleting an account leaves nothing of the person, and gives nobody a second voice."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.accounts.models import Intent, MailLink, Person, SignIn
from participation.audiences.facts import LastAdmin, NotAdmitted, Role, Who
from participation.audiences.models import RoleGrant
from participation.audiences.queries import grants
from participation.contributions.models import Contribution
from participation.discussion.commands import rate_comment
from participation.discussion.facts import Value
from participation.discussion.models import Comment, Rating
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.model import Base
from participation.moderation.models import Notice
from participation.privacy.commands import erase
from participation.voting.commands import cast_ballot
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.models import RollEntry
from tests.world import CLOSES, RoundWords, a_citizen, a_moderator, a_round, an_admin, an_official
from tests.world.moderation import a_comment, a_notice, withhold
from tests.world.sign_in import a_sign_in
from tests.world.voting import a_vote, ballots_and_roll, keys_of

ADDRESS, NAME = "verschwindet@example.org", "Zarathustra Verschwindibus"


@pytest.fixture
def round(session: Session) -> RoundWords:
    """A round in which somebody takes part."""
    return a_round(session)


@pytest.fixture
def keys(round: RoundWords, tmp_path: Path) -> KeyFolder:
    """The keys of its contest."""
    return keys_of(round, tmp_path / "keys")


def everything(session: Session) -> str:
    """Return all rows of all tables as one text."""
    session.rollback()
    return "\n".join(
        repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))
    )


def a_busy_citizen(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> tuple[Who, int]:
    """Somebody who did everything one can do; and their public comment."""
    who = a_citizen(session, email=ADDRESS, shown_as=NAME)
    comment = a_comment(session, round, clock=clock, who=who)
    a_comment(session, round, clock=clock, who=who, held=True, text="Das wartet noch auf die Moderation.")
    answer = a_comment(session, round, clock=clock, who=who, answers=a_comment(session, round, clock=clock))
    rate_comment(session, comment_id=a_comment(session, round, clock=clock), who=who, value=Value.AGREE, clock=clock)
    a_vote(session, round, keys=keys, clock=clock, who=who)
    withhold(session, answer, by=a_moderator(session, round), clock=clock)
    a_notice(session, a_comment(session, round, clock=clock), clock=clock, by=who.person_id, text="Ich kenne den.")
    a_sign_in(session, who.person_id)
    with transaction(session):
        session.add(
            Intent(path="/x", method="POST", fields={"text": NAME}, person_id=who.person_id, created_at=clock())
        )
        session.add(
            MailLink(
                token_hash="x",
                purpose="sign_in",
                email=ADDRESS,
                language="de",
                created_at=clock(),
                expires_at=CLOSES,
            )
        )
    return who, comment


def test_nothing_of_the_person_is_left_in_any_table(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who, comment = a_busy_citizen(session, round, keys, clock)
    before = everything(session)
    assert ADDRESS in before and NAME in before and "Ich kenne den." in before
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    after = everything(session)
    for trace in (ADDRESS, NAME, "Ich kenne den.", "Das wartet noch"):
        assert trace not in after, trace
    assert "Mehr Bäume" in session.get_one(Contribution, comment).text
    assert session.execute(select(func.count()).select_from(SignIn)).scalar_one() == 0
    assert session.execute(select(Notice.settled_at)).scalar_one() is None


def test_open_votes_and_ratings_go_and_every_count_still_holds(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who, _ = a_busy_citizen(session, round, keys, clock)
    a_vote(session, round, keys=keys, clock=clock)
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 0
    assert session.execute(select(func.sum(Comment.agree))).scalar_one() == 0
    assert counters_that_differ(session) == []


def test_closed_votes_and_ratings_stay(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who, _ = a_busy_citizen(session, round, keys, clock)
    clock.at = CLOSES
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 1
    assert counters_that_differ(session) == []
    assert ADDRESS not in everything(session)


def register_again(session: Session) -> Who:
    return a_citizen(session, email=ADDRESS)


def test_deleting_and_registering_again_gives_one_vote_while_it_is_open(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_citizen(session, email=ADDRESS)
    for _ in range(3):
        a_vote(session, round, keys=keys, clock=clock, who=who)
        erase(session, person_id=who.person_id, clock=clock, keys=keys)
        who = register_again(session)
    a_vote(session, round, keys=keys, clock=clock, who=who, choice=Choice.AGAINST)
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_deleting_and_registering_again_gives_no_second_vote_after_the_close(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock, who=a_citizen(session, email=ADDRESS))
    clock.at = CLOSES
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    from participation.windows.facts import WindowClosed

    with pytest.raises(WindowClosed):
        a_vote(session, round, keys=keys, clock=clock, who=register_again(session))
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_who_is_erased_acts_no_more(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    with pytest.raises(NotAdmitted):
        cast_ballot(session, question_id=round.question_id, who=who, choice=Choice.FOR, keys=keys, clock=clock)
    assert ballots_and_roll(session, round.question_id) == (0, 0)


def test_erasing_twice_changes_nothing(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who, _ = a_busy_citizen(session, round, keys, clock)
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    once = session.get_one(Person, who.person_id).erased_at
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    session.expire_all()
    assert session.get_one(Person, who.person_id).erased_at == once
    assert ballots_and_roll(session, round.question_id) == (0, 0)
    assert counters_that_differ(session) == []


def test_the_last_admin_stays_and_loses_nothing(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    admin = an_admin(session)
    a_vote(session, round, keys=keys, clock=clock, who=Who(admin))
    with pytest.raises(LastAdmin):
        erase(session, person_id=admin, clock=clock, keys=keys)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert session.get_one(Person, admin).email is not None
    an_admin(session)
    erase(session, person_id=admin, clock=clock, keys=keys)
    assert session.get_one(Person, admin).email is None


def test_roles_end_and_decisions_stay(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    moderator = an_official(session, Role.MODERATOR, office_id=round.office_id)
    comment = a_comment(session, round, clock=clock)
    withhold(session, comment, by=moderator, clock=clock)
    erase(session, person_id=moderator, clock=clock, keys=keys)
    assert grants(session, person_id=moderator, now=clock()) == ()
    assert session.execute(select(RoleGrant.until).where(RoleGrant.person_id == moderator)).scalar_one() == clock()
    from participation.moderation.models import ModerationDecision

    assert session.execute(select(ModerationDecision.decided_by)).scalar_one() == moderator


def test_erasing_one_leaves_everybody_else(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_citizen(session, email=ADDRESS)
    others = [a_vote(session, round, keys=keys, clock=clock).person_id for _ in range(3)]
    a_vote(session, round, keys=keys, clock=clock, who=who)
    erase(session, person_id=who.person_id, clock=clock, keys=keys)
    erased: list[UUID] = list(session.execute(select(Person.id).where(Person.email.is_(None))).scalars())
    assert erased == [who.person_id] and not set(erased) & set(others)
    assert session.execute(select(func.count()).select_from(RollEntry)).scalar_one() == 3
