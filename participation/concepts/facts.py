"""Reasons why a concept may not be changed."""

from __future__ import annotations

from participation.foundation.facts import Fact, Missing, Unprocessable, marked


class VersionFrozen(Fact):
    """A round asks about this version, so it stays as it is."""

    sentence = marked(
        "Diese Fassung ist eingefroren, weil eine Beteiligung auf ihr beruht. Legen Sie eine neue Fassung an."
    )


class SlugTaken(Unprocessable):
    """Another one has this short name already."""

    sentence = marked("Diesen Kurznamen gibt es schon. Bitte wählen Sie einen anderen.")


class NoSuchConcept(Missing):
    """There is no such concept in an office of this person."""


class StillUsed(Fact):
    """It holds others that must go first."""

    sentence = marked("Das enthält noch Handlungsfelder. Verschieben oder löschen Sie diese zuerst.")
