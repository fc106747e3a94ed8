"""Officials who click at the same moment, on real threads and connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from participation.accounts.models import Office
from participation.concepts.commands import edit_handlungsfeld, new_version, write_concept
from participation.concepts.facts import SlugTaken, TextChangedMeanwhile, VersionFrozen, VersionStillOpen
from participation.concepts.models import ConceptVersion, HandlungsfeldVersion
from participation.concepts.queries import field_text, themes_of
from participation.discussion.models import Thread
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.rounds.commands import close_early, publish_round
from participation.rounds.facts import AlreadyClosed, RoundFrozen
from participation.rounds.models import EarlyClose, Round
from participation.voting.keys import KeyFolder
from participation.voting.models import Question
from participation.windows.facts import WindowClosed
from participation.windows.models import Window
from tests.crowds import Act
from tests.world import BEFORE, FIRST_KEYS, a_citizen, a_concept_version, a_round
from tests.world.voting import a_vote, ballots_and_roll

CLICKS = 6
ENOUGH_SECONDS = 90
EARLY = StoppedClock(BEFORE)
REASON = "Der Rat hat die Mittel gestrichen."


def at_once(engine: Engine, acts: list[Act]) -> list[object]:
    """Let all act at the same moment, each with a session of its own; return what came out, refusals too."""
    gate = Barrier(len(acts))

    def run(act: Act) -> object:
        with Session(engine) as session:
            session.execute(select(Office.id).limit(1))
            session.rollback()
            gate.wait(timeout=ENOUGH_SECONDS)
            try:
                return act(session)
            except Exception as refusal:
                return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts, timeout=ENOUGH_SECONDS))


def kinds(outcomes: list[object]) -> list[str]:
    return sorted(type(one).__name__ for one in outcomes)


def count(session: Session, table: type) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_of_many_clicks_on_publish_one_publishes(
    session: Session, crowd: Engine, draft: Round, staff: UUID, keys: KeyFolder
) -> None:
    round_id = draft.id

    def publish(mine: Session) -> object:
        return publish_round(mine, round_id=round_id, by=staff, clock=EARLY, keys=keys)

    outcomes = at_once(crowd, [publish] * CLICKS)
    assert kinds(outcomes) == [RoundFrozen.__name__] * (CLICKS - 1) + ["str"]
    assert (count(session, Thread), count(session, Question)) == (3, 3)
    published = select(func.count()).where(JournalEntry.act == "rounds:published")
    assert session.execute(published).scalar_one() == 1


def test_of_many_officials_who_end_a_round_one_pair_does(
    session: Session, crowd: Engine, office: int, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    round = a_round(session, office_id=office)

    def close(by: UUID, other: UUID) -> Act:
        return lambda mine: close_early(
            mine, round_id=round.id, by=by, second=other, reason=REASON, keys=FIRST_KEYS, clock=clock
        )

    outcomes = at_once(crowd, [close(staff, second), close(second, staff)] * (CLICKS // 2))
    assert kinds(outcomes) == [AlreadyClosed.__name__] * (CLICKS - 1) + ["datetime"]
    assert count(session, EarlyClose) == 1


def test_no_vote_in_flight_is_counted_after_the_early_end(
    session: Session,
    crowd: Engine,
    office: int,
    staff: UUID,
    second: UUID,
    keys: KeyFolder,
    clock: StoppedClock,
) -> None:
    """Each vote is either in the ballots or refused by name, and what is in was acknowledged."""
    round = a_round(session, office_id=office, keys=keys)
    voters = [a_citizen(session) for _ in range(20)]

    def vote(who: object) -> Act:
        return lambda mine: a_vote(mine, round, keys=keys, clock=clock, who=who)  # type: ignore[arg-type]

    def close(mine: Session) -> object:
        return close_early(mine, round_id=round.id, by=staff, second=second, reason=REASON, keys=keys, clock=clock)

    acts = [vote(who) for who in voters]
    outcomes = at_once(crowd, [*acts[:10], close, *acts[10:]])
    taken = [one for one in outcomes if type(one).__name__ == "Who"]
    refused = [one for one in outcomes if isinstance(one, WindowClosed)]
    assert len(taken) + len(refused) == len(voters), kinds(outcomes)
    assert ballots_and_roll(session, round.question_id) == (len(taken), len(taken))
    assert all(window.closed_at == clock() for window in session.execute(select(Window)).scalars())


def test_an_edit_beside_the_publishing_is_in_the_frozen_text_or_refused(
    session: Session, crowd: Engine, draft: Round, staff: UUID, keys: KeyFolder, version: int
) -> None:
    fields = select(HandlungsfeldVersion.id).filter_by(concept_version_id=version)
    read = [
        field_text(session, handlungsfeld_id=one, person_id=staff, now=BEFORE)
        for one in session.execute(fields.order_by(HandlungsfeldVersion.position)).scalars()
    ]

    def edit(number: int) -> Act:
        field = read[number]
        return lambda mine: edit_handlungsfeld(
            mine,
            handlungsfeld_id=field.id,
            leitthema_id=field.leitthema_id,
            title={"de": f"Neu {number}"},
            text=field.text,
            kernziele=field.kernziele,
            seen=field.seen,
            by=staff,
            clock=EARLY,
        )

    round_id = draft.id

    def publish(mine: Session) -> object:
        return publish_round(mine, round_id=round_id, by=staff, clock=EARLY, keys=keys)

    outcomes = at_once(crowd, [edit(0), publish, edit(1), edit(2)])
    edits = [outcomes[0], outcomes[2], outcomes[3]]
    assert isinstance(outcomes[1], str)
    assert all(one is None or isinstance(one, VersionFrozen) for one in edits), kinds(outcomes)
    session.rollback()
    titles = [field.title["de"] for field in themes_of(session, version)[0].fields]
    asked = list(session.execute(select(Question.title).order_by(Question.position)).scalars())
    assert [title["de"] for title in asked] == titles
    for number, outcome in enumerate(edits):
        assert (titles[number] == f"Neu {number}") == (outcome is None)


def test_of_two_who_edit_the_same_text_one_is_told(session: Session, crowd: Engine, staff: UUID, version: int) -> None:
    field_id = session.execute(select(HandlungsfeldVersion.id).filter_by(concept_version_id=version).limit(1)).scalar()
    assert field_id is not None
    read = field_text(session, handlungsfeld_id=field_id, person_id=staff, now=BEFORE)

    def edit(text: str) -> Act:
        return lambda mine: edit_handlungsfeld(
            mine,
            handlungsfeld_id=read.id,
            leitthema_id=read.leitthema_id,
            title=read.title,
            text={"de": text},
            kernziele=read.kernziele,
            seen=read.seen,
            by=staff,
            clock=EARLY,
        )

    outcomes = at_once(crowd, [edit(str(number)) for number in range(CLICKS)])
    assert kinds(outcomes) == ["NoneType"] + [TextChangedMeanwhile.__name__] * (CLICKS - 1)


def test_of_many_clicks_on_a_new_version_one_makes_it(
    session: Session, crowd: Engine, office: int, staff: UUID
) -> None:
    frozen = a_concept_version(session, office_id=office)
    concept_id = session.get_one(ConceptVersion, frozen).concept_id

    def copy(mine: Session) -> object:
        return new_version(mine, concept_id=concept_id, by=staff, clock=EARLY).number

    outcomes = at_once(crowd, [copy] * CLICKS)
    assert kinds(outcomes) == sorted([VersionStillOpen.__name__] * (CLICKS - 1) + ["int"])


def test_of_many_concepts_with_one_title_one_gets_the_name(
    session: Session, crowd: Engine, office: int, staff: UUID
) -> None:
    def write(mine: Session) -> object:
        title = {"de": "Grünes Bochum"}
        return write_concept(mine, office_id=office, title=title, summary=title, by=staff, clock=EARLY).slug

    outcomes = at_once(crowd, [write] * CLICKS)
    assert kinds(outcomes) == [SlugTaken.__name__] * (CLICKS - 1) + ["str"]
