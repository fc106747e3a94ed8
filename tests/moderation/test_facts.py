"""Every verdict against every standing of a contribution."""

from __future__ import annotations

from uuid import UUID

import pytest

from participation.foundation.facts import Fact
from participation.moderation.facts import (
    STATE_AFTER,
    AlreadySo,
    Decided,
    DecidedMeanwhile,
    LookAwaited,
    NoticeKind,
    NoticeNeedsText,
    Outcome,
    RuleMissing,
    Standing,
    UndoneMeanwhile,
    Verdict,
    WithdrawnMeanwhile,
    why_no_notice,
    why_not_decide,
)

ME, OTHER = UUID(int=1), UUID(int=2)
PUBLISH = Verdict(ME, Outcome.PUBLISHED, None, "", None)
WITHHOLD = Verdict(ME, Outcome.WITHHELD, "persons", "Beleidigung.", None)
BLACK_OUT = Verdict(ME, Outcome.REDACTED, "private", "Ein Name.", None)
MOVE = Verdict(ME, Outcome.MOVED, "place", "", None, moved_to=3)
EARLIER = Decided(7, Outcome.WITHHELD, "persons", "Beleidigung.", OTHER)
MINE = Decided(7, Outcome.WITHHELD, "persons", "Beleidigung.", ME)
BARS = Decided(7, Outcome.REDACTED, "private", "Ein Name.", ME)

WITHHELD = Standing("withheld", EARLIER, 0, shaping=EARLIER)


def seen(verdict: Verdict, last: int = 7, **changes: str) -> Verdict:
    return Verdict(**(verdict.__dict__ | {"last_seen": last} | changes))


def awaited(decided: Decided) -> Standing:
    """A contribution as a decision left it at which somebody else is to look again."""
    return Standing(STATE_AFTER[Outcome(decided.outcome)], decided, 0, shaping=decided, awaited=(decided,))


WITHHELD = Standing("withheld", EARLIER, 0, shaping=EARLIER)
TABLE = [
    ("held, publish", Standing("held", None, 0), PUBLISH, None),
    ("held, withhold", Standing("held", None, 0), WITHHOLD, None),
    ("published, publish", Standing("published", None, 0), PUBLISH, AlreadySo),
    ("published, withhold", Standing("published", None, 0), WITHHOLD, None),
    ("reported, keep", Standing("published", None, 1), PUBLISH, None),
    ("passed on, keep", Standing("published", None, 0, passed_on=True), PUBLISH, None),
    ("reported, withhold", Standing("published", None, 1), WITHHOLD, None),
    ("withheld, publish", WITHHELD, seen(PUBLISH), None),
    ("withheld, the same again", WITHHELD, seen(WITHHOLD), AlreadySo),
    ("withheld, another rule", WITHHELD, seen(WITHHOLD, rule="law"), None),
    ("withheld, another reason", WITHHELD, seen(WITHHOLD, reason="Anders."), None),
    ("withdrawn, publish", Standing("withdrawn", None, 0), PUBLISH, WithdrawnMeanwhile),
    ("withdrawn, withhold", Standing("withdrawn", None, 1), WITHHOLD, WithdrawnMeanwhile),
    ("decided unseen, publish", WITHHELD, PUBLISH, DecidedMeanwhile),
    ("decided unseen by another, the same", WITHHELD, WITHHOLD, DecidedMeanwhile),
    ("taken back unseen, publish", Standing("held", None, 0), seen(PUBLISH), UndoneMeanwhile),
    ("an older one holds again unseen, publish", WITHHELD, seen(PUBLISH, last=9), UndoneMeanwhile),
    ("decided by oneself, second click", Standing("withheld", MINE, 0), WITHHOLD, AlreadySo),
    ("a look at one's own awaited, publish", awaited(MINE), seen(PUBLISH), None),
    ("a look at one's own awaited, another reason", awaited(MINE), seen(WITHHOLD, reason="Anders."), LookAwaited),
    ("a look at one's own awaited, black out instead", awaited(MINE), seen(BLACK_OUT), LookAwaited),
    ("a look at another's awaited, another reason", awaited(EARLIER), seen(WITHHOLD, reason="Anders."), None),
    ("a look at one's own bars awaited, withhold", awaited(BARS), seen(WITHHOLD), LookAwaited),
    ("a look at one's own bars awaited, more bars", awaited(BARS), seen(BLACK_OUT), LookAwaited),
    ("a look at one's own bars awaited, move", awaited(BARS), seen(MOVE), None),
    ("no rule", Standing("held", None, 0), Verdict(ME, Outcome.WITHHELD, None, "Weil.", None), RuleMissing),
    ("no reason", Standing("held", None, 0), Verdict(ME, Outcome.WITHHELD, "law", "  ", None), RuleMissing),
]


@pytest.mark.parametrize(("standing", "verdict", "fact"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_may_be_decided(standing: Standing, verdict: Verdict, fact: type[Fact] | None) -> None:
    found = why_not_decide(standing, verdict)
    assert (type(found) if found else None) is fact


def test_something_else_needs_words() -> None:
    assert isinstance(why_no_notice(NoticeKind.OTHER, " "), NoticeNeedsText)
    assert why_no_notice(NoticeKind.OTHER, "Ein Link auf Schadsoftware.") is None
    assert why_no_notice(NoticeKind.SPAM, "") is None
