"""How long a brake holds, and reasons why it is not pulled or released."""

from __future__ import annotations

from participation.discussion.facts import Brake
from participation.foundation.facts import Fact, Missing, Unprocessable, marked

SPANS = (1, 6, 24, 72)
"""Hours to choose from. A brake ends by itself, at the latest after the last of them; pulling it again prolongs it."""
MOST_HOURS = SPANS[-1]
LONGEST_REASON = 500

KINDS = {
    Brake.HELD: marked("Erst lesen, dann veröffentlichen"),
    Brake.SLOW: marked("Langsamer: alle zehn Minuten ein Beitrag je Person"),
}


class NoSuchDiscussion(Missing):
    """There is no such discussion, or none that this person moderates or leads."""


class ReasonNeeded(Unprocessable):
    """Everybody at the discussion reads why it is slowed down."""

    sentence = marked("Bitte begründen Sie das in einem Satz. Alle lesen ihn.")


class BrakedMeanwhile(Fact):
    """Somebody else pulled or released the brake after this page was opened, or it ran out."""

    sentence = marked(
        "Inzwischen hat sich hier etwas geändert. Ihre Eingaben stehen noch da, gespeichert ist nichts davon. Bitte"
        " lesen Sie, was jetzt gilt, und entscheiden Sie noch einmal."
    )


class NothingToRelease(Fact):
    """The brake was released, replaced, or ran out."""

    sentence = marked("Diese Notbremse gilt nicht mehr.")
