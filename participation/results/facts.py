"""Reasons why there is no result to see, and the names of figures."""

from __future__ import annotations

from participation.foundation.facts import Fact, Missing, marked


class StillOpen(Fact):
    """Nothing is counted before everything is closed."""

    sentence = marked("Die Beteiligung läuft noch. Gezählt wird erst nach dem Ende.")


class AlreadyCounted(Fact):
    """The count was made and stays."""

    sentence = marked("Das Ergebnis ist schon ausgezählt.")


class NotCounted(Fact):
    """There is no count to release."""

    sentence = marked("Das Ergebnis ist noch nicht ausgezählt.")


class AlreadyReleased(Fact):
    """The result is public already."""

    sentence = marked("Das Ergebnis ist schon veröffentlicht.")


class NotReleased(Missing):
    """The result is sealed."""

    sentence = marked("Das Ergebnis ist noch nicht veröffentlicht. Es wird ausgezählt.")
