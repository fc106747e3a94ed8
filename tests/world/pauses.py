"""Words about pauses: an office that may, an author whose comment is withheld, and a pause that runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.audiences.models import Participant
from participation.foundation.clock import StoppedClock
from participation.pauses.commands import confirm, enter_basis, propose
from tests.world import RoundWords, a_citizen, a_moderator, a_staff_member, next_number
from tests.world.moderation import a_comment, withhold

BASIS = {"de": "Sie erlaubt, das Schreiben für eine Zeit auszusetzen.", "en": "It allows to suspend writing."}
REASON = "Drei Beleidigungen an einem Tag."


@dataclass
class Trouble:
    """A round with two moderators and an author who insults."""

    round: RoundWords
    author: Who
    one: UUID
    other: UUID
    third: UUID

    def insult(self, session: Session, clock: StoppedClock) -> int:
        """Let the author write something that is withheld and can no longer be undone; return the contribution."""
        comment = a_comment(
            session, self.round, clock=clock, who=self.author, text=f"Ihr Trottel, {next_number()}-mal."
        )
        withhold(session, comment, by=self.one, clock=clock)
        clock.advance(timedelta(minutes=10))
        return comment

    def propose(self, session: Session, clock: StoppedClock, comment: int | None = None) -> int:
        """Let one moderator propose a pause, for an insult of its own if none is named."""
        comment = comment or self.insult(session, clock)
        return propose(session, contribution_id=comment, by=self.one, rule="persons", reason=REASON, clock=clock)

    def pause(self, session: Session, clock: StoppedClock) -> int:
        """Let one propose and the other confirm."""
        made = self.propose(session, clock)
        confirm(session, pause_id=made, by=self.other, clock=clock)
        return made

    def participant(self, session: Session) -> Participant:
        """Return the author in this round as it is committed."""
        session.rollback()
        mine = (Participant.audience_id == self.round.audience_id, Participant.person_id == self.author.person_id)
        found = select(Participant).where(*mine).execution_options(populate_existing=True)
        return session.execute(found).scalar_one()


def trouble(session: Session, round: RoundWords, clock: StoppedClock, *, allowed: bool = True) -> Trouble:
    """Return the people of a round in which somebody insults; its office has a legal basis unless told otherwise."""
    found = Trouble(round, a_citizen(session), *(a_moderator(session, round) for _ in range(3)))
    if allowed:
        staff = a_staff_member(session, office_id=round.office_id)
        enter_basis(session, office_id=round.office_id, reference="§ 7 Satzung", text=BASIS, by=staff, clock=clock)
    return found
