"""Every act of the talk against every state of its window: outside of it nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.discussion import commands
from participation.discussion.facts import Stance, Value
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.windows.commands import take_doors, write_closed
from participation.windows.facts import WindowClosed, WindowNotOpenYet, WindowNotPublished
from participation.windows.models import Window
from tests.world import CLOSES, OPENS, RoundWords, a_citizen
from tests.world.discussion import TEXT, a_comment, a_rating, a_reply, everything

NEW = "Ein neuer Text, der lang genug ist."
INSTANT = timedelta(microseconds=1)


def comment(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.post_comment(
        session,
        thread_id=stage.round.thread_id,
        who=stage.author,
        text=NEW,
        stance=Stance.AGAINST,
        language="de",
        clock=clock,
    )


def reply(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.reply(session, comment_id=stage.others, who=stage.author, text=NEW, language="de", clock=clock)


def edit(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.edit_comment(
        session, comment_id=stage.own, who=stage.author, text=NEW, stance=Stance.NEUTRAL, clock=clock
    )


def edit_a_reply(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.edit_comment(
        session, comment_id=stage.own_reply, who=stage.author, text=NEW, stance=None, clock=clock
    )


def withdraw(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.withdraw_comment(session, comment_id=stage.own, who=stage.author, clock=clock)


def rate(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.rate_comment(session, comment_id=stage.others, who=stage.author, value=Value.DISAGREE, clock=clock)


def unrate(session: Session, stage: Stage, clock: StoppedClock) -> object:
    return commands.unrate_comment(session, comment_id=stage.others, who=stage.author, clock=clock)


class Stage:
    """What was said while the window was open."""

    def __init__(self, session: Session, round: RoundWords, clock: StoppedClock) -> None:
        self.round, self.author = round, a_citizen(session)
        self.own = a_comment(session, round, clock=clock, who=self.author)
        self.others = a_comment(session, round, clock=clock)
        self.own_reply = a_reply(session, self.others, clock=clock, who=self.author)
        a_rating(session, self.others, clock=clock, who=Who(self.author.person_id))


def before(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    clock.at = OPENS - INSTANT


def at_the_opening(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    clock.at = OPENS


def in_the_last_instant(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    clock.at = CLOSES - INSTANT


def at_the_end(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    clock.at = CLOSES


def closed_early(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    with transaction(session):
        take_doors(session, [round.talk_window_id], clock)
        write_closed(session, round.talk_window_id, clock())


def taken_back(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    with transaction(session):
        session.get_one(Window, round.talk_window_id).published_at = None


ACTS = [comment, reply, edit, edit_a_reply, withdraw, rate, unrate]
SHUT = [
    (before, WindowNotOpenYet),
    (at_the_end, WindowClosed),
    (closed_early, WindowClosed),
    (taken_back, WindowNotPublished),
]
Act = Callable[[Session, Stage, StoppedClock], object]
Moment = Callable[[Session, RoundWords, StoppedClock], None]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize(("moment", "reason"), SHUT, ids=lambda one: one.__name__)
def test_outside_its_window_nothing_is_written(
    session: Session, round: RoundWords, clock: StoppedClock, act: Act, moment: Moment, reason: type[Exception]
) -> None:
    stage = Stage(session, round, clock)
    moment(session, round, clock)
    untouched = everything(session)
    with pytest.raises(reason):
        act(session, stage, clock)
    assert everything(session) == untouched


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("moment", [at_the_opening, in_the_last_instant], ids=lambda one: one.__name__)
def test_inside_its_window_each_act_is_kept(
    session: Session, round: RoundWords, clock: StoppedClock, act: Act, moment: Moment
) -> None:
    stage = Stage(session, round, clock)
    moment(session, round, clock)
    before_it = everything(session)
    act(session, stage, clock)
    assert everything(session) != before_it


def test_a_closed_discussion_can_still_be_read(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    from participation.discussion.queries import thread_page

    a_comment(session, round, clock=clock)
    clock.at = CLOSES
    page = thread_page(session, thread_id=round.thread_id, viewer=None, now=clock())
    assert [line.text for line in page.rows] == [TEXT]
    assert isinstance(page.why_not, WindowClosed)
